from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "spacedevs.api"
    label = "api"
