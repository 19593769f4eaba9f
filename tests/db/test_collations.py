"""Words are found, and names ordered, whatever locale the database has, and wherever its extension for trigrams is."""

import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.support.sample import run

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")
LOCALES = {
    "turkish": "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LC_COLLATE 'C' LC_CTYPE 'C'",
    "c": "LC_COLLATE 'C' LC_CTYPE 'C'",
}
MANAGE = [sys.executable, "manage.py"]
SEARCH = """
from django.contrib.auth.models import User
from django.test import Client
from model_bakery import baker
from agencies.models import Agency
from launches.models import Launch
baker.make(Agency, name="Istanbul Élan Intérieur")
baker.make(Launch, name="Istanbul Élan")
client = Client(SERVER_NAME="localhost")
def count(address):
    return client.get(address).json()["count"]
print([count(f"/2.3.0/launches/?search={word}") for word in ("istanbul", "ISTANBUL", "ÉLAN", "élan")])
print([count(f"/2.3.0/agencies/?search={word}") for word in ("istanbul", "INTÉRIEUR")])
asked = {"icontains": "istanbul", "istartswith": "istan"}
asked |= {"iendswith": "INTÉRIEUR", "iexact": "istanbul élan INTÉRIEUR"}
print([Agency.objects.filter(**{f"name__{how}": word}).count() for how, word in asked.items()])
print(Agency.objects.values_list("name__by_letters", flat=True).get())
Launch.objects.update(name="Iris")
print(count("/2.3.0/launches/?search=iris"), count("/2.3.0/launches/?search=istanbul"))
"""
FOUND = "[1, 1, 1, 1]\n[1, 1]\n[1, 1, 1, 1]\nistanbulelaninterieur Istanbul Élan Intérieur\n1 0\n"
PLAN = """
    EXPLAIN SELECT id FROM launches_launch
    WHERE search_text LIKE upper('%iris%' COLLATE "C") COLLATE "default"
"""
INDEX = "SELECT indexdef FROM pg_indexes WHERE indexname = 'launches_launch_search_text'"


@pytest.fixture(params=LOCALES)
def url(request):
    """A database of another locale, with its extension in a schema that is not on the path."""
    name = f"{settings.DATABASES['default']['NAME']}_{request.param}".lower()
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        try:
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {LOCALES[request.param]}")
        except psycopg.Error as error:
            pytest.skip(f"needs a PostgreSQL with ICU: {error}")
        try:
            yield urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_words_are_found_and_ordered_in_any_case(url):
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE SCHEMA apart; CREATE EXTENSION pg_trgm SCHEMA apart")
    run(*MANAGE, "prepare", "--database-only", "--empty", DATABASE_URL=url)
    quiet = "ignore:No directory at"  # static files need not be there
    assert run(*MANAGE, "shell", "-v0", "-c", SEARCH, DATABASE_URL=url, PYTHONWARNINGS=quiet) == FOUND
    with psycopg.connect(url) as server:
        assert server.execute(INDEX).fetchone()[0].endswith("USING gin (search_text apart.gin_trgm_ops)")
        server.execute("SET enable_seqscan = off")
        plan = server.execute(PLAN).fetchall()
    assert "launches_launch_search_text" in str(plan)
