"""Pictures of elsewhere, copied into our own storage.

A row keeps the absolute address of its picture. Once that was copied, the row has the address that the copy has
here, and answers that bring the other one again change nothing."""

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
UNSTORED = "could not be stored"  # how failures begin that are no fault of a picture


def picture_columns(model) -> list[str]:
    """The columns of a table that hold addresses of pictures."""
    return [field.name for field in model._meta.concrete_fields if field.name in COLUMNS]


def keep_ours(rows_of: dict[type, list[dict]]):
    """Puts the addresses of our copies for those that answers bring, by table."""
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
    """The addresses of pictures that were not copied yet; with `again` also those that failed by their own fault."""
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
    """Copies pictures, none of more bytes than it is told; only from the internet, unless told otherwise."""

    def __init__(self, most_bytes, from_anywhere=False):
        self.most_bytes = most_bytes
        self.client = Client(anywhere if from_anywhere else is_public, redirects=REDIRECTS)

    def fetch(self, given) -> FetchedPicture:
        """Copies a picture, has all rows that show it show the copy, and notes that it did or why it could not."""
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
    """Notes what became of a picture."""
    known["failure"] = one_line(failure)[:255]
    return FetchedPicture.objects.update_or_create(given=given, defaults=known)[0]


def checked(body: bytes) -> str:
    """The format of a picture, a key of ENDINGS; raises Unfit where any part of it is damaged."""
    with opened(BytesIO(body)) as picture:
        picture.verify()
    with opened(BytesIO(body)) as picture:
        picture.load()  # verify looks at a part of some formats only
    return kind_of(picture)


def store(body, kind) -> str:
    """The name of a file in our storage: the same for the same bytes, so nothing is kept twice."""
    digest = sha256(body).hexdigest()
    name = f"fetched/{digest[:2]}/{digest}.{ENDINGS[kind]}"
    return name if default_storage.exists(name) else media_types.save(name, body)


def show(given, address):
    """Has every row that shows one address show another."""
    for model in {cls.Meta.model for cls in components()}:
        for name in picture_columns(model):
            rows = model._base_manager.filter(**{name: given})
            if rows.exists():
                rows.update(**{name: address})


def move():
    """Gives copies that were made when this server had another address the one that they have now."""
    for picture in FetchedPicture.objects.exclude(address=""):
        address = urljoin(settings.PUBLIC_URL, default_storage.url(picture.name))
        if address != picture.address:
            with transaction.atomic():
                show(picture.address, address)
                picture.address = address
                picture.save(update_fields=["address"])
