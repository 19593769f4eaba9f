from spacedevs.api.filters.filters import (
    BOUNDED,
    COMPARED,
    EXACT,
    ExcludeSubsetFilter,
    FlagFilter,
    IdsFilter,
    IntegerFilter,
    NumbersFilter,
    PresenceFilter,
    ResourceFilter,
    SubsetFilter,
    TextFilter,
    TextsFilter,
    UuidsFilter,
)

from . import models
from .querysets import PREVIOUS, UPCOMING

COUNTED = [
    f"{of}_launch_attempt_count{span}" for of in ("orbital", "location", "pad", "agency") for span in ("", "_year")
]
PROVIDER = "launch_service_provider"
MANUFACTURER = "rocket__configuration__manufacturer"
SHIP = "spacecraft_flights__spacecraft"


class Suborbital(FlagFilter):
    """Excludes suborbital launches if the value is false."""

    def filter(self, launches, value):
        return launches.exclude(mission__orbit__name="Suborbital") if value is False else launches


class LaunchFilter(ResourceFilter):
    id = UuidsFilter("id")
    day = NumbersFilter("net__day")
    month = NumbersFilter("net__month")
    year = NumbersFilter("net__year")
    include_suborbital = Suborbital(label="Include suborbital launches")
    is_crewed = PresenceFilter("spacecraft_flights__launch_crew", label="Has a crew")
    launch_designator = TextsFilter("launch_designator")
    launcher_config__id = IdsFilter("rocket__configuration__id")
    launcher_config_family_ids = IdsFilter("rocket__configuration__families__id")
    location__ids = IdsFilter("pad__location__id")
    lsp__id = IdsFilter(f"{PROVIDER}__id")
    lsp__name = TextsFilter(f"{PROVIDER}__name")
    mission__agency__ids = IdsFilter("mission__agencies__id")
    mission_type__ids = IdsFilter("mission__type__id")
    orbit__ids = IdsFilter("mission__orbit__id")
    previous = SubsetFilter(PREVIOUS, label="Is past")
    program = IdsFilter("program__id")
    related_lsp__id = IdsFilter(f"{PROVIDER}__id", f"{MANUFACTURER}__id", label="Launch provider or manufacturer")
    related_lsp__name = TextsFilter(
        f"{PROVIDER}__name", f"{MANUFACTURER}__name", label="Launch provider or manufacturer"
    )
    rocket__spacecraftflight__spacecraft__id = IntegerFilter(f"{SHIP}__id")
    rocket__spacecraftflight__spacecraft__name = TextFilter(f"{SHIP}__name")
    rocket__spacecraftflight__spacecraft__name__icontains = TextFilter(f"{SHIP}__name", "icontains")
    serial_number = TextsFilter("first_stages__launcher__serial_number")
    spacecraft_config__ids = IdsFilter(f"{SHIP}__spacecraft_config__id")
    status__ids = IdsFilter("status__id")
    upcoming = SubsetFilter(UPCOMING, label="Is in the future or within the last 24 hours")
    video_url = TextsFilter("vid_urls__url")

    class Meta:
        model = models.Launch
        dates = ("net",)
        fields = {
            **dict.fromkeys(COUNTED, BOUNDED),
            **dict.fromkeys(("net", "window_start", "window_end"), COMPARED),
            **dict.fromkeys(
                (
                    "mission__orbit__celestial_body__id",
                    "name",
                    "pad",
                    "pad__location",
                    "pad__location__celestial_body__id",
                    "rocket__configuration__id",
                    "rocket__configuration__name",
                    "slug",
                    "status",
                ),
                EXACT,
            ),
            **dict.fromkeys(
                ("mission__orbit__name", "rocket__configuration__full_name", f"{MANUFACTURER}__name"),
                (*EXACT, "icontains"),
            ),
            "last_updated": ("gte", "lte"),
        }


class UpcomingLaunchFilter(LaunchFilter):
    hide_recent_previous = ExcludeSubsetFilter(PREVIOUS, label="Exclude past launches")


class LandingFilter(ResourceFilter):
    firststage_launch__ids = UuidsFilter("firststage__launch__id")
    landing_location__ids = IdsFilter("landing_location__id")
    landing_type__ids = IdsFilter("type__id")
    launcher__ids = IdsFilter("firststage__launcher__id")
    launcher_config__ids = IdsFilter("firststage__launcher__launcher_config__id")
    launcher_serial_numbers = TextsFilter("firststage__launcher__serial_number")
    spacecraft__ids = IdsFilter("spacecraftflight__spacecraft__id")
    spacecraft_config__ids = IdsFilter("spacecraftflight__spacecraft__spacecraft_config__id")
    spacecraft_launch__ids = UuidsFilter("spacecraftflight__launch__id")

    class Meta:
        model = models.Landing
        fields = {"attempt": EXACT, "success": EXACT}


class SpacecraftFlightFilter(ResourceFilter):
    class Meta:
        model = models.SpacecraftFlight
        fields = {"mission_end": BOUNDED, "spacecraft": EXACT}


class PayloadFlightFilter(ResourceFilter):
    class Meta:
        model = models.PayloadFlight
        fields = {"payload": EXACT}
