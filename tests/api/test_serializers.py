from datetime import timedelta

import pytest
from rest_framework import serializers

from docking.serializers import DockingEventEndpointDetailed, DockingEventEndpointNormal
from spacedevs.api.fields import Duration
from spacedevs.api.serializers import LazySerializer, ResourceSerializer, relations
from stations.models import SpaceStation
from stations.serializers import SpaceStationNormal
from tests.support import factories

DURATIONS = {
    timedelta(days=154, hours=2, minutes=8, seconds=58): "P154DT2H8M58S",
    timedelta(days=5): "P5D",
    timedelta(hours=23, minutes=32, seconds=33): "PT23H32M33S",
    timedelta(minutes=1): "PT1M",
    timedelta(0): "P0D",
    timedelta(days=365, seconds=1): "P365DT1S",
    timedelta(seconds=2, microseconds=900_000): "PT2S",
}


@pytest.mark.parametrize(("length", "written"), DURATIONS.items(), ids=DURATIONS.values())
def test_a_length_of_time_leaves_out_zero_parts_and_never_rolls_into_months(length, written):
    assert Duration().to_representation(length) == written


class StationAbove(ResourceSerializer):
    """A representation that a higher app owns."""

    version = "of tests"  # so that it is no component of the API

    class Meta:
        model = SpaceStation
        fields = ("id", "name")


class Below(ResourceSerializer):
    """One that names it."""

    version = "of tests"
    stations = LazySerializer(f"{__name__}.StationAbove", many=True, source="space_stations")
    missing = LazySerializer(f"{__name__}.Nothing")

    class Meta:
        model = SpaceStation.owners.field.related_model
        fields = ("id", "stations")


def test_a_class_of_a_higher_app_is_named_and_found_when_it_is_needed():
    class Shown(Below):
        missing = None

    assert isinstance(Shown().fields["stations"], serializers.ListSerializer)
    assert isinstance(Shown().fields["stations"].child, StationAbove)


def test_a_name_that_leads_nowhere_is_found_out():
    class Typo(Below):
        class Meta(Below.Meta):
            fields = ("id", "stations", "missing")

    with pytest.raises(ImportError):
        Typo().fields  # noqa: B018


@pytest.mark.django_db
def test_rows_of_a_higher_app_are_shown_and_loaded():
    class Shown(Below):
        missing = None

    station = factories.space_station(name="Mir")
    agency = factories.agency()
    station.owners.add(agency)
    assert Shown(agency).data == {"id": agency.id, "stations": [{"id": station.id, "name": "Mir"}]}


def test_a_rung_without_a_list_of_fields_is_refused():
    class Unlisted(ResourceSerializer):
        class Meta:
            model = SpaceStation

    with pytest.raises(AssertionError, match=r"must list its fields|.fields. attribute"):
        Unlisted().fields  # noqa: B018


def test_the_relations_of_a_rung_say_what_is_joined_and_what_is_fetched():
    assert [
        (r.path, r.representation and r.representation.__name__, r.is_join) for r in relations(SpaceStationNormal)
    ] == [
        ("image", "Image", False),
        ("status", "SpaceStationStatus", True),
        ("orbit", None, True),
        ("type", "SpaceStationType", True),
    ]


def test_a_mode_is_the_only_value_its_field_can_have():
    modes = [
        rung().fields["response_mode"].choices for rung in (DockingEventEndpointNormal, DockingEventEndpointDetailed)
    ]
    assert modes == [{"normal": "normal"}, {"detailed": "detailed"}]
