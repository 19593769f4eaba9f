"""The shapes of the answers about changes."""

from rest_framework import serializers

from spacedevs.later import described_as


class RecordChange(serializers.Serializer):
    """The last change of a record."""

    endpoint = serializers.CharField(help_text="The path of its endpoint, for example `launches`.")
    id = serializers.CharField(allow_null=True, help_text="The id of the record as a text; null for an object.")
    url = serializers.URLField(help_text="The record; a deleted one answers 404.")
    action = serializers.ChoiceField(["created", "updated", "deleted"])
    moment = serializers.DateTimeField(help_text="When it changed last, UTC.")
    fields_changed = serializers.ListField(
        child=serializers.CharField(), help_text="The fields of an updated record that may have changed, if known."
    )
    cursor = serializers.CharField(help_text="The cursor after this change.")


@described_as({"type": "object", "additionalProperties": {}})
class AnyRecord(serializers.Field):
    """A record of any endpoint."""


class RecordChangeWithRecord(RecordChange):
    """The last change of a record, with the record."""

    record = AnyRecord(
        required=False, allow_null=True, help_text="The record, with `include=record`; null if it was deleted."
    )


class Changes(serializers.Serializer):
    """Changes in the order in which they can be followed."""

    cursor = serializers.CharField(help_text="The cursor after these changes: the next request's `since`.")
    has_more = serializers.BooleanField(help_text="Whether further changes can be requested at once.")
    next = serializers.URLField(help_text="The next request.")
    results = RecordChangeWithRecord(many=True)


class FieldChange(serializers.Serializer):
    """The change of one field."""

    field = serializers.CharField()
    before = serializers.CharField(allow_null=True, help_text="The moment (UTC), or the name of a row.")
    after = serializers.CharField(allow_null=True)
    before_id = serializers.IntegerField(allow_null=True, help_text="The id of the row, if the field names one.")
    after_id = serializers.IntegerField(allow_null=True)


class HistoryEntry(serializers.Serializer):
    """What changed at a moment."""

    moment = serializers.DateTimeField(help_text="When this server took the change in, UTC.")
    slip = serializers.FloatField(
        allow_null=True, help_text="By how many seconds the launch moved, later is positive; null if it did not."
    )
    changes = FieldChange(many=True)


class History(serializers.Serializer):
    """The changes of the tracked fields of a record, newest first."""

    id = serializers.CharField()
    url = serializers.URLField(help_text="The record.")
    slips = serializers.IntegerField(help_text="How often it moved to a later moment.")
    results = HistoryEntry(many=True)
