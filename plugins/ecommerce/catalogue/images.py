"""What Pillow makes of downloaded bytes: is it a picture, of which format, and how does it look small."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

from ecommerce.catalogue.addresses import UnusablePicture

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""The formats that are taken; each file's name ends by what it really is."""
MOST_PIXELS = 40_000_000
THUMBNAIL_PIXELS = 96
"""Of the longer side."""

_decoding = threading.Semaphore(2)
"""A decoded picture takes up to 160 MB, whatever the file's size; downloads go on meanwhile."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`ending` of the original's file name, and its thumbnail: a PNG without anything but pixels."""

    ending: str
    thumbnail: bytes


def examine(data: bytes) -> Picture:
    """Decode a picture.

    Raises:
        UnusablePicture: it is none, damaged, or has too many pixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with _decoding:
        try:
            with Image.open(io.BytesIO(data), formats=tuple(ENDINGS)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise UnusablePicture(f"it has more than {MOST_PIXELS // 1_000_000} million pixels")
                kind = str(image.format)
                image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))  # JPEG decodes to less
                image.load()
                upright = ImageOps.exif_transpose(image)
                has_alpha = "A" in upright.getbands() or "transparency" in upright.info
                small = upright.convert("RGBA" if has_alpha else "RGB")
                small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        except UnusablePicture:
            raise
        except Image.DecompressionBombError:
            raise UnusablePicture(f"it has more than {MOST_PIXELS // 1_000_000} million pixels") from None
        except UnidentifiedImageError:
            raise UnusablePicture("its content is no JPEG, PNG, WebP or GIF picture") from None
        except Exception:  # Pillow's decoders raise whatever comes up in damaged files
            raise UnusablePicture("it is damaged") from None
        bare = Image.new(small.mode, small.size)
        bare.paste(small)
        written = io.BytesIO()
        bare.save(written, "PNG", optimize=True)
    return Picture(ENDINGS[kind], written.getvalue())
