"""The addresses of pages for people. Those of stations and spacecraft are in the URLs of the server."""

from django.conf import settings
from django.urls import path, re_path

from spacedevs.later import view

ELSEWHERE = {"ships"}  # whose rows have their pages in docking/pages
listed, record = view("spacedevs.pages.records.listed"), view("spacedevs.pages.records.record")
urlpatterns = [
    path("", view("spacedevs.pages.start.start"), name="home"),
    path("launches/", view("spacedevs.pages.launches.upcoming"), name="launches-upcoming"),
    path("launches/past/", view("spacedevs.pages.launches.past"), name="launches-past"),
    path("launches/<uuid:pk>/", view("spacedevs.pages.launch.launch"), name="launch"),
    path("search/", view("spacedevs.pages.search.search"), name="search-page"),
    *(path(f"{name}/", listed, {"name": name}, name=f"{name}-page-list") for name in settings.NOUN_PAGES),
    *(
        re_path(rf"^{name}/(?P<pk>-?\d+)/$", record, {"name": name}, name=f"{name}-page")
        for name in settings.NOUN_PAGES
        if name not in ELSEWHERE
    ),
]
