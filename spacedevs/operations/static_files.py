"""Static files with ETags that are the same on every server of a release."""

from hashlib import blake2b
from pathlib import Path


def tag(headers, path, url):
    """Derives the ETag of a file from its content, while WhiteNoise's depends on the time of collection.

    The tag is weak, because a compressed file has the tag of the original."""
    headers["ETag"] = f'W/"{blake2b(Path(path).read_bytes(), digest_size=15).hexdigest()}"'
