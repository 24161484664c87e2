"""The templates of include/templates: mails and web pages (Jinja2), the report (Typst)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ecommerce.core.include import INCLUDE

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = INCLUDE / "templates"


def render(template: str, texts: Mapping[str, Any]) -> str:
    """The Jinja2 template `include/templates/<template>` filled with `texts`; HTML ones escape them.

    Raises:
        jinja2.UndefinedError: the template uses a name that is not in `texts`.
    """
    return _environment().get_template(template).render(texts)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
