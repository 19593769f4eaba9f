"""The view of the OpenAPI document."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import ValidationError

from .schema import Generator, Generator30

GENERATORS = {"3.1": Generator, "3.0": Generator30}


class Document(SpectacularAPIView):
    """The document, as YAML or as JSON, in the version of OpenAPI that `openapi` names."""

    api_version = settings.CURRENT_VERSION

    @extend_schema(exclude=True)  # the document does not describe itself
    def get(self, request, *args, **kwargs):
        self.generator_class = self.generator(request.query_params)
        return super().get(request, *args, **kwargs)

    def generator(self, query) -> type[Generator]:
        """What makes the document that a query asks for."""
        asked = query.get("openapi", "3.1")
        if asked not in GENERATORS:
            raise ValidationError({"openapi": [f"Unknown version. Choose from: {', '.join(GENERATORS)}."]})
        return GENERATORS[asked]
