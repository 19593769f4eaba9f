"""Pictures that editors upload: checked, written anew, and stored under a name that says nothing.

What is stored was written here, so it is a picture and nothing else. Rows keep the absolute address of a file, as
they do for pictures of elsewhere: answers show what the column holds."""

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

TOO_LARGE = f"The picture has more than {MEGAPIXELS} megapixels."
TOO_LONG = f"The file is larger than {MAX_BYTES // 2**20} MB."
TOO_WIDE = "A side of the picture is longer than such files can have."
NO_PICTURE = "This is no PNG, JPEG or WebP picture, or it is damaged."
NOTHING = "Upload a picture, or give its address."
UNSTORED = (
    "The picture could not be stored just now, so nothing was saved. What you typed is still here: choose the file "
    "again, and save again later. The server's log tells the cause."
)

UPRIGHT = {  # by how it lies; Pillow's own way writes all of the EXIF data anew, and fails at what cameras put there
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unstored(Exception):
    """A picture could not be stored, by no fault of its own."""


def opened(upload) -> Image.Image:
    """The picture in a file, upright and with nothing but its pixels."""
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
            if picture.mode.startswith("I"):  # 16 bits of grey, of which Pillow would show the lower 8
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
    """The whole picture made narrow; one that is narrow already stays as it is."""
    if picture.width <= THUMBNAIL_WIDTH:
        return picture
    height = max(1, round(picture.height * THUMBNAIL_WIDTH / picture.width))
    return picture.resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS)


def stored(picture, kind, folder) -> str:
    """The address of a picture once it is stored."""
    file = BytesIO()
    picture.save(file, kind, optimize=True, quality=QUALITY)
    name = f"{folder}/{secrets.token_hex(16)}.{ENDINGS[kind]}"
    return default_storage.url(media_types.save(name, file.getvalue()))


class UploadForm(ConflictAwareForm):
    """The form of a row that is a picture, or has one: the address is typed, or made from a file."""

    upload = forms.FileField(
        required=False,
        help_text=f"PNG, JPEG or WebP; at most {MAX_BYTES // 2**20} MB and {MEGAPIXELS} megapixels. "
        "It takes the place of the addresses.",
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
        if hasattr(upload, "complaint"):  # of the page as it was sent just now
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
        """Puts the picture where pictures are, and its address into the row that will be saved."""
        kind = self.picture.format
        folder = self.instance._meta.model_name
        sizes = {"image_url": self.picture, "thumbnail_url": thumbnail(self.picture)}
        try:
            addresses = {name: stored(sizes[name], kind, folder) for name in self.addresses}
        except OSError as error:
            logger.error("A picture could not be stored: %s", error)
            self.cleaned_data["upload"].complaint = UNSTORED
            raise Unstored from error
        for name, address in addresses.items():
            setattr(self.instance, name, request.build_absolute_uri(address))


class Uploading:
    """Of pages with such forms, on the page and in its inlines: files are stored once all of it is valid."""

    def changeform_view(self, request, *args, **kwargs):
        """The page of a row; where a picture cannot be stored, it comes back as it was sent, and says so."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Unstored:  # all was rolled back; the file now has a complaint, so that nothing is stored again
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
    """A picture to look at, leading to the whole of it."""
    if not address:
        return "-"
    return format_html('<a href="{}"><img class="preview" src="{}" alt=""></a>', address, picture or address)


@cache_control(public=True, max_age=31536000, immutable=True)  # no name is ever used again
def serve(request, path):
    """A picture that is stored on this machine."""
    try:
        response = static.serve(request, path, settings.MEDIA_ROOT)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Http404 from None
        raise
    response["ETag"] = f'"{blake2b(path.encode(), digest_size=15).hexdigest()}"'  # the same where files were copied
    if isinstance(response, FileResponse):
        response["Content-Type"] = media_types.type_of(path)
    return response
