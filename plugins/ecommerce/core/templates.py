"""Jinja2 templates: SQL files, and the mails and web pages of include/templates (the report's is Typst)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.include import INCLUDE

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = INCLUDE / "templates"


def render(template: str, texts: Mapping[str, Any]) -> str:
    """The Jinja2 template `include/templates/<template>` filled with `texts`; HTML ones escape them."""
    return environment(TEMPLATES).get_template(template).render(texts)


@cache
def environment(folder: Path) -> Environment:
    """The templates of `folder`: an unknown name is an error, values are escaped in HTML only."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
