"""Pictures that editors upload: what is taken, what is made of it, and where it goes."""

import errno
import json
import re
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from unittest.mock import Mock
from urllib.parse import urlsplit
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from moto.server import ThreadedMotoServer
from PIL import Image as Pillow

from agencies.models import MissionPatch
from media_assets.models import Image, ImageLicense, ImageVariant
from spacedevs.editing import uploads
from spacedevs.storage.bucket import PATIENCE
from spacedevs.storage.pictures import ENDINGS
from tests.support.admin import page
from tests.support.factories import agency, image, image_variant, launch, row
from tests.support.pages import type_of

pytestmark = pytest.mark.django_db
RED = (200, 30, 30)
ANYONE_READS = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": ["s3:GetObject"],
    "Resource": ["arn:aws:s3:::pictures/*"],
}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Where the files of a test go."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def file_of(picture, kind, **options):
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def picture(kind="PNG", width=600, height=300, mode="RGB", **options):
    return file_of(Pillow.new(mode, (width, height), RED if mode == "RGB" else (*RED, 0)), kind, **options)


def form(content, name="picture.png", **typed):
    """What an editor sends to the page of images."""
    variants = {"variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0}
    file = {"upload": SimpleUploadedFile(name, content)} if content else {}
    return {"name": "Mir", "license": row(ImageLicense).pk, "single_use": "on", **variants, **file, **typed}


def uploaded(editor, content, **typed):
    """The row that an upload makes; None where the form refuses it."""
    editor.post(page(Image, "add"), form(content, **typed))
    return Image.objects.first()


def complaints(editor, content, **typed):
    answer = editor.post(page(Image, "add"), form(content, **typed))
    assert not Image.objects.exists()
    return answer.context["adminform"].form.errors


def stored(client, address):
    """The picture at an address of ours."""
    assert address.startswith("http://testserver/media/")
    answer = client.get(urlsplit(address).path)
    return Pillow.open(BytesIO(b"".join(answer.streaming_content)))


@pytest.mark.usefixtures("no_types")
@pytest.mark.parametrize(("kind", "ending"), ENDINGS.items())
def test_the_type_of_a_picture_is_told_where_the_machine_knows_none(kind, ending, client, media):
    (media / f"a.{ending}").write_bytes(b"a picture")
    assert type_of(client, f"/media/a.{ending}") == f"image/{kind.lower()}"


def test_what_is_no_picture_of_ours_is_bytes_to_browsers(client, media):
    (media / "a.html").write_text("<script>alert(1)</script>")
    assert type_of(client, "/media/a.html") == "application/octet-stream"


@pytest.mark.parametrize("kind", uploads.MAX_SIDE_PIXELS)
def test_picture_is_stored_whole_and_255_pixels_wide(editor, kind):
    made = uploaded(editor, picture(kind))
    whole, narrow = stored(editor, made.image_url), stored(editor, made.thumbnail_url)
    assert (whole.format, whole.size) == (kind, (600, 300))
    assert (narrow.format, narrow.size) == (kind, (255, 128))
    assert made.image_url.endswith(f".{ENDINGS[kind]}")


def test_narrow_picture_is_not_widened(editor):
    assert stored(editor, uploaded(editor, picture(width=100, height=40)).thumbnail_url).size == (100, 40)


def test_transparent_picture_stays_transparent(editor):
    assert stored(editor, uploaded(editor, picture(mode="RGBA")).thumbnail_url).mode == "RGBA"


def test_name_of_the_file_is_not_kept(editor):
    made = uploaded(editor, picture(), name="Mir.png")
    assert not {"picture", "Mir"} & set(re.split(r"\W+", made.image_url + made.thumbnail_url))


def test_nothing_but_pixels_is_kept(editor, media):
    exif = Pillow.Exif()
    exif[0x010E] = "where it was taken"
    made = uploaded(editor, picture("JPEG", exif=exif, comment=b"<script>") + b"<script>alert(1)</script>")
    kept = stored(editor, made.image_url)
    assert (dict(kept.getexif()), "comment" in kept.info) == ({}, False)
    assert not any(b"script" in path.read_bytes() for path in media.rglob("*.jpg"))


LYING = struct.pack("<HHII", 0x0112, 3, 1, 6)  # on its right side
RESOLUTION = struct.pack("<HHI4s", 0x011A, 2, 4, b"300")  # as a text, which is none


@pytest.mark.parametrize("tags", [[LYING], [LYING, RESOLUTION]], ids=["fair", "odd"])
def test_picture_is_stored_upright(editor, tags):
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(tags) + bytes(4)
    assert stored(editor, uploaded(editor, picture("JPEG", exif=exif)).image_url).size == (300, 600)


def test_first_picture_of_a_camera_that_stores_several_is_taken(editor):
    several = picture("MPO", save_all=True, append_images=[Pillow.new("RGB", (60, 30))])
    made = stored(editor, uploaded(editor, several).image_url)
    assert (made.format, made.size) == ("JPEG", (600, 300))


def test_picture_of_sixteen_bits_stays_as_dark_as_it_was(editor):
    dark = file_of(Pillow.new("I;16", (6, 3), 80 * 256), "PNG")
    assert stored(editor, uploaded(editor, dark).image_url).getpixel((0, 0)) == (80, 80, 80)


def png_header(width, height):
    """The beginning of a PNG that says it is of this size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = (struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in (head, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def wide_webp(width):
    """A moving WebP that says it is so wide, though nobody could write it."""
    content = picture("WEBP", save_all=True, append_images=[Pillow.new("RGB", (600, 300))])
    return content[:24] + (width - 1).to_bytes(3, "little") + content[27:]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', uploads.NO_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", uploads.NO_PICTURE),
        (picture("GIF"), uploads.NO_PICTURE),
        (picture()[:-200], uploads.NO_PICTURE),
        (b"no picture", uploads.NO_PICTURE),
        (png_header(8000, 5001), uploads.TOO_LARGE),
        (png_header(12000, 12000), uploads.TOO_LARGE),
        (png_header(60000, 60000), uploads.TOO_LARGE),
        (wide_webp(20_000), uploads.TOO_WIDE),
        (picture() + bytes(uploads.MAX_BYTES), uploads.TOO_LONG),
    ],
    ids=[
        "SVG",
        "EPS",
        "GIF",
        "damaged",
        "text",
        "40 megapixels",
        "144 megapixels",
        "3600 megapixels",
        "wide",
        "10 MB",
    ],
)
def test_what_is_no_fair_picture_is_refused(editor, media, content, complaint):
    assert complaints(editor, content) == {"upload": [complaint]}
    assert not any(media.iterdir())


def test_image_needs_a_picture_or_addresses(editor):
    assert complaints(editor, None) == {"image_url": [uploads.NOTHING], "thumbnail_url": [uploads.NOTHING]}
    assert complaints(editor, None, image_url="https://example.org/a.png") == {"thumbnail_url": [uploads.NOTHING]}


def test_image_of_elsewhere_keeps_its_addresses(editor):
    made = uploaded(editor, None, image_url="https://example.org/a.png", thumbnail_url="https://example.org/b.png")
    assert (made.image_url, made.thumbnail_url) == ("https://example.org/a.png", "https://example.org/b.png")


def test_variant_is_uploaded_beside_its_image(editor):
    made = image()
    kind = image_variant().type
    variant = {"type": kind.pk, "image": made.pk, "upload": SimpleUploadedFile("dark.webp", picture("WEBP"))}
    typed = form(None, image_url=made.image_url, thumbnail_url=made.thumbnail_url)
    typed |= {"variants-TOTAL_FORMS": 1, **{f"variants-0-{name}": value for name, value in variant.items()}}
    assert editor.post(page(Image, "change", made.pk), typed).status_code == 302
    assert stored(editor, ImageVariant.objects.get(image=made).image_url).size == (600, 300)


def test_mission_patch_is_uploaded(editor):
    typed = {"name": "Mir", "priority": 10, "agency": agency().pk, "upload": SimpleUploadedFile("p.png", picture())}
    assert editor.post(page(MissionPatch, "add"), typed).status_code == 302
    assert stored(editor, MissionPatch.objects.get().image_url).size == (600, 300)


def test_api_shows_the_address_of_an_upload(editor, get):
    made = uploaded(editor, picture())
    shown = get(f"launches/{launch(image=made).pk}/")["image"]
    assert (shown["image_url"], shown["thumbnail_url"]) == (made.image_url, made.thumbnail_url)


def test_image_tells_what_shows_it(editor):
    made = image()
    shown = launch(image=made, name="Soyuz TM-12")
    link = f'<a href="{page(type(shown), "change", shown.pk)}">Launch: Soyuz TM-12</a> (image)'
    assert link in editor.get(page(Image, "change", made.pk)).text


@pytest.fixture
def keep_in(settings, monkeypatch):
    """Has uploads go to a bucket at an endpoint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")

    def choose(endpoint, **options):
        options |= {"bucket_name": "pictures", "endpoint_url": endpoint, "querystring_auth": False}
        place = {"BACKEND": "spacedevs.storage.bucket.Bucket", "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "default": place}

    return choose


@pytest.fixture
def bucket(keep_in):
    """A bucket of a server that speaks S3, as the place for uploads."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket="pictures")
    s3.put_bucket_policy(Bucket="pictures", Policy=json.dumps({"Version": "2012-10-17", "Statement": [ANYONE_READS]}))
    keep_in(endpoint)
    yield f"{endpoint}/pictures/"
    server.stop()


@pytest.mark.usefixtures("no_types")
def test_upload_goes_to_a_bucket_where_one_is_set(editor, bucket, media):
    made = uploaded(editor, picture("WEBP"))
    assert made.image_url.startswith(bucket)
    with urlopen(made.thumbnail_url) as answer:
        assert answer.headers["Content-Type"] == "image/webp"
        assert Pillow.open(BytesIO(answer.read())).size == (255, 128)
    assert not any(media.iterdir())


@pytest.fixture
def store():
    """A server that takes nothing: it refuses, hangs up, or does not answer, as a test orders."""
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        order, asked = "refuse", []

        def do_PUT(self):
            self.asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.order == "hang":
                is_over.wait()
            elif self.order == "refuse":
                self.send_response(403)
                self.end_headers()
                self.wfile.write(b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")

        def log_message(self, *args):
            """Nothing: tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Handler.url = f"http://127.0.0.1:{server.server_port}"
        yield Handler
        is_over.set()
        server.shutdown()


IMPATIENT = PATIENCE.merge(Config(read_timeout=0.1))


def assert_sent_back(editor, page, typed, complaint, caplog):
    """A page came back with everything that was typed and one complaint; nothing was saved."""
    answer = editor.post(page, typed)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    kept = typed.keys() & form.fields.keys() - {"upload", "single_use"}
    assert {name: str(form[name].value()) for name in kept} == {name: str(typed[name]) for name in kept}
    assert form["single_use"].value() is True
    errors = [
        form.errors,
        *(each for formset in answer.context["inline_admin_formsets"] for each in formset.formset.errors),
    ]
    assert [each for each in errors if each] == [{"upload": [complaint]}]
    assert "Cannot store an image: " in caplog.text


@pytest.mark.parametrize("order", ["refuse", "hang up", "hang"])
def test_bucket_that_fails_costs_nothing_that_was_typed(order, editor, keep_in, store, caplog):
    store.order, store.asked[:] = order, []
    keep_in(store.url, client_config=IMPATIENT)
    typed = form(picture(), credit="Roscosmos", name="Soyuz")
    assert_sent_back(editor, page(Image, "add"), typed, uploads.UNSTORED, caplog)
    assert not Image.objects.exists()
    assert len(store.asked) == (1 if order == "refuse" else 2)


def test_bucket_that_nobody_listens_for_costs_nothing_either(editor, keep_in, caplog):
    keep_in("http://127.0.0.1:1")
    assert_sent_back(editor, page(Image, "add"), form(picture()), uploads.UNSTORED, caplog)
    assert not Image.objects.exists()


def test_bucket_is_waited_for_for_seconds():
    attempts = PATIENCE.retries["total_max_attempts"]
    assert attempts * (PATIENCE.connect_timeout + PATIENCE.read_timeout) < 30


@pytest.fixture
def full(monkeypatch):
    """A disk that takes the beginning of a file and no more."""
    monkeypatch.setattr(
        "django.core.files.locks.lock", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    )


def test_full_disk_costs_nothing_that_was_typed_and_leaves_no_part_of_a_file(editor, media, full, caplog):
    assert_sent_back(editor, page(Image, "add"), form(picture()), uploads.UNSTORED, caplog)
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_picture_that_cannot_be_stored_beside_a_row_keeps_the_row_as_it_was(editor, full, caplog):
    made, kind = image(name="Before"), image_variant().type
    variant = {"type": kind.pk, "image": made.pk, "upload": SimpleUploadedFile("dark.webp", picture("WEBP"))}
    typed = form(None, image_url=made.image_url, thumbnail_url=made.thumbnail_url, name="After")
    typed |= {"variants-TOTAL_FORMS": 1, **{f"variants-0-{name}": value for name, value in variant.items()}}
    assert_sent_back(editor, page(Image, "change", made.pk), typed, uploads.UNSTORED, caplog)
    made.refresh_from_db()
    assert made.name == "Before"
    assert not made.variants.exists()


def test_page_that_was_sent_back_is_saved_once_the_place_is_well(editor, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(
            default_storage, "_save", Mock(side_effect=PermissionError(errno.EROFS, "Read-only file system"))
        )
        assert uploaded(editor, picture()) is None
    assert stored(editor, uploaded(editor, picture()).image_url).size == (600, 300)
