"""What the commands about a business day share: the option that names it, and the headline of its report."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date
from functools import partial

import click

from ecommerce.cli import environment
from ecommerce.core.errors import PipelineError
from ecommerce.core.settings import load_settings


def _day(_: click.Context, parameter: click.Parameter, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day like 2026-11-19") from None


day_option = partial(click.option, callback=_day, required=True, metavar="YYYY-MM-DD")


def show_report(day: date) -> None:
    """Print the headline figures of a day's report and where it is, where this machine can read it."""
    environ = dict(os.environ)
    with suppress(PipelineError, OSError):  # Airflow may run elsewhere, and its settings with it
        environment.load(environ)
        from ecommerce.core import text
        from ecommerce.sales.report.archive import folder_of, read_figures
        from ecommerce.sales.report.figures.model import HEADLINE

        uri = folder_of(load_settings(environ).reports_uri, day)
        figures = read_figures(uri)
        width = max(len(meaning.label) for meaning in HEADLINE.values())
        for name, figure in figures.headline.items():
            meaning = HEADLINE[name]
            shown = text.figure(figure.value, meaning.kind, figures.currency)
            click.echo(f"  {meaning.label.ljust(width)}  {shown}")
        click.echo(f"The report: {uri}/report.pdf")
