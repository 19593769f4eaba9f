"""The shapes of the answer of a search."""

from rest_framework import serializers

from .ranking import MATCHES


class SearchHit(serializers.Serializer):
    """A record that a search found."""

    kind = serializers.CharField(help_text="The path of its endpoint, for example `launches`.")
    id = serializers.CharField(help_text="The id of the record as a text.")
    name = serializers.CharField()
    url = serializers.URLField(help_text="The record.")
    picture = serializers.CharField(allow_null=True, help_text="The URL of a small picture.")
    line = serializers.CharField(allow_null=True, help_text="A line about it, such as the date of a launch.")
    match = serializers.ChoiceField(MATCHES, help_text="How its name matches; best first.")


class SearchHits(serializers.Serializer):
    """What a search found, best hits first."""

    q = serializers.CharField(help_text="The text that was searched, with single spaces.")
    results = SearchHit(many=True)
