"""Options that several commands take."""

from __future__ import annotations

from datetime import date
from functools import partial

import click


def day(context: click.Context, parameter: click.Parameter, text: str) -> date:
    """The business day that a person typed."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day like 2026-11-19") from None


day_option = partial(click.option, callback=day, required=True, metavar="YYYY-MM-DD")
