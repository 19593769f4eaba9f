from spacedevs.api.resources import Resource

from . import models, serializers


class Landing(Resource):
    queryset = models.Landing.objects.all()
    ladder = (serializers.Landing,)


class Launch(Resource):
    queryset = models.Launch.objects.all()
    ladder = serializers.LaunchBasic, serializers.LaunchNormal


class PayloadFlight(Resource):
    queryset = models.PayloadFlight.objects.all()
    ladder = serializers.PayloadFlightMini, serializers.PayloadFlightNormal


class SpacecraftFlight(Resource):
    queryset = models.SpacecraftFlight.objects.all()
    ladder = (serializers.SpacecraftFlightNormal,)
