"""Jinja2 templates: SQL files, and the mails, web pages and bar charts of include/templates (its
documents are Typst)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.paths import INCLUDE

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = INCLUDE / "templates"


def render(template: str, texts: Mapping[str, Any]) -> str:
    """The Jinja2 template `include/templates/<template>` filled with `texts`; HTML and SVG escape them."""
    return environment(TEMPLATES).get_template(template).render(texts)


@cache
def environment(folder: Path) -> Environment:
    """The templates of `folder`: an unknown name is an error, values are escaped in HTML and SVG only."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["isolated"] = isolated
    return made


def isolated(name: str) -> str:
    """`name` as a part of a line of plain text that is read from left to right, also where the name is not:
    without the marks (first strong isolate, pop directional isolate) it would turn the figures around it."""
    is_turned = any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in name)
    return f"\u2068{name}\u2069" if is_turned else name
