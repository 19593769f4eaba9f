"""Pictures of elsewhere come to be ours."""

import errno
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import Mock

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image as Picture

from media_assets.models import Image, ImageVariant
from spacedevs.db import dataset_version
from spacedevs.sync.importing.records import ingest, records
from spacedevs.sync.models import FetchedPicture
from tests.support import factories

pytestmark = pytest.mark.django_db


def picture(kind, **options):
    file = io.BytesIO()
    Picture.new("RGB", (3, 2), "navy").save(file, kind, **options)
    return file.getvalue()


FILES = {
    "/full.png": picture("PNG"),
    "/thumb.jpg": picture("JPEG"),
    "/variant.webp": picture("WEBP"),
    "/several.jpg": picture("MPO", save_all=True, append_images=[Picture.new("RGB", (2, 1))]),
    "/page.png": b"<html>",
    "/damaged.png": picture("PNG")[:40],
    "/large.png": picture("PNG") + b" " * 2**20,
    "/drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}


@pytest.fixture(scope="module")
def elsewhere():
    """A server of pictures, and what it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        asked = []

        def do_GET(self):
            self.asked.append(self.path)
            body = FILES.get(self.path.partition("?")[0])
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args):
            """Nothing: tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Handler.url = f"http://127.0.0.1:{server.server_port}"
        yield Handler
        server.shutdown()


@pytest.fixture(autouse=True)
def stored(settings, tmp_path, elsewhere):
    settings.MEDIA_ROOT, settings.PUBLIC_URL = tmp_path, "http://ours"
    elsewhere.asked.clear()
    return tmp_path


def fetch(**options):
    out = io.StringIO()
    call_command("fetch_images", stdout=out, **{"rate": 0, "anywhere": True, **options})
    return out.getvalue().splitlines()


@pytest.fixture
def image(elsewhere):
    image = factories.image(image_url=f"{elsewhere.url}/full.png", thumbnail_url=f"{elsewhere.url}/thumb.jpg")
    factories.image_variant(image=image, image_url=f"{elsewhere.url}/variant.webp")
    return image


def addresses():
    image, variant = Image.objects.get(), ImageVariant.objects.get()
    return [image.image_url, image.thumbnail_url, variant.image_url]


def test_pictures_are_copied_and_answers_lead_to_the_copies(image, stored):
    assert fetch()[-1] == "3 copied, 0 failed."
    names = [address.removeprefix("http://ours/media/") for address in addresses()]
    assert [(stored / name).read_bytes() for name in names] == [
        FILES["/full.png"],
        FILES["/thumb.jpg"],
        FILES["/variant.webp"],
    ]


def test_a_file_of_several_pictures_as_cameras_make_it_is_kept_as_jpeg(elsewhere):
    factories.image(image_url=f"{elsewhere.url}/several.jpg", thumbnail_url="")
    fetch()
    (kept,) = FetchedPicture.objects.all()
    assert (kept.failure, kept.name.endswith(".jpg")) == ("", True)


def test_what_was_copied_is_not_asked_for_again(image, elsewhere):
    fetch(most=2)
    assert len(elsewhere.asked) == 2
    fetch()
    assert sorted(elsewhere.asked) == ["/full.png", "/thumb.jpg", "/variant.webp"]
    before = dataset_version.current()
    assert fetch() == ["0 copied, 0 failed."]
    assert dataset_version.current() == before


REFUSALS = {
    "a full disk": OSError(errno.ENOSPC, "No space left on device"),
    "a folder that lets nobody write": PermissionError(errno.EROFS, "Read-only file system"),
    "a bucket that refuses": OSError("the bucket fails: An error occurred (AccessDenied)"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_stored_is_noted_and_tried_again_in_the_next_run(name, image, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(default_storage, "_save", Mock(side_effect=REFUSALS[name]))
        told = fetch()
    assert [line.partition(" could not be stored: ")[2] for line in told] == [*[str(REFUSALS[name])] * 3, ""]
    assert told[-1] == "0 copied, 3 failed."
    assert FetchedPicture.objects.filter(address="", failure__startswith="could not be stored").count() == 3
    assert fetch()[-1] == "3 copied, 0 failed."


def test_one_picture_that_cannot_be_stored_keeps_no_other(image, monkeypatch):
    save, refusals = default_storage._save, iter([REFUSALS["a full disk"]])

    def save_but_the_first(*arguments):
        for refusal in refusals:
            raise refusal
        return save(*arguments)

    monkeypatch.setattr(default_storage, "_save", save_but_the_first)
    assert fetch()[-1] == "2 copied, 1 failed."


def test_no_more_is_fetched_for_a_store_that_takes_nothing(elsewhere, monkeypatch):
    for number in range(20):
        factories.image(
            image_url=f"{elsewhere.url}/full.png?{number}", thumbnail_url=f"{elsewhere.url}/thumb.jpg?{number}"
        )
    monkeypatch.setattr("spacedevs.sync.images.store", Mock(side_effect=REFUSALS["a full disk"]))
    with pytest.raises(
        CommandError, match=r"^10 images in a row could not be stored: .* Run this command again to resume\.$"
    ):
        fetch()
    assert len(elsewhere.asked) == 10


def test_a_file_is_there_as_a_whole_or_not_at_all(image, stored, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr("django.core.files.locks.lock", Mock(side_effect=REFUSALS["a full disk"]))
        assert fetch()[-1] == "0 copied, 3 failed."
    assert not [path for path in stored.rglob("*") if path.is_file()]
    fetch()
    assert sorted(path.read_bytes() for path in stored.rglob("*") if path.is_file()) == sorted(
        FILES[name] for name in ("/full.png", "/thumb.jpg", "/variant.webp")
    )


def test_an_answer_that_brings_the_old_address_again_changes_nothing(image, get):
    agency = factories.agency(image=image)
    recorded = get(f"agencies/{agency.pk}/")
    fetch()
    now = get(f"agencies/{agency.pk}/")
    assert now["image"]["image_url"].startswith("http://ours/media/fetched/")
    rows = ingest(records("recorded", recorded)).rows
    assert {fate for (_, fate), count in rows.items() if count} == {"unchanged"}
    assert get(f"agencies/{agency.pk}/") == now


BAD = {
    "page.png": "is not a valid image",
    "damaged.png": "is not a valid image",
    "drawing.svg": "is not a valid image",
    "large.png": "has more than 1048576 bytes",
    "nowhere.png": "answers 404",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_left_where_it_is_and_tried_once(name, image, elsewhere):
    Image.objects.update(image_url=f"{elsewhere.url}/{name}")
    assert fetch(most_mb=1)[-1] == "2 copied, 1 failed."
    assert FetchedPicture.objects.exclude(failure="").get().failure == BAD[name]
    assert Image.objects.get().image_url == f"{elsewhere.url}/{name}"
    assert fetch(most_mb=1)[-1] == "0 copied, 0 failed."
    assert fetch(most_mb=1, again=True)[-1] == "0 copied, 1 failed."


def test_nothing_is_asked_inside_our_own_network(image, elsewhere):
    told = fetch(anywhere=False)
    assert [line.partition(" ")[2] for line in told[:-1]] == [
        f"of 3: {address} resolves to 127.0.0.1, which is not public" for address in sorted_as_told(told)
    ]
    assert told[-1] == "0 copied, 3 failed."
    assert elsewhere.asked == []


def sorted_as_told(told):
    return [line.split()[3] for line in told[:-1]]


@pytest.mark.parametrize(
    "address", ["http://", "http://[::1", "ftp://example.org/a.png", "http://" + "a" * 300 + "/", "no address"]
)
def test_an_address_that_is_none_is_noted(address, image):
    Image.objects.update(image_url=address)
    assert fetch()[-1] == "2 copied, 1 failed."
    assert FetchedPicture.objects.get(address="").given == address


def test_copies_move_with_the_address_of_the_server(image, settings):
    fetch()
    settings.PUBLIC_URL = "https://example.org"
    fetch()
    assert all(address.startswith("https://example.org/media/fetched/") for address in addresses())
