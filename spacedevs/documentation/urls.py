"""The URLs below /docs/."""

from django.urls import path

from spacedevs.later import view

urlpatterns = [
    path("", view("spacedevs.documentation.views.document"), name="documentation"),
    path("reference/", view("spacedevs.documentation.views.index"), name="reference"),
    path(
        "reference/components/<str:name>/", view("spacedevs.documentation.views.component"), name="reference-component"
    ),
    path("reference/<slug:slug>/", view("spacedevs.documentation.views.tag"), name="reference-tag"),
    path("<slug:slug>/", view("spacedevs.documentation.views.document"), name="documentation-page"),
]
