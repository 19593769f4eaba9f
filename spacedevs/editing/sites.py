"""The admin site: its login form, its first page and the order of its apps."""

from threading import RLock

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.utils.module_loading import autodiscover_modules

from .data_quality import attention


class LogInForm(AdminAuthenticationForm):
    """Refuses user names that are too long, because failed logins are stored in a column of limited length."""

    username = UsernameField(max_length=User._meta.get_field("username").max_length)


class EditingSite(AdminSite):
    """The pages for data editors. Their modules are imported when somebody first asks for a page.

    They and their libraries take a tenth of the memory of a process, and most processes show no page."""

    site_header = settings.PRODUCT
    site_title = settings.PRODUCT
    index_title = "Data"
    index_template = "editing/index.html"
    login_form = LogInForm
    finding = RLock()  # a second request waits for the first one, which finds the pages
    is_complete = False

    @property
    def _registry(self):
        with self.finding:
            if not self.is_complete:
                self.is_complete = True  # before the import of modules that register their pages
                autodiscover_modules("admin", "webhooks.admin")
        return self.registered

    @_registry.setter
    def _registry(self, registered):
        self.registered = registered

    def index(self, request, extra_context=None):
        return super().index(request, {"attention": attention(self, request), **(extra_context or {})})

    def get_app_list(self, request, app_label=None):
        """Lists the apps from the highest floor to the lowest, users last."""
        floors = {noun: floor for floor, noun in enumerate(settings.NOUNS)}
        listed = super().get_app_list(request, app_label)
        return sorted(listed, key=lambda app: floors.get(app["app_label"], len(floors)))
