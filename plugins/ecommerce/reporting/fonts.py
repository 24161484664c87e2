"""The fonts of all documents and charts. They are part of Python packages and of include/fonts, never of the
system, so that a document has the same bytes on every machine.

DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Armenian) is part of matplotlib, Noto Sans CJK
(Chinese, Japanese, Korean) and Noto Sans Devanagari are on PyPI; Noto Emoji, in one colour, is on npm only
and lies in include/fonts. The last family has a box for every other letter, which names its script.
"""

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
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
"""Neither PDF/A nor XML may have these."""


@cache
def paths() -> dict[str, Path]:
    """Return the file of each family's regular style."""
    import matplotlib as mpl

    bundled = Path(mpl.get_data_path()) / "fonts" / "ttf"
    cjk, devanagari = (
        Path(str(files(package))) for package in ("noto_cjk_sans_jp_regular", "fontpkg_noto_sans_devanagari")
    )
    font_files = (
        bundled / "DejaVuSans.ttf",
        cjk / "NotoSansCJKjp-Regular.otf",
        INCLUDE / "fonts" / "NotoEmoji-Regular.ttf",
        devanagari / "files" / "NotoSansDevanagari[wdth,wght].ttf",
        bundled / "LastResortHE-Regular.ttf",
    )
    return dict(zip(FAMILIES, font_files, strict=True))


@cache
def announce() -> None:
    """Register the fonts with matplotlib; their only style serves for bold letters too."""
    from matplotlib.font_manager import fontManager

    for family, path in paths().items():
        if family != FAMILIES[0]:
            fontManager.addfont(path)
            fontManager.ttflist.append(replace(fontManager.ttflist[-1], weight=700))


def printable(text: str) -> str:
    """Replace what cannot be printed by the replacement character, and remove byte order marks."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\ufeff", ""))
