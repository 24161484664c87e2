"""The charts of an archived report, inline in a page, so that they take the theme's colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ecommerce.reporting.inline_svg import inline
from ecommerce.storage.staging import storage_path

BROAD, FULL = 250.0, 420.0
"""Widths in points from which a chart takes more than half of a document's width, or all of it."""


def inlined(folder: str, charts: Mapping[str, str], path: str = "") -> dict[str, Any]:
    """Return the charts of a report by file name, None for one that does not exist. Each has its markup
    (`drawn`), its `width` in the document (`half`, `broad` or `full`), and room for the `narrow` one that
    phones show.

    Args:
        folder: the URI of an archived report.
        charts: the text alternative of each chart, by file name.
        path: from the page to the charts' addresses.
    """
    shown: dict[str, Any] = {}
    for number, (name, alternative) in enumerate(charts.items()):
        try:
            svg = bytes((storage_path(folder) / name).read_bytes())
        except OSError:
            shown[name] = None
            continue
        try:
            markup = Markup(inline(svg, alternative, f"chart{number}"))  # noqa: S704 - inline() filters it
        except ValueError:
            markup = Markup('<img src="{}" alt="{}">').format(f"{path}{name}", alternative)
        shown[name] = {"drawn": markup, "width": _width(svg), "narrow": None}
    return shown


def _width(svg: bytes) -> str:
    width = re.search(rb'<svg[^>]*\swidth="([\d.]+)pt"', svg[:2000])
    points = float(width[1]) if width else FULL
    return "half" if points < BROAD else "broad" if points < FULL else "full"
