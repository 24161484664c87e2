"""The forecast of one series outside any run: what `make forecast` prints."""

from dataclasses import replace
from datetime import date, datetime

from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.settings import load_settings
from ecommerce.forecast.data.history import query
from ecommerce.forecast.models import registry
from ecommerce.forecast.models.training import ForecastRun, predict_all, train_all
from ecommerce.forecast.wording import KINDS, TOTAL
from ecommerce.storage.kept_files import Store


def forecast_series(series: str, as_of: date | None) -> tuple[ForecastRun, str]:
    """Forecast one series from the warehouse's data before `as_of`; return the forecast and its currency.

    Args:
        series: `total`, `category:…`, `channel:…` or `sku:…`.
        as_of: the first forecast day; None for today in the shop.
    """
    settings, store = load_settings(), Store.of_models()
    kind, _, name = ("category", "", "") if series == TOTAL else series.partition(":")
    if kind not in KINDS or (series != TOTAL and not name):
        raise ConfigurationError(f"{series!r} is not a series: use total, category:…, channel:… or sku:…")
    as_of = as_of or datetime.now(settings.zone).date()
    skus = [name] if kind == "sku" else []
    sales = query(as_of, registry.announced(store, as_of), requested=skus, step="forecast", interactive=True)
    history = sales.panels()
    panel = history.panels[kind]
    if series not in (*panel.series, TOTAL):
        known = ", ".join(sorted(panel.series)[:8]) or "none"
        raise PipelineError(f"the warehouse has no series {series} before {as_of}; it has {known}")
    history = replace(history, panels={kind: panel})
    run = predict_all(history, train_all(history, registry.champion(store, as_of).name))
    rows = [row for row in run.rows if row["series"] == series]
    if not rows:
        raise PipelineError(f"{series} cannot be forecast: {run.skipped.get(series, 'it has no history')}")
    return replace(run, rows=rows), settings.reporting_currency
