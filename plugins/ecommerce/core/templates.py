"""Jinja2 templates: SQL files, and the mails, pages and bar charts of include/templates."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ecommerce.core.paths import INCLUDE

TEMPLATES = INCLUDE / "templates"


def render(template: str, texts: Mapping[str, Any]) -> str:
    """Render `include/templates/<template>`; HTML and SVG escape `texts`."""
    return str(environment(TEMPLATES).get_template(template).render(texts))


@cache
def environment(folder: Path) -> Any:
    """Return the `jinja2.Environment` of `folder`. An undefined variable is an error; HTML and SVG escape
    values."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
