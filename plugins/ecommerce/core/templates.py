"""Jinja2 templates: SQL files, and the mails, pages and bar charts of include/templates."""

from functools import cache
from inspect import getmembers, isroutine
from pathlib import Path
from typing import Any

from ecommerce.core import text
from ecommerce.core.paths import INCLUDE
from ecommerce.core.values import Values

TEMPLATES = INCLUDE / "templates"
_BAR = "\x1f"
"""In place of a `|` of the data until cells are separated: `text.clean` removes control characters."""


def render(template: str, texts: Values) -> str:
    """Render `include/templates/<template>`; HTML and SVG escape `texts`, and HTML does not wrap before a
    percent sign."""
    rendered = str(environment(TEMPLATES).get_template(template).render(texts))
    if template.endswith(".html"):
        return text.unbroken(rendered)
    return rendered


def render_lines(template: str, texts: Values) -> list[str]:
    """Render a template of one sentence or clause a line, as `render`; return those that are not empty."""
    return list(filter(None, render(template, texts).split("\n")))


def render_rows(template: str, texts: Values) -> list[list[str]]:
    """Render a template of one row of a table a line, as `render_lines`; return the cells, which it separates
    by `|`. The filter `cell` keeps a `|` of the data in its cell."""
    rows = []
    for line in render_lines(template, texts):
        cells = [cell.strip().replace(_BAR, "|") for cell in line.split("|")]
        rows.append(cells)
    return rows


def _cell(words: str) -> str:
    return words.replace("|", _BAR)


@cache
def environment(folder: Path) -> Any:
    """Return the `jinja2.Environment` of `folder`. An undefined variable is an error; HTML and SVG escape
    values. The filter `counted` is `core.text.number_of`, `cell` is of `render_rows`; the others are those of
    `core.text` with the same names. Jinja computes an expression of constants once, so none may depend on the
    locale."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= dict(getmembers(text, isroutine))
    templates.filters |= {"cell": _cell, "counted": text.number_of}
    return templates


@cache
def cached_environment(folder: Path) -> Any:
    """Return `environment` with a cache of compiled templates on the disk, for SQL: each task is a process of
    its own, and would compile forty files for a report. Mails have none: an alert must not need a disk."""
    from jinja2 import FileSystemBytecodeCache

    return environment(folder).overlay(bytecode_cache=FileSystemBytecodeCache())
