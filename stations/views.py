from spacedevs.api.resources import Resource

from . import models, serializers


class SpaceStation(Resource):
    queryset = models.SpaceStation.objects.all()
    ladder = (serializers.SpaceStationNormal,)
