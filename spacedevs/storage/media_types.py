"""Media types of stored images, by file extension, independent of the machine's configuration."""

from pathlib import PurePath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


def type_of(name) -> str:
    """The media type of a file."""
    return TYPES.get(PurePath(name).suffix, "application/octet-stream")


def save(name, content: bytes) -> str:
    """Stores a file; returns the name that it has then."""
    file = ContentFile(content)
    file.content_type = type_of(name)  # remote storage stores it with the file
    return default_storage.save(name, file)
