"""A misspelt declaration is refused when its class is made, not ignored."""

import subprocess
import sys

import pytest
from django.conf import settings

from agencies.models import Agency
from agencies.serializers import AgencyMini
from spacedevs.api.filters.filters import ResourceFilter
from spacedevs.api.serializers import ResourceSerializer
from spacedevs.api.views import Resource
from spacedevs.declarations import Misspelt
from spacedevs.editing.admin import RowAdmin


def test_an_unknown_attribute_of_an_endpoint_is_refused():
    with pytest.raises(Misspelt, match=r"^Agencies: laddr: no base class declares this\.$"):
        type("Agencies", (Resource,), {"__module__": "agencies.views", "laddr": (AgencyMini,)})


def test_an_unknown_attribute_of_a_page_of_the_admin_site_is_refused():
    with pytest.raises(Misspelt, match=r"^AgencyAdmin: concern: no base class declares this\.$"):
        type("AgencyAdmin", (RowAdmin,), {"__module__": "agencies.admin", "concern": ()})


def test_an_unknown_option_of_a_serializer_is_refused():
    meta = type("Meta", (), {"model": Agency, "fields": ("id",), "alwyas": ("id",)})
    with pytest.raises(Misspelt, match=r"^AgencyOther\.Meta: alwyas: unknown option\.$"):
        type("AgencyOther", (ResourceSerializer,), {"Meta": meta})


def test_an_unknown_option_of_a_filter_set_is_refused():
    meta = type("Meta", (), {"model": Agency, "fields": {}, "computd": {}})
    with pytest.raises(Misspelt, match=r"^AgencyFilter\.Meta: computd: unknown option\.$"):
        type("AgencyFilter", (ResourceFilter,), {"Meta": meta})


class Declaring(RowAdmin):
    other: str = "annotated"

    def method(self):
        """Methods and annotated attributes may be new."""


ASKED_FIRST = """
import django
django.setup()
from spacedevs.api.serializers import components
print(len(components()) > 100)
"""


def test_all_components_are_found_though_nobody_has_loaded_the_router():
    environment = {"DJANGO_SETTINGS_MODULE": "spacedevs.settings", "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", ASKED_FIRST],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
