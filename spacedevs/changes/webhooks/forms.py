"""The form of a subscription: each error stands beside its field."""

from django import forms

from .models import Subscription
from .queries import Query, known_fields


class SubscriptionForm(forms.ModelForm):
    """Refuses a URL that nothing may be sent to, and a query or fields that the API does not know."""

    class Meta:
        model = Subscription
        fields = ("name", "url", "query", "fields", "active")

    def clean_url(self) -> str:
        from .addresses import is_address  # noqa: PLC0415 - the HTTP client takes 6 MB of memory

        is_address(self.cleaned_data["url"])
        return self.cleaned_data["url"]

    def clean_query(self) -> str:
        self.asked = Query.of(self.cleaned_data["query"])
        return self.asked.text

    def clean_fields(self) -> str:
        asked = getattr(self, "asked", None)  # there is none if the query was refused
        return known_fields(asked, self.cleaned_data["fields"]) if asked else self.cleaned_data["fields"]
