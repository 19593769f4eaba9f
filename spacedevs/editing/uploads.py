"""Uploads of images: checked, re-encoded and stored under random names.

The server writes the stored file itself, so it contains nothing but the image. Rows store the absolute URL of a file,
as for images on other servers, because responses show the column as it is."""

import errno
import logging
import secrets
from hashlib import blake2b
from io import BytesIO

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.utils.html import format_html
from django.views import static
from django.views.decorators.cache import cache_control
from PIL import ExifTags, Image

from spacedevs.storage import media_types, pictures
from spacedevs.storage.pictures import ENDINGS, MAX_PIXELS, MEGAPIXELS

from .conflicts import ConflictAwareForm

logger = logging.getLogger(__name__)

MAX_BYTES = 10 * 2**20
# By the formats that editors may upload: pixels of a side that can be written.
MAX_SIDE_PIXELS = {"PNG": MAX_PIXELS, "JPEG": 65_500, "WEBP": 16_383}
THUMBNAIL_WIDTH = 255
QUALITY = 90  # of JPEG and WebP

TOO_LARGE = f"The image has more than {MEGAPIXELS} megapixels."
TOO_LONG = f"The file is larger than {MAX_BYTES // 2**20} MB."
TOO_WIDE = "A side of the image is longer than the file format allows."
NO_PICTURE = "This is not a valid PNG, JPEG or WebP image."
NOTHING = "Upload an image or enter its URL."
UNSTORED = (
    "The image could not be stored, so nothing was saved. Your other changes are kept: choose the file "
    "again and save later. The server's log has the cause."
)

UPRIGHT = {  # by EXIF orientation; Pillow's own function rewrites all EXIF data and fails for some cameras
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unstored(Exception):
    """A valid image could not be stored."""


def opened(upload) -> Image.Image:
    """The image in a file, upright and without metadata."""
    if upload.size > MAX_BYTES:
        raise ValidationError(TOO_LONG)
    try:
        with pictures.opened(upload, MAX_SIDE_PIXELS) as picture:
            kind = pictures.kind_of(picture)
            if max(picture.size) > MAX_SIDE_PIXELS[kind]:
                raise ValidationError(TOO_WIDE)
            picture.load()
            turn = UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation))
            picture = picture if turn is None else picture.transpose(turn)
            if picture.mode.startswith("I"):  # 16-bit grey, of which Pillow would keep the lower 8 bits
                picture = picture.convert("I").point(lambda grey: grey / 256).convert("L")
            picture = picture.convert("RGBA" if picture.has_transparency_data and kind != "JPEG" else "RGB")
    except pictures.TooLarge as error:
        raise ValidationError(TOO_LARGE) from error
    except pictures.Unfit as error:
        raise ValidationError(NO_PICTURE) from error
    picture.info = {}
    picture.format = kind
    return picture


def thumbnail(picture) -> Image.Image:
    """The image scaled to thumbnail width; narrower images stay unchanged."""
    if picture.width <= THUMBNAIL_WIDTH:
        return picture
    height = max(1, round(picture.height * THUMBNAIL_WIDTH / picture.width))
    return picture.resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS)


def stored(picture, kind, folder) -> str:
    """The URL that a stored image gets."""
    file = BytesIO()
    picture.save(file, kind, optimize=True, quality=QUALITY)
    name = f"{folder}/{secrets.token_hex(16)}.{ENDINGS[kind]}"
    return default_storage.url(media_types.save(name, file.getvalue()))


class UploadForm(ConflictAwareForm):
    """The form of a row with an image: the URL is typed, or set by an upload."""

    upload = forms.FileField(
        required=False,
        help_text=f"PNG, JPEG or WebP; at most {MAX_BYTES // 2**20} MB and {MEGAPIXELS} megapixels. "
        "The upload replaces the URLs.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp", "class": "upload"}),
    )

    picture = None

    class Media:
        js = ("editing/uploads.js",)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.addresses:
            self.fields[name].required = False

    @property
    def addresses(self):
        return [name for name in ("image_url", "thumbnail_url") if name in self.fields]

    def clean_upload(self):
        upload = self.cleaned_data["upload"]
        if hasattr(upload, "complaint"):  # of the page that was just submitted
            raise ValidationError(upload.complaint)
        self.picture = opened(upload) if upload else None
        return upload

    def clean(self):
        cleaned = super().clean()
        missing = [name for name in self.addresses if not cleaned.get(name)]
        if missing and not self.picture and not self.errors:
            self.add_error(None, dict.fromkeys(missing, NOTHING))
        return cleaned

    def store(self, request):
        """Stores the image, and sets its URL in the row that will be saved."""
        kind = self.picture.format
        folder = self.instance._meta.model_name
        sizes = {"image_url": self.picture, "thumbnail_url": thumbnail(self.picture)}
        try:
            addresses = {name: stored(sizes[name], kind, folder) for name in self.addresses}
        except OSError as error:
            logger.error("Cannot store an image: %s", error)
            self.cleaned_data["upload"].complaint = UNSTORED
            raise Unstored from error
        for name, address in addresses.items():
            setattr(self.instance, name, request.build_absolute_uri(address))


class Uploading:
    """For pages and inlines with such forms: stores files once the whole page is valid."""

    def changeform_view(self, request, *args, **kwargs):
        """The page of a row; if an image cannot be stored, the page returns as submitted, with an error."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Unstored:  # everything was rolled back; the error at the file prevents a second attempt to store it
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request, row, form, change):
        self.store(request, [form])
        super().save_model(request, row, form, change)

    def save_formset(self, request, form, formset, change):
        self.store(request, formset.forms)
        super().save_formset(request, form, formset, change)

    @staticmethod
    def store(request, forms):
        for form in forms:
            if getattr(form, "picture", None):
                form.store(request)


def preview(address, picture=None):
    """A preview with a link to the full image."""
    if not address:
        return "-"
    return format_html('<a href="{}"><img class="preview" src="{}" alt=""></a>', address, picture or address)


@cache_control(public=True, max_age=31536000, immutable=True)  # names are never reused
def serve(request, path):
    """A stored image on this machine."""
    try:
        response = static.serve(request, path, settings.MEDIA_ROOT)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Http404 from None
        raise
    # The same on servers with copies of the files.
    response["ETag"] = f'"{blake2b(path.encode(), digest_size=15).hexdigest()}"'
    if isinstance(response, FileResponse):
        response["Content-Type"] = media_types.type_of(path)
    return response
