import pytest

from .parts import Postgres, ended


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request, tmp_path):
    """The address of a database that holds nothing, of either kind."""
    if request.param == "SQLite":
        yield f"sqlite:///{tmp_path}/db.sqlite3"
    else:
        with ended(Postgres(tmp_path / "postgres")) as (server,):
            yield server.url
