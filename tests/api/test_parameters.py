"""Names of parameters that nobody knows are ignored, but not without a word."""

import pytest

pytestmark = pytest.mark.django_db
EVENTS = "/2.3.0/docking_events/"


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("dockd=true", "dockd"),
        ("dockd=true&serach=Mir&limit=1", "dockd, serach"),
        ("a%0d%0ab=1", "a%0D%0Ab"),
        ("%F0%9F%9A%80=1", "%F0%9F%9A%80"),
        ("a,b=1", "a%2Cb"),
        (f"{'x' * 100}=1", "x" * 64),
        ("&".join(f"x{n}=1" for n in range(50)), ", ".join(f"x{n}" for n in range(10))),
    ],
)
@pytest.mark.parametrize("path", [EVENTS, "/2.3.0/config/orbits/", "/2.3.0/api-throttle/"])
def test_unknown_names_are_told_in_a_header(path, query, header, client):
    response = client.get(f"{path}?{query}")
    assert (response.status_code, response["X-Unknown-Parameters"]) == (200, header)


@pytest.mark.parametrize(
    "query", ["", "limit=1&offset=0&mode=list&search=a&ordering=-docking&format=json&strict=true&docked=true"]
)
def test_known_names_are_worth_no_word(query, client):
    response = client.get(f"{EVENTS}?{query}")
    assert (response.status_code, "X-Unknown-Parameters" in response) == (200, False)


UNKNOWN = {
    "dockd=1": {"dockd": ["There is no such parameter. Did you mean docked?"]},
    "serach=Mir": {"serach": ["There is no such parameter. Did you mean search?"]},
    "zzzzzz=1": {"zzzzzz": ["There is no such parameter."]},
}


@pytest.mark.parametrize("query", UNKNOWN)
@pytest.mark.parametrize("flag", ["true", "True", "1"])
def test_asked_strictly_unknown_names_are_refused(query, flag, client):
    response = client.get(f"{EVENTS}?{query}&strict={flag}")
    assert (response.status_code, response.json()) == (400, UNKNOWN[query])


@pytest.mark.parametrize(("query", "status"), [("dockd=1", 400), ("dockd=1&strict=false", 200), ("docked=1", 200)])
def test_a_strict_server_can_be_asked_to_be_lenient(query, status, client, settings):
    settings.STRICT_PARAMETERS = True
    assert client.get(f"{EVENTS}?{query}").status_code == status


def test_strict_is_true_or_false(client):
    response = client.get(f"{EVENTS}?strict=maybe")
    assert (response.status_code, response.json()) == (400, {"strict": ["Must be true or false."]})
