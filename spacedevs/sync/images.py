"""Copies images from other servers into our storage.

A row stores the absolute URL of its image. After copying, the row has the URL of the copy, and later imports of the
original URL do not change it."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from urllib.parse import urljoin

import httpx
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from spacedevs.api.serializers import components
from spacedevs.storage import media_types
from spacedevs.storage.pictures import ENDINGS, Unfit, kind_of, opened

from .console import one_line
from .models import FetchedPicture
from .outbound import Client, Forbidden, Oversized, Unreadable, anywhere, body_of, is_public

COLUMNS = "image_url", "thumbnail_url"
REDIRECTS = 5
UNSTORED = "could not be stored"  # the prefix of failures that the image did not cause


def picture_columns(model) -> list[str]:
    """The columns of a table with URLs of images."""
    return [field.name for field in model._meta.concrete_fields if field.name in COLUMNS]


def keep_ours(rows_of: dict[type, list[dict]]):
    """Replaces imported URLs by those of our copies, by table."""
    places = [(row, name) for model, rows in rows_of.items() for name in picture_columns(model) for row in rows]
    given = {address for row, name in places if (address := row.get(name))}
    if not given or not FetchedPicture.objects.exists():
        return
    copied = FetchedPicture.objects.filter(given__in=given).exclude(address="")
    ours = dict(copied.values_list("given", "address"))
    for row, name in places:
        if row.get(name) in ours:
            row[name] = ours[row[name]]


def wanted(again=False) -> Iterator[str]:
    """The URLs of images that are not copied yet; with `again` also of those that failed."""
    known = FetchedPicture.objects.all()
    ours = set(known.exclude(address="").values_list("address", flat=True))
    failed = known.filter(address="").exclude(failure__startswith=UNSTORED)
    tried = set() if again else set(failed.values_list("given", flat=True))
    found = {}
    for model in sorted({cls.Meta.model for cls in components()}, key=lambda model: model._meta.label):
        for name in picture_columns(model):
            found |= dict.fromkeys(model._base_manager.order_by("pk").values_list(name, flat=True))
    return (address for address in found if address and address not in ours and address not in tried)


class Fetcher:
    """Copies images up to a size; only from public addresses, unless configured otherwise."""

    def __init__(self, most_bytes, from_anywhere=False):
        self.most_bytes = most_bytes
        self.client = Client(anywhere if from_anywhere else is_public, redirects=REDIRECTS)

    def fetch(self, given) -> FetchedPicture:
        """Copies an image, updates all rows that show it, and records the success or the failure."""
        try:
            body = self.download(given)
            kind = checked(body)
        except (Unfit, Forbidden, Oversized, Unreadable, httpx.HTTPError, httpx.InvalidURL) as error:
            return note(given, failure=str(error) or type(error).__name__)
        try:
            name = store(body, kind)
        except OSError as error:
            return note(given, failure=f"{UNSTORED}: {error}")
        address = urljoin(settings.PUBLIC_URL, default_storage.url(name))
        with transaction.atomic():
            show(given, address)
            return note(given, name=name, address=address)

    def download(self, given) -> bytes:
        with self.client.get(given) as response:
            if response.status_code != httpx.codes.OK:
                raise Unfit(f"answers {response.status_code}")
            return body_of(response, self.most_bytes)


def note(given, failure="", **known) -> FetchedPicture:
    """Records the outcome for an image."""
    known["failure"] = one_line(failure)[:255]
    return FetchedPicture.objects.update_or_create(given=given, defaults=known)[0]


def checked(body: bytes) -> str:
    """The format of a picture, a key of ENDINGS; raises Unfit where any part of it is damaged."""
    with opened(BytesIO(body)) as picture:
        picture.verify()
    with opened(BytesIO(body)) as picture:
        picture.load()  # verify checks only a part of some formats
    return kind_of(picture)


def store(body, kind) -> str:
    """The name of a file in our storage, derived from its content, so that nothing is stored twice."""
    digest = sha256(body).hexdigest()
    name = f"fetched/{digest[:2]}/{digest}.{ENDINGS[kind]}"
    return name if default_storage.exists(name) else media_types.save(name, body)


def show(given, address):
    """Replaces a URL in every row."""
    for model in {cls.Meta.model for cls in components()}:
        for name in picture_columns(model):
            rows = model._base_manager.filter(**{name: given})
            if rows.exists():
                rows.update(**{name: address})


def move():
    """Updates the URLs of copies after a change of this server's URL."""
    for picture in FetchedPicture.objects.exclude(address=""):
        address = urljoin(settings.PUBLIC_URL, default_storage.url(picture.name))
        if address != picture.address:
            with transaction.atomic():
                show(picture.address, address)
                picture.address = address
                picture.save(update_fields=["address"])
