"""What is taken for a picture, and what thumbnails hold."""

import io
import struct
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image

from ecommerce.catalogue import pictures
from ecommerce.catalogue.download import Download, SilentHost, UnusablePicture
from ecommerce.catalogue.loading import BROKEN
from ecommerce.catalogue.pictures import (
    MOST_SILENCES,
    THUMBNAIL_PIXELS,
    Fetcher,
    examine,
)
from tests.website import drawn

SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
UPRIGHT = Image.Exif()
UPRIGHT[0x0112] = 6  # turned by 90 degrees
INSTANT = datetime(2026, 11, 20, 11, tzinfo=UTC)
AT_HOME = Image.Exif()
AT_HOME[0x010E] = "at home, 5 Private Road"


def test_a_host_that_does_not_answer_is_left_alone_after_five_pictures(monkeypatch):
    requested = []

    def download(url, *validators):
        requested.append(url)
        if "dead" in url:
            raise SilentHost("its host timed out")
        if "there" in url:
            return Download(None, None, None)
        raise UnusablePicture("its host returned HTTP 404")

    monkeypatch.setattr(pictures, "download", download)
    fetcher = Fetcher(None, {}, INSTANT)
    dead = [fetcher.fetch(f"https://dead.example/{number}") for number in range(8)]
    assert len(requested) == MOST_SILENCES == 5
    assert {row["state"] for row in dead} == {BROKEN}
    assert "did not answer for others" in dead[-1]["reason"]
    fetcher.fetch("https://alive.example/1")
    assert requested[-1] == "https://alive.example/1"
    # An answer ends a row of silences.
    for name in ("dead", "dead", "dead", "dead", "there") * 2:
        url = f"https://flaky.example/{name}"
        fetcher.fetch(url)
        assert requested[-1] == url
    assert requested.count("https://flaky.example/dead") == 8


def thumbnail(data):
    return Image.open(io.BytesIO(examine(data).thumbnail))


def bomb(width, height):
    """A PNG of a few bytes whose header names so many pixels."""
    picture = drawn("a")
    header = picture[12:16] + struct.pack(">II", width, height) + picture[24:29]
    checksum = struct.pack(">I", zlib.crc32(header))
    return picture[:12] + header + checksum + picture[33:]


def test_the_file_is_named_by_what_it_is():
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        assert examine(drawn("a", kind)).ending == kind.lower().replace("jpeg", "jpg")
    several = {"save_all": True, "append_images": [Image.new("RGB", (9, 9))]}
    assert examine(drawn("a", "MPO", **several)).ending == "jpg"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><body>404</body></html>", "no JPEG, PNG, WebP or GIF"),
        (SCRIPT, "no JPEG, PNG, WebP or GIF"),
        (drawn("a", "TIFF"), "no JPEG, PNG, WebP or GIF"),
        (drawn("a")[:-200], "is damaged"),
        (drawn("a", "JPEG", exif=b"Exif\0\0garbage!"), "is damaged"),
        (bomb(5_000, 4_001), "more than 20 million pixels"),
    ],
    ids=range(6),
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(data, reason):
    with pytest.raises(UnusablePicture, match=reason):
        examine(data)


def test_a_thumbnail_is_small_upright_and_keeps_its_proportions():
    half = THUMBNAIL_PIXELS // 2
    assert thumbnail(drawn("a", size=(400, 200))).size == (THUMBNAIL_PIXELS, half)
    assert thumbnail(drawn("a", size=(10, 20))).size == (10, 20)
    turned = drawn("a", "JPEG", size=(200, 100), exif=UPRIGHT)
    assert thumbnail(turned).size == (half, THUMBNAIL_PIXELS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_thumbnail_has_nothing_of_the_camera(kind):
    data = drawn("a", kind, exif=AT_HOME)
    assert b"Private Road" in data
    assert b"Private Road" not in examine(data).thumbnail
    assert not thumbnail(data).getexif()
