"""The texts of an SVG file as matplotlib writes it, each in one font, or in pieces of one font each.

Typst draws SVG by a library that takes one font for a text and replaces missing letters one by one, which
loses emoji that are joined of several. Nor does it say which letters a combining mark belongs to, as PDF/A
demands: texts with such marks (accents that have no letter of their own, vowels of Hindi) become outlines.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape, unescape
from typing import TYPE_CHECKING

from ecommerce.reporting import fonts

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

_TEXT = re.compile(r"<text ([^>]*)>(.*?)</text>", re.DOTALL)
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")


def set_fonts(svg: str) -> str:
    """`svg` with a font for every text."""
    return _TEXT.sub(_rewritten, svg)


def width(text: str, size: float, *, bold: bool = False, family: str = "") -> float:
    """The width of `text`, in the unit of `size`: in one font, or each letter in the first that has it."""
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, _font(size, bold, family), ismath=False)[0])


def _rewritten(found: re.Match[str]) -> str:
    attributes, words = found[1], unescape(found[2])
    text = fonts.printable(_VARIATIONS.sub("", unicodedata.normalize("NFC", words)))
    if any(unicodedata.category(letter).startswith("M") for letter in text):
        return _outline(attributes, text)
    if family := fonts.one_for(text):
        return f"<text {_in_font(attributes, family)}>{escape(text)}</text>"
    return f"<text {_in_font(attributes, fonts.FAMILIES[0])}>{_pieces(attributes, text)}</text>"


def _pieces(attributes: str, text: str) -> str:
    """Pieces that stand side by side: each begins at a place of its own, so it is a text of its own."""
    size, bold = _size(attributes), _is_bold(attributes)
    runs = [
        (family, piece, width(piece, size, bold=bold, family=family)) for family, piece in fonts.runs(text)
    ]
    if _runs_from_right(text):
        runs.reverse()
    place = _start(attributes, sum(each for _, _, each in runs))
    drawn = ""
    for family, piece, wide in runs:
        style = f"font-family: '{family}'; text-anchor: start"
        drawn += f'<tspan x="{place:.3f}" style="{style}">{escape(piece)}</tspan>'
        place += wide
    return drawn


def _outline(attributes: str, text: str) -> str:
    from matplotlib.textpath import TextPath

    size, bold = _size(attributes), _is_bold(attributes)
    left, baseline = _start(attributes, width(text, size, bold=bold)), _number(attributes, "y")
    drawn = ""
    path = TextPath((0, 0), text, prop=_font(size, bold, ""), size=size)
    for points, code in path.iter_segments(curves=True, simplify=False):
        if code == path.CLOSEPOLY:
            drawn += "Z"
            continue
        drawn += {path.MOVETO: "M", path.LINETO: "L", path.CURVE3: "Q", path.CURVE4: "C"}[code]
        pairs = zip(points[0::2], points[1::2], strict=True)
        drawn += " ".join(f"{left + x:.3f} {baseline - y:.3f}" for x, y in pairs)
    kept = re.findall(r'fill: [^;"]*', attributes), re.findall(r'transform="[^"]*"', attributes)
    return f'<path d="{drawn}" style="{"".join(kept[0])}" {"".join(kept[1])}/>'


def _in_font(attributes: str, family: str) -> str:
    return re.sub(r"font-family: [^;\"]*", f"font-family: '{family}'", attributes)


def _start(attributes: str, wide: float) -> float:
    """Where a text begins whose place is that of its start, its middle or its end."""
    part = 1.0 if "text-anchor: end" in attributes else 0.5 if "text-anchor: middle" in attributes else 0.0
    return _number(attributes, "x") - part * wide


def _is_bold(attributes: str) -> bool:
    return "font-weight: 700" in attributes


def _size(attributes: str) -> float:
    found = re.search(r"font-size: ([\d.]+)px", attributes)
    return float(found[1]) if found else 0.0


def _number(attributes: str, name: str) -> float:
    found = re.search(rf'(?:^| ){name}="([^"]*)"', attributes)
    return float(found[1]) if found else 0.0


def _runs_from_right(text: str) -> bool:
    directions = {unicodedata.bidirectional(letter) for letter in text}
    return bool(directions & {"R", "AL"}) and "L" not in directions


def _font(size: float, bold: bool, family: str) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    fonts.announce()
    return FontProperties(
        family=[family] if family else list(fonts.FAMILIES), size=size, weight=700 if bold else 400
    )
