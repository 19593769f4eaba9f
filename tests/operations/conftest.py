"""A system to back up, and how it is."""

import os

import pytest
from django.contrib.auth.models import User
from django.db import connection

from spacedevs.api.registry import endpoints
from tests.postgres import path_for
from tests.support import factories


@pytest.fixture
def system(settings, tmp_path, monkeypatch):
    """Pictures of the test's own, and PostgreSQL's tools as old as the server, wherever they are."""
    settings.MEDIA_ROOT = tmp_path / "media"
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", path_for(os.environ["DATABASE_URL"]))


@pytest.fixture
def full(settings, system):
    """Every kind of row, an editor, and a picture."""
    factories.full_docking_event()
    for endpoint in endpoints().values():
        if not endpoint.queryset.exists():
            factories.row(endpoint.queryset.model)
    User.objects.create_user("editor", password="launch pad 39A")
    picture = settings.MEDIA_ROOT / "image" / "a.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    return picture


@pytest.fixture
def answers(client):
    """What every endpoint answers: its list, and its first row alone."""

    def ask():
        said = {}
        for path in endpoints():
            shown = client.get(f"/2.3.0/{path}/", {"limit": 100, "mode": "detailed"})
            said[path] = shown.content
            for row in shown.json()["results"][:1]:
                said[f"{path}/1"] = client.get(f"/2.3.0/{path}/{row['id']}/").content
        return said

    return ask
