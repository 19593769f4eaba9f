from spacedevs.api.resources import Resource

from . import models, serializers


class Agency(Resource):
    queryset = models.Agency.objects.all()
    ladder = (serializers.AgencyDetailed,)


class Program(Resource):
    queryset = models.Program.objects.all()
    ladder = serializers.ProgramMini, serializers.ProgramNormal
