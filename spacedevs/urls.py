"""Every URL of the server; the paths of the API itself are in router.py."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from spacedevs.agents.views import elsewhere
from spacedevs.api.models import key_pattern
from spacedevs.http import errors
from spacedevs.later import Namespace, view
from vehicles.models import Spacecraft

from .router import urls

KEY = f"(?P<pk>{key_pattern(Spacecraft)})"
PAGES = "docking.pages.views"
urlpatterns = [
    *urls,
    path("2.3.0/dataset/", view("spacedevs.dataset.dataset_view.about"), name="dataset"),
    path("2.3.0/dump/", view("spacedevs.sync.exporting.dump_views.index"), name="dump"),
    path("2.3.0/dump/<path:name>", view("spacedevs.sync.exporting.dump_views.file"), name="dump-file"),
    path("stations/", view(f"{PAGES}.stations"), name="stations"),
    path("stations/timeline.svg", view(f"{PAGES}.stations_timeline"), name="stations-timeline"),
    re_path(f"^stations/{KEY}/$", view(f"{PAGES}.station"), name="station"),
    re_path(f"^stations/{KEY}/timeline.svg$", view(f"{PAGES}.station_timeline"), name="station-timeline"),
    path("spacecraft/", RedirectView.as_view(pattern_name="spacecraft-list"), name="ships"),
    re_path(f"^spacecraft/{KEY}/$", view(f"{PAGES}.spacecraft"), name="spacecraft"),
    re_path(f"^spacecraft/{KEY}/timeline.svg$", view(f"{PAGES}.spacecraft_timeline"), name="spacecraft-timeline"),
    path("", include("spacedevs.pages.urls")),
    re_path("^mcp/?$", elsewhere, name="mcp"),
    path("llms.txt", view("spacedevs.documentation.views.llms"), name="llms"),
    path("docs/", include("spacedevs.documentation.urls")),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("api/favicon.svg")), name="favicon"),
    Namespace("admin/", "admin", "admin", lambda: admin.site.get_urls()),
]
if settings.MEDIA_URL.startswith("/"):
    urlpatterns.append(
        path(f"{settings.MEDIA_URL[1:]}<path:path>", view("spacedevs.editing.uploads.serve"), name="media")
    )
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
