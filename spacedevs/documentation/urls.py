"""The URLs below /docs/."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.document, name="documentation"),
    path("reference/", views.index, name="reference"),
    path("reference/components/<str:name>/", views.component, name="reference-component"),
    path("reference/<slug:slug>/", views.tag, name="reference-tag"),
    path("<slug:slug>/", views.document, name="documentation-page"),
]
