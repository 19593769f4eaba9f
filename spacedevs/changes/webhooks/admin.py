"""Admin pages of webhooks: subscriptions, their state, and deliveries that can be seen and sent again."""

from django.contrib import admin
from django.db.models import Q

from spacedevs.editing.accounts.issuing import Issuing
from spacedevs.editing.data_quality import AttentionFilter, DataCheck
from spacedevs.wording import counted

from .deliveries import resume, send_again
from .forms import SubscriptionForm
from .models import Delivery, Subscription
from .queueing import begin, match_anew

STATE = ("condition", "failing_since", "gave_up", "missed", "created", "created_by")


@admin.register(Subscription)
class SubscriptionAdmin(Issuing):
    """Creates subscriptions and shows their secrets once; shows what went wrong, and resumes."""

    form = SubscriptionForm
    list_display = ("name", "url", "query", "active", "condition")
    list_filter = (AttentionFilter, "active")
    search_fields = ("name", "url", "query")
    fieldsets = (
        (None, {"fields": ("name", "url", "query", "fields", "active")}),
        ("State", {"fields": STATE}),
    )
    readonly_fields = STATE
    actions = ("renew", "resume")
    concerns = (
        DataCheck(
            "stopped", "stopped: nothing is sent until somebody resumes it", lambda rows: rows.exclude(stopped="")
        ),
        DataCheck(
            "failing", "failing: messages wait", lambda rows: rows.filter(stopped="").exclude(failing_since=None)
        ),
        DataCheck(
            "incomplete",
            "lacking a message that was given up, or changes before a new change log",
            lambda rows: rows.filter(~Q(gave_up=None) | ~Q(missed=None)),
        ),
    )
    issued_column = "sealed"
    issued_about = (
        "This page shows the secrets only once, because the server keeps them sealed. "
        "Give them to the receivers now: they verify the signatures of messages with them."
    )
    issued_heading = "Secret"

    @admin.display(description="state")
    def condition(self, subscription):
        if subscription.stopped:
            return f"Stopped. {subscription.stopped}"
        if subscription.failing_since:
            return f"Failing since {subscription.failing_since:%Y-%m-%d %H:%M} UTC."
        return "Working." if subscription.pk else "New."

    def save_model(self, request, subscription, form, change):
        if not change:
            subscription.created_by = request.user
            begin(subscription)
        super().save_model(request, subscription, form, change)
        if not change or "query" in form.changed_data:
            match_anew(subscription)

    @admin.action(description="Resume the selected subscriptions, and clear their marks", permissions=["change"])
    def resume(self, request, subscriptions):
        for subscription in subscriptions:
            resume(subscription)
            self.log_change(request, subscription, "Resumed.")
        self.message_user(request, f"Resumed {counted(len(subscriptions), 'subscription')}.")


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):
    """Shows deliveries, and sends them again."""

    list_display = ("message_id", "subscription", "record", "state", "attempts", "status", "error", "created", "ended")
    list_filter = ("state", ("subscription", admin.RelatedOnlyFieldListFilter))
    search_fields = ("message_id", "record")
    list_select_related = ("subscription",)
    show_full_result_count = False
    actions = ("send_again",)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, delivery=None):
        return delivery is None and super().has_change_permission(request)  # to send again, but not to edit

    @admin.action(description="Send the selected deliveries again", permissions=["change"])
    def send_again(self, request, deliveries):
        number = send_again(deliveries)
        self.message_user(request, f"{counted(number, 'delivery is', 'deliveries are')} sent again.")
