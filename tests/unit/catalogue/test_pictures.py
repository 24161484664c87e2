"""What is taken for a picture, and what thumbnails hold."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from ecommerce.catalogue.pictures import THUMBNAIL_PIXELS, examine
from ecommerce.sources.product_catalogue.download import UnusablePicture
from tests.website import drawn

SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def thumbnail(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(examine(data).thumbnail))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")],
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


@pytest.mark.parametrize(
    ("width", "height"), [(8_000, 8_000), (30_000, 30_000), (65_000, 65_000)]
)
def test_a_bomb_is_not_unpacked(width: int, height: int) -> None:
    with pytest.raises(UnusablePicture, match="more than 20 million pixels"):
        examine(bomb(width, height))


def test_a_thumbnail_is_small_and_keeps_its_proportions() -> None:
    assert thumbnail(drawn("a", size=(400, 200))).size == (
        THUMBNAIL_PIXELS,
        THUMBNAIL_PIXELS // 2,
    )
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


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "I;16"])
def test_pictures_in_all_kinds_of_colours(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (50, 40)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    assert thumbnail(written.getvalue()).size == (50, 40)


def test_the_same_picture_makes_the_same_thumbnail() -> None:
    assert examine(drawn("a")).thumbnail == examine(drawn("a")).thumbnail


def turned(width: int, height: int) -> bytes:
    """A PNG of one colour, half transparent, that its EXIF data turn by 90 degrees; made row by row."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    row = b"\0" + bytes((200, 30, 40, 128)) * width
    pixels = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    exif = Image.Exif()
    exif[0x0112] = 6
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"eXIf", exif.tobytes()[6:]),
        (b"IDAT", pixels),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def test_a_large_picture_is_made_small_as_a_small_one_is() -> None:
    small = thumbnail(turned(2_000, 1_000))
    assert (small.mode, small.size) == ("RGBA", (48, 96))
    assert small.getextrema() == ((199, 199), (29, 29), (39, 39), (128, 128))
    assert thumbnail(turned(20_000, 1)).size == (1, 96)


def test_a_reduced_picture_keeps_its_drawing() -> None:
    drawing = Image.radial_gradient("L").resize((1_800, 1_200))
    written = io.BytesIO()
    drawing.save(written, "PNG")
    whole = drawing.convert("RGB")
    whole.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    difference = ImageChops.difference(
        thumbnail(written.getvalue()).convert("RGB"), whole
    )
    assert max(most for _, most in difference.getextrema()) <= 3


FETCH = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from ecommerce.catalogue import pictures
from ecommerce.sources.product_catalogue.download import Validators
from ecommerce.storage.kept_files import Store

data, store = Path(sys.argv[1]).read_bytes(), Store(f"file://{sys.argv[2]}")
pictures.download = lambda *_: SimpleNamespace(data=data, validators=Validators())
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fetcher, before = pictures.Fetcher(store, (), datetime.now(UTC), pictures.Limits()), peak()
products = [SimpleNamespace(image_url=f"https://{number}.example.com/a.png") for number in range(4)]
found = pictures.fetch_all(fetcher, products, {})
assert all(isinstance(each, dict) for each in found.values()), found
unit = 1 if sys.platform == "darwin" else 1024
print((peak() - before) * unit // 1_000_000)
"""


def test_large_pictures_are_decoded_one_by_one(
    tmp_path: Path, repository: Path
) -> None:
    """One of them has 77 MB of pixels; a worker's task may take 700 MB."""
    (tmp_path / "picture.png").write_bytes(turned(4_400, 4_400))
    done = subprocess.run(
        [sys.executable, "-c", FETCH, str(tmp_path / "picture.png"), str(tmp_path)],
        env={
            "PYTHONPATH": str(repository / "plugins"),
            "HOME": str(tmp_path),
            "AIRFLOW_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) < 300
