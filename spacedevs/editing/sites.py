from django.contrib.admin import AdminSite


class EditingSite(AdminSite):
    """The pages for data editors."""

    site_header = "Spacedevs server"
    site_title = "Spacedevs server"
    index_title = "Data"
