from django.contrib.admin import AdminSite

from .attention import attention


class EditingSite(AdminSite):
    """The pages for data editors."""

    site_header = "Spacedevs server"
    site_title = "Spacedevs server"
    index_title = "Data"
    index_template = "editing/index.html"

    def index(self, request, extra_context=None):
        return super().index(request, {"attention": attention(self, request), **(extra_context or {})})
