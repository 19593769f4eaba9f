"""A response outlives the commits that do not touch it, and no other."""

from contextlib import closing

import pytest
from django.db import DEFAULT_DB_ALIAS, connection

from agencies.models import Agency
from launches.models import Launch
from spacedevs.http.response_cache import IS_KEPT, ResponseCache
from tests.support import factories
from tests.support.wsgi import Asker

pytestmark = pytest.mark.django_db(transaction=True)


class Process:
    """Serves the API, and tells of each answer whether it was kept."""

    def __init__(self, django):
        self.cache, self.ask = ResponseCache(django), Asker(self)

    def __call__(self, environ, start_response):
        parts = self.cache(environ, start_response)
        self.was_kept = environ[IS_KEPT]
        return parts

    def get(self, address, **headers):
        """The status, the ETag and the body of an answer, and whether it was kept."""
        path, _, query = f"/2.3.0/{address}".partition("?")
        status, told, body = self.ask(path, query, HTTP_HOST="testserver", **headers)
        return status[:3], told["ETag"], body, self.was_kept


@pytest.fixture
def process(django):
    return Process(django)


@pytest.fixture
def launches():
    return [
        factories.launch(name=f"Launch {number}", launch_service_provider=factories.agency()) for number in range(3)
    ]


def provider(launch):
    return Agency.objects.filter(pk=launch.launch_service_provider_id)


RECORD, LIST = "launches/{0.pk}/", "launches/?name=Launch%200"
EITHER = None  # in SQLite a new row may have replaced another one
EDITS = {  # of the third launch, and of the first; which of the answers about the first are kept
    "another record": (lambda other, shown: Launch.objects.filter(pk=other.pk).update(infographic="x"), True, True),
    "what another record shows": (lambda other, shown: provider(other).update(name="x"), True, True),
    "what a filter reads": (lambda other, shown: Launch.objects.filter(pk=other.pk).update(name="x"), True, False),
    "a new record": (lambda other, shown: factories.launch(name="New"), EITHER, False),
    "another record less": (lambda other, shown: Launch.objects.filter(pk=other.pk).delete(), True, False),
    "the record": (lambda other, shown: Launch.objects.filter(pk=shown.pk).update(infographic="x"), False, False),
    "what it shows": (lambda other, shown: provider(shown).update(name="x"), False, False),
    "nothing": (lambda other, shown: Agency.objects.filter(pk=0).update(name="x"), True, True),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_response_is_kept_until_something_touches_it(edit, process, launches):
    shown, _, other = launches
    work, record_is_kept, list_is_kept = EDITS[edit]
    addresses = RECORD.format(shown), LIST
    for address in addresses:
        process.get(address)
    work(other, shown)
    of_record, of_list = (process.get(address)[-1] for address in addresses)
    assert of_record == record_is_kept or record_is_kept is EITHER
    assert of_list == list_is_kept


def test_a_response_with_some_fields_is_kept_until_one_of_these_changes(process, launches):
    address = f"launches/{launches[0].pk}/?fields=launch_service_provider.name,name"
    process.get(address)
    Launch.objects.filter(pk=launches[0].pk).update(infographic="x")
    provider(launches[0]).update(description="x")
    assert process.get(address)[-1] is True
    provider(launches[0]).update(name="Renamed")
    *_, body, was_kept = process.get(address)
    assert (body, was_kept) == (b'{"name":"Launch 0","launch_service_provider":{"name":"Renamed"}}', False)


def test_a_response_is_kept_for_any_order_of_its_fields(process, launches):
    first = process.get("launches/?fields=name,id&omit=pad,image")
    for query in ("omit=image,pad&fields=id,name", "fields=id%2Cname,id&omit=image,,pad"):
        assert process.get(f"launches/?{query}") == (*first[:3], True)


def test_who_has_a_response_is_told_so_after_commits_that_do_not_touch_it(process, launches):
    etag = process.get(RECORD.format(launches[0]))[1]
    for number in range(5):
        provider(launches[2]).update(name=str(number))
        status, same, _, was_kept = process.get(RECORD.format(launches[0]), HTTP_IF_NONE_MATCH=etag)
        assert (status, same, was_kept) == ("304", etag, True)


def test_a_response_that_is_made_again_and_is_the_same_has_the_same_etag(process, django, launches):
    etag = process.get(LIST)[1]
    factories.launch(name="New")
    answers = [process.get(LIST), Process(django).get(LIST, HTTP_IF_NONE_MATCH=etag)]
    assert [(status, tag, was_kept) for status, tag, _, was_kept in answers] == [
        ("200", etag, False),
        ("304", etag, False),
    ]


def test_two_processes_have_the_same_etag_for_a_response(django, launches, monkeypatch):
    """The policy is built from a set, whose order differs between processes."""
    tags = []
    for policy in ("default-src 'none'; base-uri 'none'", "base-uri 'none'; default-src 'none'"):
        monkeypatch.setattr(
            "csp.middleware.build_policy", lambda report_only=False, policy=policy, **about: policy * (not report_only)
        )
        tags.append(Process(django).get(LIST)[1])
    assert tags[0] == tags[1]


def test_a_page_for_people_is_made_again_after_each_commit(process, launches):
    address = RECORD.format(launches[0]) + "?format=api"
    process.get(address)
    provider(launches[2]).update(name="x")
    assert [process.get(address)[-1], process.get(address)[-1]] == [False, True]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_an_open_transaction_keeps_no_answer_alive(process, launches):
    """The log cannot be followed beyond it, but what others commit meanwhile is committed."""
    address = RECORD.format(launches[0])
    with closing(connection.copy(DEFAULT_DB_ALIAS)) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "UPDATE agencies_agency SET description = 'first' WHERE id = %s", [provider(launches[0]).get().pk]
        )
        process.get(address)
        Launch.objects.filter(pk=launches[0].pk).update(name="second")
        assert b'"name":"second"' in process.get(address)[2]
        cursor.execute("COMMIT")
    assert b'"description":"first"' in process.get(address)[2]
