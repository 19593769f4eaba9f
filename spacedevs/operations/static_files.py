"""Static files are the same on every server of a release, so their ETags are too."""

from hashlib import blake2b
from pathlib import Path


def tag(headers, path, url):
    """Gives a file a tag of its content, instead of WhiteNoise's of when it was collected on this server.

    It is a weak one, for a compressed file has the tag of the one that it was made from."""
    headers["ETag"] = f'W/"{blake2b(Path(path).read_bytes(), digest_size=15).hexdigest()}"'
