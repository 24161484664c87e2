"""The charts of an archived report, as part of a page: inline, so that they take the theme's colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ecommerce.reporting.inline_svg import inline
from ecommerce.storage.staging import storage_path

BROAD, FULL = 250.0, 420.0
"""Points from which on a chart is more than half as wide as a document, or as wide."""


def inlined(folder: str, charts: Mapping[str, str], way: str = "") -> dict[str, Any]:
    """The charts of `folder` by their file names, `drawn` as markup, how much of a document's `width` it has
    there: `half`, `broad` or `full`, and room for the `narrow` one that phones show. None for one that is not
    there.

    Args:
        folder: the URI of an archived report.
        charts: what each of them shows, in words, by its file name.
        way: from the page to where the charts are served.
    """
    found: dict[str, Any] = {}
    for number, (name, words) in enumerate(charts.items()):
        try:
            svg = bytes((storage_path(folder) / name).read_bytes())
        except OSError:
            found[name] = None
            continue
        drawn = _inline(svg, words, f"chart{number}") or Markup('<img src="{}" alt="{}">').format(
            f"{way}{name}", words
        )
        found[name] = {"drawn": drawn, "width": _width(svg), "narrow": None}
    return found


def _width(svg: bytes) -> str:
    found = re.search(rb'<svg[^>]*\swidth="([\d.]+)pt"', svg[:2000])
    points = float(found[1]) if found else FULL
    return "half" if points < BROAD else "broad" if points < FULL else "full"


def _inline(svg: bytes, words: str, prefix: str) -> Markup | None:
    try:
        return Markup(inline(svg, words, prefix))  # noqa: S704 - it leaves in only what our charts need
    except ValueError:
        return None  # it is shown as a picture then
