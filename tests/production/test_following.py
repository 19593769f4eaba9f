"""A mirror of another server of ours follows its changes, whatever is edited and whoever is killed meanwhile."""

import json
from contextlib import ExitStack

import pytest

from spacedevs.api.registry import all_paths

from .following import Pair, edit
from .parts import Web, ended, get, manage, until
from .test_restoring import answers, databases  # noqa: F401 - a fixture

pytestmark = pytest.mark.production


def test_a_mirror_has_a_thousand_edits_and_has_read_no_list_again(databases, tmp_path):  # noqa: F811
    origin, copy = databases
    manage("prepare", "--database-only", DATABASE_URL=origin)
    manage("prepare", "--database-only", "--empty", DATABASE_URL=copy)
    with ExitStack() as stack:
        pair = Pair(stack, tmp_path, origin, copy)
        until(lambda: pair.has_said("Everything is here"), "the mirror has everything", 300)
        first_round = len(pair.requests())
        made = edit(pair, seed=1)
        lags = [pair.lag()]
        launch = pair.slip()
        lags.append(pair.lag())
        manage("recompute_statistics", DATABASE_URL=origin)  # which updates of many rows at once ask for
        lags.append(pair.lag())
        print(f"edits {made}, lags {[round(lag, 2) for lag in lags]} s")
        assert answers(copy) == answers(origin)
        lists = {f"/2.3.0/{path}/" for path in all_paths()} - {"/2.3.0/changes/", "/2.3.0/dataset/"}
        asked = pair.requests()[first_round:]
        assert lists.intersection(asked) <= {"/2.3.0/dashboard/starship/"}
        assert asked.count("/2.3.0/changes/") > 10
        with ended(Web({"DATABASE_URL": copy}, workers=1).until_ready()) as (web,):
            history = json.loads(get(web.port, f"/2.3.0/launches/{launch}/history/")[2])
        newest = history["results"][0]["changes"]
        assert [(each["field"], each["after"]) for each in newest] == [("net", "2099-01-01T00:00:00Z")]
