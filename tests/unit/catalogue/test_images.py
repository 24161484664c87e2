"""What is taken for a picture, and what thumbnails hold."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from ecommerce.catalogue.addresses import UnusablePicture
from ecommerce.catalogue.images import THUMBNAIL_PIXELS, examine
from tests.website import drawn

SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def thumbnail(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(examine(data).thumbnail))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")]
)
def test_the_file_is_named_by_what_it_is(kind: str, ending: str) -> None:
    assert examine(drawn("a", kind)).ending == ending


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>404</body></html>",
        SCRIPT,
        b"%PDF-1.7",
        b"GIF8",
        drawn("a", "TIFF"),
        drawn("a", "BMP"),
    ],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(data: bytes) -> None:
    with pytest.raises(UnusablePicture, match=r"no JPEG, PNG, WebP or GIF|damaged"):
        examine(data)


def test_a_picture_that_is_cut_off_is_damaged() -> None:
    with pytest.raises(UnusablePicture, match="damaged"):
        examine(drawn("a")[:-200])


@pytest.mark.parametrize(("width", "height"), [(8_000, 8_000), (30_000, 30_000), (65_000, 65_000)])
def test_a_bomb_is_not_unpacked(width: int, height: int) -> None:
    with pytest.raises(UnusablePicture, match="more than 40 million pixels"):
        examine(bomb(width, height))


def test_a_thumbnail_is_small_and_keeps_its_proportions() -> None:
    assert thumbnail(drawn("a", size=(400, 200))).size == (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS // 2)
    assert thumbnail(drawn("a", size=(10, 20))).size == (10, 20)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_thumbnail_has_nothing_of_the_camera(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home, 5 Private Road"
    data = drawn("a", kind, exif=exif)
    assert b"Private Road" in data
    small = examine(data).thumbnail
    assert b"Private Road" not in small
    assert not thumbnail(data).getexif()


def test_a_picture_that_was_taken_upright_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    assert thumbnail(drawn("a", "JPEG", size=(200, 100), exif=exif)).size == (48, 96)


def test_what_is_transparent_stays_so() -> None:
    assert thumbnail(drawn("a", mode="RGBA")).mode == "RGBA"
    assert thumbnail(drawn("a", "GIF")).mode == "RGB"


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "I;16"])
def test_pictures_in_all_kinds_of_colours(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (50, 40)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    assert thumbnail(written.getvalue()).size == (50, 40)


def test_the_same_picture_makes_the_same_thumbnail() -> None:
    assert examine(drawn("a")).thumbnail == examine(drawn("a")).thumbnail
