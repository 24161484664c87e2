"""The months of an export, gathered from all files and transformed, and the exchange rates of its days."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import PipelineError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sales import loading, source_policy
from ecommerce.sales.transform import transform as run_transform
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES, module
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.load import LoadResult, load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

OUTPUTS = ("lines", "rejects", "files", "removed_orders", "known_orders")
"""The raw files that partner_files.sql of the transform reads."""

log = logging.getLogger(__name__)


Month = Mapping[str, Any]
"""One of the `months` of `totals.compute_totals`, with the staging folder `export` of the control totals.
`is_first`: it also has the rows of no month."""


def transform(month: Month, run_id: str) -> Manifest:
    """Gather a month's lines and transform them; return the manifest of the loadable folder. Raises as
    `transform.transform`."""
    export = staging.read_manifest(month["export"])
    folder = f"{month['export'].rsplit('/', 1)[0]}/{month['month']}"
    raw = gather(month, export, f"{folder}/{export.source}")
    return run_transform(raw, run_id=run_id, mapping=PARTNER_FILES)


def gather(month: Month, export: Manifest, folder: str) -> Manifest:
    """Write the raw folder of a month, in the layout of the partner files' extract.

    Args:
        month: the month.
        export: the manifest of its export.
        folder: the staging URI to write.
    """
    is_first, of_export, files = month["is_first"], export.control_totals, export.file("files.parquet")
    first_day, last_day = (date.fromisoformat(month[name]) for name in ("first_day", "last_day"))
    timezone = load_settings().shop_timezone
    with staging.publish(folder) as draft, connect_duckdb(export.uri, memory_limit="300MB") as duck:
        folders = duck.execute("SELECT folder FROM read_parquet(?)", [files]).fetchall()
        staged = {
            name: [staging.local_or_uri(f"{each}/{name}.parquet") for (each,) in folders]
            for name in ("lines", "rejects")
        }
        targets = {name: f"{draft.path}/{name}.parquet" for name in staged}
        lines = {"files": staged["lines"], "moved": export.file("moved.parquet"), "target": targets["lines"]}
        days = {"first_day": first_day, "last_day": last_day}
        query(duck, "extract/history/month_lines", lines | days | {"is_first": is_first})
        rejects = {"rejects": staged["rejects"], "target": targets["rejects"]}
        query(duck, "extract/history/month_rejects", rejects | {"is_first": is_first})
        duck.execute("SET VARIABLE files = ?", [files])
        duck.execute("SET VARIABLE folder = ?", [str(draft.path)])
        query(duck, "extract/history/month_files")
        ((rejected,),) = duck.execute("SELECT count(*) FROM read_parquet(?)", [targets["rejects"]]).fetchall()
        (totals,) = query(duck, "extract/partner_files/control_totals", {"lines": targets["lines"]})
        totals["warnings"] = of_export["warnings"] if is_first else []
        draft.seal(
            source=export.source,
            business_date=first_day,
            rows=totals["source_lines"] + rejected,
            columns={f"{name}.parquet": [] for name in OUTPUTS},
            read_at=export.read_at,
            window_start=day_window(first_day, timezone).start,
            window_end=day_window(last_day, timezone).end,
            control_totals=totals,
        )
    return staging.read_manifest(folder)


def load_rates(totals: Mapping[str, Any], run: DagRun) -> LoadResult | None:
    """Load the exchange rates of an export's days; a daily run reads those of its own weeks only. Return None
    where no rates are needed, or the source is off, or optional and fails: amounts stay unconverted. Raises
    as the daily run's extract, transform and load of the rates."""
    settings = load_settings()
    currencies = {currency for month in totals["months"] for currency in month["amounts"]}
    if not currencies - {settings.reporting_currency, ""}:
        log.info("all amounts are in %s: no rates are needed", settings.reporting_currency)
        return None
    policy = source_policy.source_policy()[EXCHANGE_RATES]
    if policy == source_policy.OFF:
        log.warning("%s is off: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    first = date.fromisoformat(totals["months"][0]["first_day"])
    # The day before: the audit has one load per run and day, and the first month has the first day.
    day = day_window(first, settings.shop_timezone).shifted(-1)
    folder = f"{totals['export'].rsplit('/', 1)[0]}/{EXCHANGE_RATES}"
    try:
        raw = module(EXCHANGE_RATES).extract(ReadWindow(EXCHANGE_RATES, day, day.start, day.end, folder))
    except PipelineError:
        if policy == source_policy.REQUIRED:
            raise
        log.exception("continuing without %s: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    return load_manifest(loading.ORDERS, run, run_transform(raw, run_id=run.run_id), status=HISTORY)
