"""Pictures from elsewhere, opened so that no file can cost more memory than MAX_PIXELS take."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image

ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}  # by format, as Pillow names it
MAX_PIXELS = 40_000_000  # of a picture, width times height
MEGAPIXELS = MAX_PIXELS // 10**6


class Unfit(Exception):
    """A file is no picture of a format that is accepted, or it is damaged or too large; `str()` says which."""


class TooLarge(Unfit):
    """A picture has more than MAX_PIXELS."""

    def __init__(self):
        super().__init__(f"has more than {MEGAPIXELS} megapixels")


def kind_of(picture: Image.Image) -> str:
    """The format of a picture, a key of ENDINGS: some cameras put several JPEG pictures into one file (MPO)."""
    return "JPEG" if picture.format == "MPO" else str(picture.format)


@contextmanager
def opened(file: BinaryIO, formats: Collection[str] = tuple(ENDINGS)) -> Iterator[Image.Image]:
    """The picture in a file, none of its pixels read yet.

    Raises Unfit, also for whatever Pillow finds wrong while the context reads the picture."""
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
        raise Unfit("is no picture, or a damaged one") from error
