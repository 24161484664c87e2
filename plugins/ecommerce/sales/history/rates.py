"""The exchange rates of an export's days, which no daily run reads: it asks for those of its own weeks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import PipelineError
from ecommerce.core.reads import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.staging import DagRun
from ecommerce.sales import loading, source_policy
from ecommerce.sales.transform import transform
from ecommerce.sources import EXCHANGE_RATES, module

if TYPE_CHECKING:
    from ecommerce.warehouse.load import LoadResult

log = logging.getLogger(__name__)


def load_rates(totals: Mapping[str, Any], run: DagRun) -> LoadResult | None:
    """Load the rates that an export's days need; None when there is nothing to load.

    Where the source is off, or optional and fails, amounts stay unconverted.

    Args:
        totals: what `totals.sum_up` returned.
        run: the run that loads the export.

    Raises:
        PipelineError: as the daily run's extract, transform and load of the rates.
    """
    settings = load_settings()
    currencies = {currency for month in totals["months"] for currency in month["amounts"]}
    if not currencies - {settings.reporting_currency, ""}:
        log.info("all amounts are in %s: no rates are needed", settings.reporting_currency)
        return None
    matters = source_policy.source_policy()[EXCHANGE_RATES]
    if matters == source_policy.OFF:
        log.warning("%s is off: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    first = date.fromisoformat(totals["months"][0]["first_day"])
    # The day before: the audit of a run has one load per day, and the first month has the first day.
    day = day_window(first, settings.shop_timezone).shifted(-1)
    folder = f"{totals['export'].rsplit('/', 1)[0]}/{EXCHANGE_RATES}"
    try:
        raw = module(EXCHANGE_RATES).extract(ReadWindow(EXCHANGE_RATES, day, day.start, day.end, folder))
    except PipelineError:
        if matters == source_policy.REQUIRED:
            raise
        log.exception("going on without %s: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    return loading.load_history(run, transform(raw, run_id=run.run_id))
