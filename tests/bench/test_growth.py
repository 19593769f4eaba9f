import pytest

from tests.bench import growth, inside


@pytest.mark.django_db
def test_growth_asks_each_list_by_each_filter_that_selects_a_row(sample):
    asked = growth.addresses()
    lists = {name.partition("?")[0] for name in asked}
    documented = growth.documented()
    current = {path for path in documented if path.startswith("/2.3.0/") and "ordering" in documented[path]}
    assert current - lists == set()
    assert {"/2.3.0/launches/?ordering=-net", "/2.3.0/launches/?net__gte=…", "/2.3.0/launches/?is_crewed=true"} <= {
        *asked
    }
    assert {status for status, _, _ in map(inside.get, list(asked.values())[::200])} == {200}
