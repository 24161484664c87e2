"""`make forecast`: forecast one series for four weeks, in this terminal."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import IO

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import aligned


@click.command()
@click.option("--series", default="total", help="total, category:…, channel:… or sku:…")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="the first day to forecast (default: today)")
@click.option("--out", type=click.File("w"), help="a CSV file")
def forecast(series: str, as_of: datetime | None, out: IO[str] | None) -> None:
    """Forecast the gross sales of four weeks from the history in the warehouse.

    The forecast uses only data of days before AS_OF. Amounts are in reporting currency.
    """
    environment.load()
    import pandas as pd

    from ecommerce.core.settings import load_settings
    from ecommerce.forecast.models import training
    from ecommerce.forecast.models.training import AMOUNTS

    logger = logging.getLogger("ecommerce")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        days = training.forecast_series(series, as_of.date() if as_of else None)
    finally:
        logger.setLevel(level)
    currency, champion = load_settings().reporting_currency, days[0]["model"]
    click.echo(f"{series}: gross sales in {currency}, by {champion}, as of {days[0]['target_date']}")
    rows: list[Sequence[str]] = [("day", "forecast", "80 % from", "to", "95 % from", "to")]
    for day in days:
        amounts = (f"{day[column]:,.2f}" for column in AMOUNTS)
        rows.append((f"{day['target_date']:%Y-%m-%d %a}", *amounts))
    for line in aligned(rows, [False, *[True] * len(AMOUNTS)]):
        click.echo(line)
    if out:
        pd.DataFrame(days).to_csv(out, columns=["series", "target_date", *AMOUNTS], index=False)
        click.echo(f"Written: {out.name}")
