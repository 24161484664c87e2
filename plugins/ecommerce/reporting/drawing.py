"""What the charts of all documents share: fonts, colours, how they are saved, and labels that fit.

The fonts are part of Python packages and of include/fonts, never of the system, so that a document has the
same bytes on every machine. DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Armenian) is part
of matplotlib, Noto Sans CJK (Chinese, Japanese, Korean) and Noto Sans Devanagari are on PyPI; Noto Emoji, in
one colour, is on npm only and lies in include/fonts. The last family has a box for every other letter, which
names its script.

matplotlib shapes text and writes it into SVG files as outlines, so a chart needs no font where it is shown.
The colours differ in lightness as well as in hue, so charts can be read in grey and by the colour-blind.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ecommerce.core.paths import INCLUDE
from ecommerce.core.text import MINUS, words_locale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
INK, MUTED, GRID = "#1f2933", "#6b7785", "#e3e7eb"
STRONG, PALE, FAINT, SIGNAL = "#12486b", "#a9bccd", "#dbe5ee", "#b4551d"
"""The colours of all charts."""
TEXT_POINTS = 7.0
MILLIMETRE, POINTS = 1 / 25.4, 72 / 25.4
"""A millimetre in inches, and in points."""
_LONGEST_LABEL = 100
"""Characters; no label this long fits anywhere, and measuring a longer one takes long."""


@cache
def font_paths() -> dict[str, Path]:
    """Return the file of each family's regular style."""
    import matplotlib as mpl

    bundled = Path(mpl.get_data_path()) / "fonts" / "ttf"
    cjk, devanagari = (
        Path(str(files(package)))
        for package in ("noto_cjk_sans_jp_regular", "fontpkg_noto_sans_devanagari")
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

    for family, path in font_paths().items():
        if family != FAMILIES[0]:
            fontManager.addfont(path)
            fontManager.ttflist.append(replace(fontManager.ttflist[-1], weight=700))


def compact(value: float) -> str:
    """Format a position on an axis or a cell of a calendar: `1.2M`, `250k`."""
    from babel.numbers import format_compact_decimal

    locale = words_locale()
    # numpy's floats have a text of their own, and so has -0.0.
    number = float(value) + 0.0
    text = str(format_compact_decimal(number, locale=locale, fraction_digits=3))
    if locale.language == "en":
        text = text.replace("K", "k")
    return text.replace("-", MINUS)


def printable(text: str) -> str:
    """Replace what cannot be printed by the replacement character, and remove byte order marks."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\ufeff", ""))


@contextmanager
def style() -> Iterator[None]:
    """Set fonts and colours; charts are drawn and saved within it."""
    import matplotlib as mpl

    announce()
    settings = {
        "font.family": list(FAMILIES),
        "font.size": TEXT_POINTS,
        "text.color": INK,
        "text.parse_math": False,  # "$" in a name is a dollar sign
        "axes.edgecolor": GRID,
        "svg.fonttype": "path",
        "svg.hashsalt": "report",  # the same figures give the same file
        "hatch.linewidth": 0.6,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Controls have no glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def canvas(
    width: float, height: float, layout: Literal["constrained"] | None = None
) -> Figure:
    """Return an empty drawing of so many millimetres; the layout `constrained` fits axes into it."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width * MILLIMETRE, height * MILLIMETRE), layout=layout)


def save(figure: Figure, path: Path) -> None:
    """Write an SVG file without a background."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    figure.patch.set_visible(False)
    svg = StringIO()
    FigureCanvasSVG(figure).print_svg(
        svg, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
    )
    path.write_text(printable(svg.getvalue()), encoding="utf-8")


def save_png(figure: Figure, path: Path, dots_per_inch: int) -> None:
    """Write a PNG file on white, for mail programs, which show no SVG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.patch.set_visible(True)
    figure.set_dpi(dots_per_inch)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})


def shorten(text: str, width: float) -> str:
    """`text`, or as much of it as fits into `width` points followed by an ellipsis."""
    if text_width(text[:_LONGEST_LABEL]) <= width and len(text) <= _LONGEST_LABEL:
        return text
    lengths = range(1, min(len(text), _LONGEST_LABEL) + 1)
    fitting = bisect_right(
        lengths, width, key=lambda length: text_width(f"{text[:length]}…")
    )
    return f"{text[:fitting].rstrip()}…"


def text_width(text: str) -> float:
    """Return the width of `text` in points at the size of charts."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    announce()
    font = FontProperties(family=list(FAMILIES), size=TEXT_POINTS)
    return float(
        text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
    )


def amounts_upward(axes: Axes) -> None:
    """Axes without a frame, whose vertical one shows amounts in few letters, with pale lines across."""
    from matplotlib.ticker import FuncFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.tick_params(length=0, labelcolor=MUTED, labelsize=TEXT_POINTS - 0.5, pad=2.5)
    axes.grid(axis="y", color=GRID, linewidth=0.6, zorder=0)
    axes.spines[:].set_visible(False)


def legend_above(
    figure: Figure, entries: Sequence[Any], columns: int | None = None
) -> None:
    """A legend above the axes, on one line or in so many columns."""
    figure.legend(
        handles=entries,
        loc="outside upper left",
        ncols=columns or max(len(entries), 1),
        frameon=False,
        fontsize=TEXT_POINTS - 0.5,
        labelcolor=MUTED,
        handlelength=1.3,
        handleheight=0.8,
        columnspacing=1.6,
        borderpad=0,
    )
