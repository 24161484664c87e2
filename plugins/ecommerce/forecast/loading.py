"""What forecasts load (`FORECASTS`), and what the warehouse knows of weeks and of earlier forecasts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.settings import shop_timezone
from ecommerce.forecast.weeks import HORIZON
from ecommerce.sources import SOURCES
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.schema import write_rows
from ecommerce.warehouse.spec import LoadSpec

Rows = Sequence[Mapping[str, Any]]
SOURCE = "sales_forecast"
"""The source's name in `load_audit`."""
FORECASTS = LoadSpec(
    name="forecasts",
    sources=(SOURCE,),
    files=("sales_forecasts", "rejected_rows"),
    tables=("sales_forecasts", "rejected_rows", "load_audit"),
    counted="sales_forecasts",
)
DAILY_RUNS = LoadSpec(name="orders", sources=SOURCES, files=(), tables=(), counted="")


def loaded_days(warehouse: Warehouse, last: date) -> set[date]:
    """Return the business days up to `last` with a daily run."""
    rows = warehouse.query("warehouse/tables/load_audit/daily_runs.sql", spec=DAILY_RUNS, day=last)
    return {row["business_date"] for row in rows}


def made_before(warehouse: Warehouse, first: date, last: date) -> set[date]:
    """Return the first days, from `first` to `last`, of forecasts in the warehouse."""
    rows = warehouse.query("warehouse/tables/sales_forecasts/origins.sql", first=first, day=last)
    return {row["as_of"] for row in rows if row["as_of"] >= first}


def write(forecasts: Rows, as_of: date, run: DagRun, rejected: Rows = ()) -> Manifest:
    """Write the forecasts of `training.predict_all` from `as_of` on, made by `run`, to staging for the load,
    and the rejected rows of the partner's files: `file`, `line_number`, `reason`, `detail`, `raw`."""
    first = day_window(as_of, shop_timezone())
    made_at, last_known = first.start, first.shifted(-1).date
    of_run = {"made_at": made_at, "actual": None, "run_id": run.run_id}
    rejection = {"business_date": last_known, "source": SOURCE, "run_id": run.run_id, "order_id": None}
    tables = {
        "sales_forecasts": [{**row, **of_run} for row in forecasts],
        "rejected_rows": [{**row, **rejection, "row_number": row["line_number"]} for row in rejected],
    }
    rows, amount = len(forecasts), str(sum(row["forecast"] for row in forecasts))
    uri = run.folder(as_of, f"transformed/{SOURCE}")
    with publish(uri) as draft:
        columns = {f"{name}.parquet": write_rows(draft.path, name, tables[name]) for name in tables}
        draft.seal(
            source=SOURCE,
            business_date=last_known,
            rows=rows,
            columns=columns,
            read_at=made_at,
            window_start=made_at,
            window_end=first.shifted(HORIZON - 1).end,
            control_totals={
                "sales_forecasts": rows,
                "amount": amount,
                "rows_read": rows + len(rejected),
                "rows_accepted": rows,
                "rows_rejected": len(rejected),
                "rows_superseded": 0,
                "source_orders": rows,
                "source_amount": amount,
            },
        )
    return read_manifest(uri)
