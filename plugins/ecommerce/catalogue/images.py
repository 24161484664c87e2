"""What Pillow makes of downloaded bytes: is it a picture, of which format, and how does it look small."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecommerce.sources.product_catalogue.urls import UnusablePicture

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""The formats that are taken; each file's name ends by what it really is."""
MOST_PIXELS = 40_000_000
MOST_PIXELS_OF_WEBP = 20_000_000
"""Less, because its decoder holds four copies of a picture."""
THUMBNAIL_PIXELS = 96
"""Of the longer side."""

_STRIP = 16
"""Rows of a reduced picture that are made at once."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`ending` of the original's file name, and its thumbnail: a PNG without anything but pixels."""

    ending: str
    thumbnail: bytes


def examine(data: bytes) -> Picture:
    """Decode a picture. Call it in one thread only: a decoded picture takes up to 330 MB, whatever the file's
    size, and the C library keeps memory for each thread that has decoded one.

    Raises:
        UnusablePicture: it is none, damaged, or has too many pixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=tuple(ENDINGS)) as image:
            kind = str(image.format)
            most = MOST_PIXELS_OF_WEBP if kind == "WEBP" else MOST_PIXELS
            if image.width * image.height > most:
                raise _too_many(most)
            image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))  # JPEG decodes to less
            image.load()
            small = _reduced(image)
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        small = ImageOps.exif_transpose(small)
    except UnusablePicture:
        raise
    except Image.DecompressionBombError:
        raise _too_many(MOST_PIXELS) from None
    except UnidentifiedImageError:
        raise UnusablePicture("its content is no JPEG, PNG, WebP or GIF picture") from None
    except Exception:  # Pillow's decoders raise whatever comes up in damaged files
        raise UnusablePicture("it is damaged") from None
    bare = Image.new(small.mode, small.size)
    bare.paste(small)
    written = io.BytesIO()
    bare.save(written, "PNG", optimize=True)
    return Picture(ENDINGS[kind], written.getvalue())


def _too_many(most: int) -> UnusablePicture:
    return UnusablePicture(f"it has more than {most // 1_000_000} million pixels")


def _reduced(image: Image) -> Image:
    """The picture as RGB or RGBA, with at most eight times the thumbnail's side; strip after strip, because
    each conversion of the whole picture would copy all its pixels."""
    from PIL import Image

    has_alpha = "A" in image.getbands() or "transparency" in image.info
    mode = "RGBA" if has_alpha else "RGB"
    factor = max(image.size) // (4 * THUMBNAIL_PIXELS)
    if factor < 2:
        return image.convert(mode)
    width, height = image.size
    reduced = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, reduced.height, _STRIP):
        end = min((top + _STRIP) * factor, height)
        strip = image.crop((0, top * factor, width, end)).convert(mode)
        if has_alpha:
            strip = strip.convert("RGBa")  # what is transparent lends no colour to its neighbours
        reduced.paste(strip.reduce(factor).convert(mode), (0, top))
    reduced.info = image.info.copy()  # with the orientation
    return reduced
