"""The fonts of all documents and charts. They come with Python packages and with include/fonts, never from
the system, so that a document has the same bytes on every machine.

DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Armenian) is part of matplotlib, Noto Sans CJK
(Chinese, Japanese, Korean) and Noto Sans Devanagari from PyPI; Noto Emoji, in one colour, is on npm only and
lies in include/fonts. The last family has a box for every other letter, which names its script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from ecommerce.core.paths import INCLUDE

FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Emoji",
    "Noto Sans Devanagari",
    "Last Resort High-Efficiency",
)
"""In this order: a letter is printed in the first that has it."""
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\U000f0000-\U0010ffff]"
)
"""Letters that mean nothing to anybody: neither PDF/A nor XML may have them."""
_EMOJI = FAMILIES[2]
_JOINS_THE_NEXT = "\N{ZERO WIDTH JOINER}"
_JOINS = (
    (0xFE00, 0xFE0F),  # variation selectors
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # tags, of flags of regions
)


def folders() -> list[Path]:
    """Where the font files are."""
    return list(dict.fromkeys(path.parent for path in paths().values()))


@cache
def paths() -> dict[str, Path]:
    """The file of each family's regular style."""
    import matplotlib as mpl

    bundled = Path(mpl.get_data_path()) / "fonts" / "ttf"
    cjk, devanagari = (
        Path(str(files(package))) for package in ("noto_cjk_sans_jp_regular", "fontpkg_noto_sans_devanagari")
    )
    found = (
        bundled / "DejaVuSans.ttf",
        cjk / "NotoSansCJKjp-Regular.otf",
        INCLUDE / "fonts" / "NotoEmoji-Regular.ttf",
        devanagari / "files" / "NotoSansDevanagari[wdth,wght].ttf",
        bundled / "LastResortHE-Regular.ttf",
    )
    return dict(zip(FAMILIES, found, strict=True))


def one_for(text: str) -> str:
    """The first family that has all of `text`; empty where none has."""
    return next((each for each in FAMILIES[:-1] if all(_has(each, letter) for letter in text)), "")


@cache
def announce() -> None:
    """Register the fonts with matplotlib; their only style serves for bold letters too."""
    from matplotlib.font_manager import fontManager

    for family, path in paths().items():
        if family != FAMILIES[0]:
            fontManager.addfont(path)
            fontManager.ttflist.append(replace(fontManager.ttflist[-1], weight=700))


def runs(text: str) -> Iterator[tuple[str, str]]:
    """`text` cut where another family begins: family and piece each. What is joined to one sign, such as a
    family of emoji, is not cut."""
    families: list[str] = []
    for place, letter in enumerate(text):
        if families and (_joins(letter) or text[place - 1] == _JOINS_THE_NEXT):
            families.append(families[-1])
        else:
            families.append(_first_with(letter))
    for family, pairs in groupby(zip(families, text, strict=True), key=lambda pair: pair[0]):
        yield family, "".join(letter for _, letter in pairs)


def printable(text: str) -> str:
    """`text` with the replacement character for what cannot be printed, and without byte order marks."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\ufeff", ""))


def _first_with(letter: str) -> str:
    return next((each for each in FAMILIES[:-1] if _has(each, letter)), FAMILIES[-1])


def _has(family: str, letter: str) -> bool:
    # It has figures and a wide blank, for emoji of keys.
    return ord(letter) in _letters(family) and not (family == _EMOJI and letter.isascii())


def _joins(letter: str) -> bool:
    return (
        letter == _JOINS_THE_NEXT
        or unicodedata.category(letter) in ("Mn", "Mc", "Me")
        or any(first <= ord(letter) <= last for first, last in _JOINS)
    )


@cache
def _letters(family: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(paths()[family])).get_charmap())
