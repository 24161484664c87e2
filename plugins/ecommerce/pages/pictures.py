"""The charts of an archived report, as part of a page: inline, so that they take the theme's colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from markupsafe import Markup

from ecommerce.core.staging import storage_path


HALF_A_PAGE = 350.0
"""Points."""


def inlined(folder: str, charts: Mapping[str, str], way: str = "") -> dict[str, Any]:
    """The charts of `folder` by their file names, `drawn` as markup, `wide` or about half as wide as a
    document's page; None for one that is not there.

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
        found[name] = {"drawn": drawn, "wide": _is_wide(svg)}
    return found


def _is_wide(svg: bytes) -> bool:
    width = re.search(rb'<svg[^>]*\swidth="([\d.]+)pt"', svg[:2000])
    return not width or float(width[1]) > HALF_A_PAGE


def _inline(svg: bytes, words: str, prefix: str) -> Markup | None:
    try:
        inline = import_module("ecommerce.documents.inline_svg").inline
        return Markup(inline(svg, words, prefix))  # noqa: S704 - our own drawing, cleaned by what inlines it
    except (ImportError, ValueError):
        return None  # it is shown as a picture then
