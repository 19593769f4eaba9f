"""The response of /2.3.0/api-throttle/."""

from rest_framework import serializers


class APIThrottle(serializers.Serializer):
    """The limit and the usage of a caller."""

    your_request_limit = serializers.IntegerField()
    limit_frequency_secs = serializers.IntegerField()
    current_use = serializers.IntegerField()
    next_use_secs = serializers.IntegerField()
    ident = serializers.CharField()
