"""What tests of the pages for editors share."""

from django.urls import reverse


def page(model, name, *args):
    """Where a page of a table is: its changelist, add, change …"""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def said(answer):
    """The messages that a page shows."""
    return [str(message) for message in answer.context["messages"]]
