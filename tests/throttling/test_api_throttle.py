import pytest

FREE = {
    "your_request_limit": 2147483647,
    "limit_frequency_secs": 3600,
    "current_use": 0,
    "next_use_secs": 0,
    "ident": "127.0.0.1",
}


def test_where_nothing_is_limited_as_much_may_be_asked_as_a_client_can_count(get):
    assert get("api-throttle/") == FREE


def test_what_is_left_is_asked_anew_each_time(client):
    assert client.get("/2.3.0/api-throttle/")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["api-throttle/1/", "api-throttle/x/"])
def test_there_is_no_more_than_one(path, client):
    assert client.get(f"/2.3.0/{path}").status_code == 404


@pytest.mark.django_db
def test_the_page_for_people_has_its_name_and_neither_pages_nor_forms(client):
    page = client.get("/2.3.0/api-throttle/", headers={"accept": "text/html"}).content.decode()
    assert "<h1>Api Throttle</h1>" in page
    assert [part for part in ("<form", "Number of results", 'aria-label="Pages"') if part in page] == []
