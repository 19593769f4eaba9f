"""Admin pages for API keys: create, revoke and renew."""

from django.contrib import admin

from spacedevs.editing.accounts.issuing import Issuing

from .models import Key


@admin.register(Key)
class KeyAdmin(Issuing):
    """Creates keys and shows them once; a lost key gets a new token."""

    list_display = ("owner", "rate", "active", "created", "last_used")
    list_filter = ("active",)
    search_fields = ("owner",)
    readonly_fields = ("created", "last_used")
    actions = ("revoke", "renew")
    issued_column = "digest"
    issued_about = (
        "This page shows the keys only once, because the server stores only their digests. "
        "Give them to their owners now."
    )
    issued_heading = "Header to send"
    issued_prefix = "Authorization: Token "

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request, keys):
        for key in keys:
            key.active = False
            key.save(update_fields=["active"])
            self.log_change(request, key, "Revoked.")
