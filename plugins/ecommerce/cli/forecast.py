"""`make forecast`: forecast one series for four weeks, in this terminal."""

import csv
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import aligned
from ecommerce.core.errors import ConfigurationError, PipelineError

AMOUNTS = ("forecast", "lower_80", "upper_80", "lower_95", "upper_95")


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
    from ecommerce.forecast.models.ensemble import CANDIDATES
    from ecommerce.forecast.wording import kind_of

    try:
        kind_of(series)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    if champion and champion not in CANDIDATES:
        raise ConfigurationError(f"{champion!r} is not a candidate: choose {', '.join(CANDIDATES)}")
    logger = logging.getLogger("ecommerce")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        result = adhoc.forecast_series(series, as_of.date() if as_of else None, champion or None)
    finally:
        logger.setLevel(level)
    click.echo(f"{series}: gross sales in {result.currency}, by {result.champion}, as of {result.as_of}")
    rows: list[Sequence[str]] = [("day", "forecast", "80 % from", "to", "95 % from", "to")]
    for day in result.rows:
        amounts = (f"{day[column]:,.2f}" for column in AMOUNTS)
        rows.append((f"{day['target_date']:%Y-%m-%d %a}", *amounts))
    for line in aligned(rows, [False, *[True] * len(AMOUNTS)]):
        click.echo(line)
    if out:
        _write(Path(out), result.rows)
        chart = Path(out).with_suffix(".png")
        adhoc.draw(result, chart)
        click.echo(f"Written: {out} and {chart}")


def _write(file: Path, days: Sequence[dict[str, Any]]) -> None:
    columns = ("series", "target_date", *AMOUNTS)
    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([day[column] for column in columns] for day in days)
    except OSError as error:
        raise PipelineError(f"{file} cannot be written: {error.strerror}") from None
