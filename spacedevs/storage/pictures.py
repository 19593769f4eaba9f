"""Opens untrusted images; no file can need more memory than MAX_PIXELS."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image

ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}  # by Pillow's name of the format
MAX_PIXELS = 40_000_000  # width times height
MEGAPIXELS = MAX_PIXELS // 10**6


class Unfit(Exception):
    """The file is not an image in an accepted format, is damaged or too large; `str()` tells which."""


class TooLarge(Unfit):
    """The image has more than MAX_PIXELS."""

    def __init__(self):
        super().__init__(f"has more than {MEGAPIXELS} megapixels")


def kind_of(picture: Image.Image) -> str:
    """The format of an image, a key of ENDINGS; MPO, several JPEG images in one file, counts as JPEG."""
    return "JPEG" if picture.format == "MPO" else str(picture.format)


@contextmanager
def opened(file: BinaryIO, formats: Collection[str] = tuple(ENDINGS)) -> Iterator[Image.Image]:
    """The image in a file, before its pixels are read.

    Raises Unfit, also for errors of Pillow while the context reads the image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(file, formats=[*formats])
            if picture.width * picture.height > MAX_PIXELS:
                raise TooLarge
            yield picture
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooLarge from error
    except (OSError, SyntaxError, ValueError) as error:  # all that Pillow's readers raise
        raise Unfit("is not a valid image") from error
