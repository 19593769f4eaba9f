from spacedevs.api.resources import Resource

from . import models, serializers


class Location(Resource):
    queryset = models.Location.objects.all()
    ladder = (serializers.Location,)


class Pad(Resource):
    queryset = models.Pad.objects.all()
    ladder = (serializers.Pad,)
