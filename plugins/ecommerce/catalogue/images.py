"""Validation of downloaded images, and their thumbnails, by Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from ecommerce.sources.product_catalogue.download import UnusablePicture

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""File endings by accepted format, which the content determines."""
MAX_PIXELS = 40_000_000
MAX_PIXELS_WEBP = 20_000_000
"""Fewer, because the WebP decoder keeps four copies of an image."""
THUMBNAIL_PIXELS = 96
"""Of the longer side."""

_STRIP = 16
"""Rows of a reduced image that are created at once."""


class CheckedImage(NamedTuple):
    """The file ending of a valid image, and its thumbnail, a PNG without metadata."""

    ending: str
    thumbnail: bytes


def examine(data: bytes) -> CheckedImage:
    """Decode an image; raise UnusablePicture where it is none, is damaged, or has too many pixels.

    Call this in one thread only: a decoded image takes up to 330 MB, whatever the file's size, and the C
    library keeps memory for each thread that has decoded one.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=tuple(ENDINGS)) as image:
            kind = str(image.format)
            limit = MAX_PIXELS_WEBP if kind == "WEBP" else MAX_PIXELS
            if image.width * image.height > limit:
                raise _too_many_pixels(limit)
            image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))  # JPEG decodes fewer pixels
            image.load()
            small = _reduced(image)
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        small = ImageOps.exif_transpose(small)
    except UnusablePicture:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(MAX_PIXELS) from None
    except UnidentifiedImageError:
        raise UnusablePicture("its content is no JPEG, PNG, WebP or GIF picture") from None
    except Exception:  # Pillow's decoders raise any type for damaged files
        raise UnusablePicture("it is damaged") from None
    bare = Image.new(small.mode, small.size)
    bare.paste(small)
    png = io.BytesIO()
    bare.save(png, "PNG", optimize=True)
    return CheckedImage(ENDINGS[kind], png.getvalue())


def _too_many_pixels(limit: int) -> UnusablePicture:
    return UnusablePicture(f"it has more than {limit // 1_000_000} million pixels")


def _reduced(image: Image) -> Image:
    """Return the image as RGB or RGBA, at most eight times the thumbnail's side.

    It works in strips, because each conversion of the whole image would copy all its pixels.
    """
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
            strip = strip.convert("RGBa")  # transparent pixels do not colour their neighbours
        reduced.paste(strip.reduce(factor).convert(mode), (0, top))
    reduced.info = image.info.copy()  # includes the orientation
    return reduced
