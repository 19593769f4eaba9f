"""Pictures of elsewhere, copied into our own storage.

A row keeps the absolute address of its picture. Once that was copied, the row has the address that the copy has
here, and answers that bring the other one again change nothing."""

import ipaddress
import socket
import warnings
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from urllib.parse import urljoin

import httpx
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from . import media
from .models import FetchedPicture
from .representations import components

COLUMNS = "image_url", "thumbnail_url"
ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}
MOST_PIXELS = 40_000_000
TIMEOUTS = httpx.Timeout(30)


class Unfit(Exception):
    """What an address leads to is no picture that we keep, and why."""


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
    """The addresses of pictures that were not copied yet; with `again` also those that failed."""
    known = FetchedPicture.objects.all()
    ours = set(known.exclude(address="").values_list("address", flat=True))
    tried = set() if again else set(known.filter(address="").values_list("given", flat=True))
    found = {}
    for model in sorted({cls.Meta.model for cls in components()}, key=lambda model: model._meta.label):
        for name in picture_columns(model):
            found |= dict.fromkeys(model._base_manager.order_by("pk").values_list(name, flat=True))
    return (address for address in found if address and address not in ours and address not in tried)


class Fetcher:
    """Copies pictures, none of more bytes than it is told."""

    def __init__(self, most_bytes, anywhere=False):
        self.most_bytes = most_bytes
        hooks = {"request": [] if anywhere else [only_public]}  # asked before each hop of a redirect, too
        self.client = httpx.Client(follow_redirects=True, max_redirects=5, timeout=TIMEOUTS, event_hooks=hooks)

    def fetch(self, given) -> FetchedPicture:
        """Copies a picture, has all rows that show it show the copy, and notes that it did or why it could not."""
        try:
            body = self.download(given)
            kind = kind_of(body)
        except (Unfit, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            note = {"failure": str(error)[:255] or type(error).__name__}
            return FetchedPicture.objects.update_or_create(given=given, defaults=note)[0]
        name = store(body, kind)
        address = urljoin(settings.PUBLIC_URL, default_storage.url(name))
        with transaction.atomic():
            note = {"name": name, "address": address, "failure": ""}
            show(given, address)
            return FetchedPicture.objects.update_or_create(given=given, defaults=note)[0]

    def download(self, given) -> bytes:
        body = bytearray()
        with self.client.stream("GET", given) as response:
            if response.status_code != httpx.codes.OK:
                raise Unfit(f"answers {response.status_code}")
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self.most_bytes:
                    raise Unfit(f"has more than {self.most_bytes} bytes")
        return bytes(body)


def only_public(request):
    """Refuses addresses inside our own network, which only somebody outside would want asked."""
    if request.url.scheme not in ("http", "https"):
        raise Unfit("is no address of the web")
    for *_, (address, *_) in socket.getaddrinfo(request.url.host, None, type=socket.SOCK_STREAM):
        if not ipaddress.ip_address(address).is_global:
            raise Unfit(f"leads to {address}, which is not public")


def kind_of(body) -> str:
    """The format of a picture, once it is sure that it is one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(body), formats=[*ENDINGS])
            if picture.width * picture.height > MOST_PIXELS:
                raise Unfit(f"has more than {MOST_PIXELS // 10**6} megapixels")
            kind = picture.format
            picture.verify()
            Image.open(BytesIO(body), formats=[kind]).load()  # verify looks at a part of some formats only
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise Unfit("is no picture, or a damaged one") from error
    return kind


def store(body, kind) -> str:
    """The name of a file in our storage: the same for the same bytes, so nothing is kept twice."""
    digest = sha256(body).hexdigest()
    name = f"fetched/{digest[:2]}/{digest}.{ENDINGS[kind]}"
    return name if default_storage.exists(name) else media.save(name, body)


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
