"""`make forecast`: forecast one series for four weeks, in this terminal."""

import logging
from datetime import UTC, date, datetime
from typing import IO, Any

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import day_option, show
from ecommerce.core.errors import ConfigurationError, PipelineError


@click.command()
@click.option("--series", default="total", help="total, category:…, channel:… or sku:…")
@day_option(
    "--as-of", required=False, help="the first day to forecast (default: today)"
)
@click.option("--out", type=click.File("w"), help="a CSV file")
def forecast(series: str, as_of: date | None, out: IO[str] | None) -> None:
    """Forecast the gross sales of four weeks from the history in the warehouse.

    The forecast uses only data of days before AS_OF. Amounts are in reporting currency.
    """
    environment.load()
    from ecommerce.core.settings import load_settings
    from ecommerce.forecast.models.ensemble import AMOUNTS
    from ecommerce.forecast.weeks import as_of_run

    settings = load_settings()
    logging.disable(logging.INFO)
    first_day = as_of_run(str(as_of or ""), datetime.now(UTC), settings.shop_timezone)
    days = _forecasts(series, first_day)
    model = days["model"].iloc[0]
    currency = settings.reporting_currency
    show(f"{series}: gross sales in {currency}, by {model}, as of {first_day}")
    columns = ["target_date", *AMOUNTS]
    header = ["day", "forecast", "80 % from", "to", "95 % from", "to"]
    formats = dict.fromkeys(AMOUNTS, "{:,.2f}".format)
    show(
        days.to_string(columns=columns, header=header, formatters=formats, index=False)
    )
    if out:
        days.to_csv(out, columns=["series", *columns], index=False)


def _forecasts(series: str, as_of: date) -> Any:
    """Forecast one series from the warehouse's data before `as_of`. Return a data frame with the columns of
    `training.predict_all`."""
    import pandas as pd

    from ecommerce.forecast.data.history import query
    from ecommerce.forecast.models import registry
    from ecommerce.forecast.models.ensemble import train
    from ecommerce.forecast.models.training import predict_all
    from ecommerce.forecast.weeks import LEAST_DAYS
    from ecommerce.forecast.wording import KIND_NAMES, TOTAL
    from ecommerce.storage.kept_files import Store
    from ecommerce.warehouse.client import connect

    kind, _, name = series.partition(":")
    if series == TOTAL:
        # The total is the sum of the categories.
        kind = "category"
    if kind not in KIND_NAMES:
        raise ConfigurationError(
            f"{series!r} is not a series: use total, category:…, channel:… or sku:…"
        )
    store = Store.of_models()
    requested = (name,) if kind == "sku" else ()
    announced = registry.announced(store, as_of)
    warehouse = connect(step="forecast")
    history = query(warehouse, as_of, announced, requested).panels()
    model = train(history.panels[kind], registry.champion(store, as_of).name)
    forecasts = predict_all(history, {kind: model})
    rows = [row for row in forecasts if row["series"] == series]
    if not rows:
        raise PipelineError(
            f"{series} cannot be forecast: the warehouse has fewer than {LEAST_DAYS} days of it"
        )
    return pd.DataFrame(rows)
