"""Helpers for tests of the admin."""

from django.urls import reverse


def page(model, name, *args):
    """The URL of a page of a table: changelist, add, change …"""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def said(answer):
    """The messages that a page shows."""
    return [str(message) for message in answer.context["messages"]]
