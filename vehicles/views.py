from spacedevs.api.resources import Resource

from . import models, serializers


class LauncherConfig(Resource):
    queryset = models.LauncherConfig.objects.all()
    ladder = (serializers.LauncherConfigList,)


class Spacecraft(Resource):
    queryset = models.Spacecraft.objects.all()
    ladder = (serializers.SpacecraftNormal,)


class SpacecraftConfiguration(Resource):
    queryset = models.SpacecraftConfig.objects.all()
    ladder = (serializers.SpacecraftConfigNormal,)
