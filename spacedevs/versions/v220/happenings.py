"""Events and the dashboard in version 2.2.0."""

from rest_framework import serializers

from events import models as event
from events.serializers import EventType, Notice, RoadClosure
from launches.serializers import NetPrecision
from media_assets.serializers import InfoURL
from spacedevs.api.serializers import FirstOf

from . import flights, things
from .declaring import Shown, of, picture


class Events(Shown):
    Meta = of(event.Event).shows("""id url slug name updates last_updated type description webcast_live location
        news_url video_url info_urls vid_urls feature_image date date_precision duration agencies launches
        expeditions spacestations program""")
    updates = flights.Update(many=True)
    type = EventType()
    news_url = FirstOf("info_urls", "url")
    video_url = FirstOf("vid_urls", "url")
    info_urls = InfoURL(many=True)
    vid_urls = flights.VidURL(many=True)
    feature_image = picture(allow_null=False)
    date_precision = NetPrecision(allow_null=True)
    agencies = things.AgencySerializerMini(many=True)
    launches = flights.LaunchSerializerCommon(many=True)
    expeditions = flights.Expedition(many=True)
    spacestations = flights.SpaceStationSerializerForCommon(many=True)
    program = things.Program(many=True)


class LiveStream(Shown):
    Meta = of(event.LiveStream, never_null="title description image").shows("title description image url")


class LaunchesAndEvents(serializers.Serializer):
    """The upcoming or previous launches and events of a program."""

    launches = flights.LaunchSerializerCommon(many=True)
    events = Events(many=True)


class StarshipDashboard(serializers.Serializer):
    """An overview of the Starship program."""

    updates = flights.Update(many=True)
    upcoming = LaunchesAndEvents()
    previous = LaunchesAndEvents()
    live_streams = LiveStream(many=True)
    road_closures = RoadClosure(many=True)
    notices = Notice(many=True)
    vehicles = things.Launcher(many=True)
