"""The admin site: its login form, its first page and the order of its apps."""

from threading import RLock, local

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.utils.module_loading import autodiscover_modules

from spacedevs.db.connections import having

from .data_quality import attention


class LogInForm(AdminAuthenticationForm):
    """Refuses user names that are too long, because failed logins are stored in a column of limited length."""

    username = UsernameField(max_length=User._meta.get_field("username").max_length)


class Registering(local):
    """Whether this thread registers pages just now. It must not wait for others, who may wait for the module that it
    imports."""

    now = False


class EditingSite(AdminSite):
    """The pages for data editors. Their modules are imported when somebody first asks for a page.

    They and their libraries take a tenth of the memory of a process, and most processes show no page."""

    site_header = settings.PRODUCT
    site_title = settings.PRODUCT
    index_title = "Data"
    index_template = "editing/index.html"
    login_form = LogInForm
    finding = RLock()  # a second request waits for the first one, which finds the pages
    registering = Registering()
    is_complete = False

    @property
    def _registry(self):
        if not self.registering.now:
            self.find()
        return self.registered

    def find(self):
        """Imports the modules that register pages."""
        with self.finding:
            if self.is_complete:
                return
            self.is_complete = True  # before these modules ask for the registry
            try:
                autodiscover_modules("admin", "webhooks.admin")
            except BaseException:
                self.is_complete = False
                raise

    def register(self, *args, **kwargs):
        """Registers pages: also those of a module that was imported before anybody asked for a page."""
        with having(self.registering, now=True):
            super().register(*args, **kwargs)

    def unregister(self, *args, **kwargs):
        with having(self.registering, now=True):
            super().unregister(*args, **kwargs)

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
