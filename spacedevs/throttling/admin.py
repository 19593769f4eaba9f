"""Admin pages for API keys: create, revoke and renew."""

from django.contrib import admin
from django.template.response import TemplateResponse

from .models import Key


@admin.register(Key)
class KeyAdmin(admin.ModelAdmin):
    """Creates keys and shows them once; a lost key gets a new token."""

    list_display = ("owner", "rate", "active", "created", "last_used")
    list_filter = ("active",)
    search_fields = ("owner",)
    readonly_fields = ("created", "last_used")
    actions = ("revoke", "renew")

    def save_model(self, request, key, form, change):
        if not change:
            request.issued = [(key, key.renew())]
        super().save_model(request, key, form, change)

    def response_add(self, request, key, post_url_continue=None):
        return self.show(request)

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request, keys):
        for key in keys:
            key.active = False
            key.save(update_fields=["active"])
            self.log_change(request, key, "Revoked.")

    @admin.action(description="Create new tokens for the selected keys", permissions=["change"])
    def renew(self, request, keys):
        request.issued = []
        for key in keys:
            request.issued.append((key, key.renew()))
            key.save(update_fields=["digest"])
            self.log_change(request, key, "Created a new token.")
        return self.show(request)

    def show(self, request):
        """Shows the new tokens in the response itself, because they are stored nowhere."""
        context = {**self.admin_site.each_context(request), "title": "New keys", "issued": request.issued}
        return TemplateResponse(request, "limits/issued.html", {**context, "opts": self.opts})
