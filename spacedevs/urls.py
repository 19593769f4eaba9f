"""Every URL of the server; the paths of the API itself are in router.py."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from docking.pages import views
from spacedevs.api.models import key_pattern
from spacedevs.dataset import dataset_view
from spacedevs.editing import uploads
from spacedevs.http import errors
from spacedevs.sync.exporting import dump_views
from vehicles.models import Spacecraft

from .router import urls

KEY = f"(?P<pk>{key_pattern(Spacecraft)})"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api-root"), name="home"),
    *urls,
    path("2.3.0/dataset/", dataset_view.about, name="dataset"),
    path("2.3.0/dump/", dump_views.index, name="dump"),
    path("2.3.0/dump/<path:name>", dump_views.file, name="dump-file"),
    path("stations/", views.stations, name="stations"),
    path("stations/timeline.svg", views.stations_timeline, name="stations-timeline"),
    re_path(f"^stations/{KEY}/$", views.station, name="station"),
    re_path(f"^stations/{KEY}/timeline.svg$", views.station_timeline, name="station-timeline"),
    path("spacecraft/", RedirectView.as_view(pattern_name="spacecraft-list"), name="ships"),
    re_path(f"^spacecraft/{KEY}/$", views.spacecraft, name="spacecraft"),
    re_path(f"^spacecraft/{KEY}/timeline.svg$", views.spacecraft_timeline, name="spacecraft-timeline"),
    path("docs/", include("spacedevs.documentation.urls")),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("api/favicon.svg")), name="favicon"),
    path("admin/", admin.site.urls),
]
if settings.MEDIA_URL.startswith("/"):
    urlpatterns.append(path(f"{settings.MEDIA_URL[1:]}<path:path>", uploads.serve, name="media"))
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
