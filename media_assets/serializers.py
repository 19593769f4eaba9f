from spacedevs.api.serializers import ResourceSerializer

from . import models


class ImageLicense(ResourceSerializer):
    class Meta:
        model = models.ImageLicense
        fields = ("id", "name", "priority", "link")


class ImageVariantType(ResourceSerializer):
    class Meta:
        model = models.ImageVariantType
        fields = ("id", "name")


class ImageVariant(ResourceSerializer):
    type = ImageVariantType()

    class Meta:
        model = models.ImageVariant
        fields = ("id", "type", "image_url")


class Image(ResourceSerializer):
    license = ImageLicense()
    variants = ImageVariant(many=True)

    class Meta:
        model = models.Image
        fields = ("id", "name", "image_url", "thumbnail_url", "credit", "license", "single_use", "variants")


class InfoURLType(ResourceSerializer):
    class Meta:
        model = models.InfoURLType
        fields = ("id", "name")


class VidURLType(ResourceSerializer):
    class Meta:
        model = models.VidURLType
        fields = ("id", "name")


class Language(ResourceSerializer):
    class Meta:
        model = models.Language
        fields = ("id", "name", "code")


class InfoURL(ResourceSerializer):
    type = InfoURLType(allow_null=True)
    language = Language(allow_null=True)

    class Meta:
        model = models.InfoURL
        fields = ("priority", "source", "title", "description", "feature_image", "url", "type", "language")


class VidURL(ResourceSerializer):
    type = VidURLType(allow_null=True)
    language = Language(allow_null=True)

    class Meta:
        model = models.VidURL
        fields = (
            "priority",
            "source",
            "publisher",
            "title",
            "description",
            "feature_image",
            "url",
            "type",
            "language",
            "start_time",
            "end_time",
            "live",
        )


class SocialMedia(ResourceSerializer):
    logo = Image(allow_null=True)

    class Meta:
        model = models.SocialMedia
        fields = ("id", "name", "url", "logo")
        always = ("url",)


class SocialMediaLink(ResourceSerializer):
    social_media = SocialMedia()

    class Meta:
        model = models.SocialMediaLink
        fields = ("id", "social_media", "url")
        always = ("url",)
