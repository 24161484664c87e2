"""Validation of downloaded images, and their thumbnails, by Pillow."""

import io
from typing import NamedTuple

from ecommerce.sources.product_catalogue.download import UnusablePicture

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""File endings by accepted format, which the content determines."""
MAX_PIXELS = 20_000_000
THUMBNAIL_PIXELS = 96
"""Of the longer side."""


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

    too_many = f"it has more than {MAX_PIXELS // 1_000_000} million pixels"
    try:
        with Image.open(io.BytesIO(data), formats=tuple(ENDINGS)) as image:
            kind = str(image.format)
            if image.width * image.height > MAX_PIXELS:
                raise UnusablePicture(too_many)
            image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))  # JPEG decodes fewer pixels
            has_alpha = "A" in image.getbands() or "transparency" in image.info
            small = image.convert("RGBA" if has_alpha else "RGB")
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        small = ImageOps.exif_transpose(small)
    except UnusablePicture:
        raise
    except Image.DecompressionBombError:
        raise UnusablePicture(too_many) from None
    except UnidentifiedImageError:
        raise UnusablePicture("its content is no JPEG, PNG, WebP or GIF picture") from None
    except Exception:  # Pillow's decoders raise any type for damaged files
        raise UnusablePicture("it is damaged") from None
    bare = Image.new(small.mode, small.size)
    bare.paste(small)
    png = io.BytesIO()
    bare.save(png, "PNG", optimize=True)
    return CheckedImage(ENDINGS[kind], png.getvalue())
