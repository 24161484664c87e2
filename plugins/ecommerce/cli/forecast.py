"""`make forecast`: four weeks of one series, in this terminal, apart from any scheduler."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError, PipelineError

if TYPE_CHECKING:
    from ecommerce.forecast.forecast_rows import Day

COLUMNS = ("target_date", "forecast", "lower_80", "upper_80", "lower_95", "upper_95")


@click.command()
@click.option("--series", default="total", help="total, category:…, channel:… or sku:…")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="the first day to forecast (default: today)")
@click.option("--out", default="", help="a CSV file; a picture is written beside it")
@click.option("--champion", default="", help="a candidate other than the one that was selected")
def forecast(series: str, as_of: datetime | None, out: str, champion: str) -> None:
    """Forecast the gross sales of four weeks from what the warehouse says of the days before.

    Nothing of the day AS_OF or later is looked at, whatever is loaded. Amounts are in reporting currency.
    """
    environment.load()
    from ecommerce.forecast import adhoc
    from ecommerce.forecast.forecast_rows import kind_of
    from ecommerce.forecast.models.ensemble import CANDIDATES

    try:
        kind_of(series)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    if champion and champion not in CANDIDATES:
        raise ConfigurationError(f"{champion!r} is no candidate: say one of {', '.join(CANDIDATES)}")
    with _quiet():
        made = adhoc.forecast_series(series, as_of.date() if as_of else None, champion or None)
    lines = table(made.days)
    click.echo(f"{series}: gross sales in {made.currency}, by {made.champion}, as of {made.as_of}")
    for line in lines:
        click.echo(line)
    if out:
        file = Path(out)
        _write(file, made.days)
        picture = file.with_suffix(".png")
        adhoc.draw(made, picture)
        click.echo(f"Written: {file} and {picture}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Let only warnings be logged, so that the answer stands alone on standard output."""
    logger = logging.getLogger("ecommerce")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def table(days: Sequence[Day]) -> list[str]:
    """One line for each day, amounts with two decimals at the right."""
    rows: list[tuple[str, ...]] = [("day", "forecast", "80 % from", "to", "95 % from", "to")]
    rows += [
        (
            f"{day.target_date:%Y-%m-%d %a}",
            *(
                f"{value:,.2f}"
                for value in (day.forecast, day.lower_80, day.upper_80, day.lower_95, day.upper_95)
            ),
        )
        for day in days
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _write(file: Path, days: Sequence[Day]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(("series", *COLUMNS))
            for day in days:
                writer.writerow((day.series, *(getattr(day, column) for column in COLUMNS)))
    except OSError as error:
        raise PipelineError(f"{file} cannot be written: {error.strerror}") from None
