"""What is ignored of a query is named in a header, and refused if the client asks for that."""

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
    "query", ["", "limit=1&offset=0&mode=normal&search=a&ordering=-docking&format=json&strict=true&docked=true"]
)
def test_known_names_are_worth_no_word(query, client):
    response = client.get(f"{EVENTS}?{query}")
    assert (response.status_code, "X-Unknown-Parameters" in response) == (200, False)


UNKNOWN = {
    "dockd=1": {"dockd": ["Unknown parameter. Did you mean docked?"]},
    "serach=Mir": {"serach": ["Unknown parameter. Did you mean search?"]},
    "zzzzzz=1": {"zzzzzz": ["Unknown parameter."]},
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


# Values ------------------------------------------------------------------------------------------

WRONG = {
    "mode=full": {"mode": ["Unknown mode. Choose from: normal, detailed."]},
    "ordering=name": {"ordering": ["Choose from: departure, docking."]},
    "ordering=-docking,--docking": {"ordering": ["Choose from: departure, docking."]},
    "limit=ten": {"limit": ["Must be a number from 1 to 100."]},
    "limit=0": {"limit": ["Must be a number from 1 to 100."]},
    "limit=101": {"limit": ["Must be a number from 1 to 100."]},
    "offset=-1": {"offset": ["Must be a number of at least 0."]},
    f"offset={'9' * 5000}": {"offset": ["Must be a number of at least 0."]},
    "limit=x&mode=y": {
        "mode": ["Unknown mode. Choose from: normal, detailed."],
        "limit": ["Must be a number from 1 to 100."],
    },
}


@pytest.mark.parametrize("query", WRONG)
def test_wrong_values_are_ignored_and_named_in_a_header(query, client):
    response = client.get(f"{EVENTS}?{query}")
    assert (response.status_code, response["X-Ignored-Values"]) == (200, ", ".join(WRONG[query]))


@pytest.mark.parametrize("query", WRONG)
def test_asked_strictly_wrong_values_are_refused(query, client):
    response = client.get(f"{EVENTS}?{query}&strict=true")
    assert (response.status_code, response.json()) == (400, WRONG[query])


def test_wrong_values_are_refused_together_with_unknown_names(client):
    response = client.get(f"{EVENTS}?dockd=1&limit=x&strict=true")
    assert (response.status_code, response.json()) == (400, {**UNKNOWN["dockd=1"], **WRONG["limit=ten"]})


@pytest.mark.parametrize(
    "query", ["mode=&ordering=&limit=&offset=", "mode=detailed&ordering=-docking, departure&limit=100&offset=7"]
)
def test_right_values_and_empty_ones_are_worth_no_word(query, client):
    response = client.get(f"{EVENTS}?{query}&strict=true")
    assert (response.status_code, "X-Ignored-Values" in response) == (200, False)


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("config/orbits/", "mode=detailed", "mode"),
        ("config/orbits/", "mode=normal&ordering=name", ""),
        ("landings/", "mode=list", ""),
        ("launches/", "limit=1000", "limit"),
        ("launches/", "limit=1000&format=ics", ""),
        ("launches/", "limit=1001&format=atom", "limit"),
        ("mission_patches/1/", "mode=x&limit=x&ordering=x", ""),
    ],
)
def test_values_are_wrong_where_they_mean_nothing(path, query, named, client):
    assert client.get(f"/2.3.0/{path}?{query}").get("X-Ignored-Values", "") == named
