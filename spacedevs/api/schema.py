"""The OpenAPI document, read off the declarations of the resources; the only code that writes it."""

from uuid import UUID

from django.db.models import UUIDField
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer


class ResourceSchema(AutoSchema):
    """Describes a resource by its ladder: a mode is a parameter, and an answer one of several shapes."""

    def get_description(self) -> str:
        return self.view.help_text

    def get_tags(self) -> list[str]:
        noun = self._tokenize_path()[0]
        return ["Configurations" if noun == "config" else noun.replace("_", " ").capitalize()]

    def get_override_parameters(self) -> list[OpenApiParameter]:
        if self.view.detail:
            is_uuid = isinstance(self.view.queryset.model._meta.pk, UUIDField)
            return [OpenApiParameter("id", UUID if is_uuid else int, OpenApiParameter.PATH)]
        if not self.view.modes:
            return []
        return [OpenApiParameter("mode", enum=list(self.view.modes), description="Level of detail in the response.")]

    def get_response_serializers(self):
        if self.view.detail:
            return self.view.ladder[-1]
        if not self.view.modes:
            return self.view.ladder[0]
        name = f"Polymorphic{self.view.noun}Endpoint"
        return PolymorphicProxySerializer(name, self.view.modes, resource_type_field_name="response_mode")


class ObjectSchema(ResourceSchema):
    """Describes an endpoint that answers one object; LL2 2.3.0 calls its operation a list all the same."""

    def get_operation_id(self) -> str:
        return f"{super().get_operation_id().removesuffix('retrieve')}list"

    def _is_list_view(self, serializer=None) -> bool:
        return False
