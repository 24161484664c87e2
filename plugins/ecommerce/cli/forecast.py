"""`make forecast`: forecast one series for four weeks, in this terminal."""

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
from ecommerce.cli.terminal import aligned
from ecommerce.core.errors import ConfigurationError, PipelineError

if TYPE_CHECKING:
    from ecommerce.forecast.forecast_rows import ForecastRow

COLUMNS = ("target_date", "forecast", "lower_80", "upper_80", "lower_95", "upper_95")


@click.command()
@click.option("--series", default="total", help="total, category:…, channel:… or sku:…")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="the first day to forecast (default: today)")
@click.option("--out", default="", help="a CSV file; its chart gets the same name with .png")
@click.option("--champion", default="", help="a candidate model instead of the selected one")
def forecast(series: str, as_of: datetime | None, out: str, champion: str) -> None:
    """Forecast the gross sales of four weeks from the history in the warehouse.

    The forecast uses only data of days before AS_OF. Amounts are in reporting currency.
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
        raise ConfigurationError(f"{champion!r} is not a candidate: choose {', '.join(CANDIDATES)}")
    with _warnings_only():
        result = adhoc.forecast_series(series, as_of.date() if as_of else None, champion or None)
    click.echo(f"{series}: gross sales in {result.currency}, by {result.champion}, as of {result.as_of}")
    for line in table(result.rows):
        click.echo(line)
    if out:
        file = Path(out)
        _write(file, result.rows)
        chart = file.with_suffix(".png")
        adhoc.draw(result, chart)
        click.echo(f"Written: {file} and {chart}")


@contextmanager
def _warnings_only() -> Iterator[None]:
    logger = logging.getLogger("ecommerce")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def table(days: Sequence[ForecastRow]) -> Iterator[str]:
    """Yield a header and one line for each day, amounts with two decimals."""
    rows: list[tuple[str, ...]] = [("day", "forecast", "80 % from", "to", "95 % from", "to")]
    for day in days:
        amounts = (f"{getattr(day, column):,.2f}" for column in COLUMNS[1:])
        rows.append((f"{day.target_date:%Y-%m-%d %a}", *amounts))
    return aligned(rows, [False, *[True] * 5])


def _write(file: Path, days: Sequence[ForecastRow]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(("series", *COLUMNS))
            for day in days:
                writer.writerow((day.series, *(getattr(day, column) for column in COLUMNS)))
    except OSError as error:
        raise PipelineError(f"{file} cannot be written: {error.strerror}") from None
