"""What forecasts load (`FORECASTS`), and what the warehouse knows of weeks and of earlier forecasts."""

from collections.abc import Iterable
from datetime import date, timedelta

from ecommerce.core.business_day import day_window
from ecommerce.core.periods import Period
from ecommerce.core.settings import shop_timezone
from ecommerce.core.values import Json
from ecommerce.forecast.weeks import HORIZON
from ecommerce.sources import live_sources
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare, write_rows
from ecommerce.warehouse.spec import LoadSpec

SOURCE = "sales_forecast"
"""The source's name in `load_audit`."""
RECENT_DAYS = 56
FORECASTS = LoadSpec(
    name="forecasts",
    sources=lambda: (SOURCE,),
    files=("sales_forecasts", "rejected_rows"),
    tables=("sales_forecasts", "rejected_rows", "load_audit"),
    counted="sales_forecasts",
)
DAILY_RUNS = LoadSpec(
    name="orders", sources=live_sources, files=(), tables=(), counted=""
)


def week_state(week: Period, dag: str) -> tuple[list[date], set[date]]:
    """Return the days of `week` without a daily run, in order, and the first days of the forecasts of the
    `RECENT_DAYS` before the next week and of its Monday; `dag` is the caller's."""
    warehouse = connect(dag=dag, step="weeks")
    prepare(warehouse)  # creates the forecast's table in an older deployment
    as_of = week.next.first
    runs = warehouse.query(
        "warehouse/tables/load_audit/daily_runs.sql", spec=DAILY_RUNS, day=week.last
    )
    made = warehouse.query(
        "warehouse/tables/sales_forecasts/origins.sql",
        first=as_of - timedelta(days=RECENT_DAYS),
        day=as_of,
    )
    loaded = {row["business_date"] for row in runs}
    missing = [day for day in week.days if day not in loaded]
    return missing, {row["as_of"] for row in made}


def write(
    forecasts: list[Json], as_of: date, run: DagRun, rejected: Iterable[Json] = ()
) -> Manifest:
    """Write the forecasts of `training.predict_all` from `as_of` on, made by `run`, to staging for the load,
    and the rejected rows of the partner's files: `file`, `row_number`, `reason`, `detail`, `raw`."""
    first = day_window(as_of, shop_timezone())
    last_known = first.shifted(-1).date
    made = {"made_at": first.start, "run_id": run.run_id}
    forecast_rows = [row | made for row in forecasts]
    read = {"business_date": last_known, "source": SOURCE, "run_id": run.run_id}
    rejected_rows = [row | read for row in rejected]
    rows = len(forecasts)
    amount = str(sum(row["forecast"] for row in forecasts))
    uri = run.folder(as_of, f"transformed/{SOURCE}")
    with publish(uri) as draft:
        write_rows(draft.path, "sales_forecasts", forecast_rows)
        write_rows(draft.path, "rejected_rows", rejected_rows)
        draft.seal(
            source=SOURCE,
            business_date=last_known,
            rows=rows,
            read_at=first.start,
            window_start=first.start,
            window_end=first.shifted(HORIZON - 1).end,
            control_totals={
                "sales_forecasts": rows,
                "source_orders": rows,
                "amount": amount,
                "source_amount": amount,
                "rows_read": rows + len(rejected_rows),
                "rows_accepted": rows,
                "rows_rejected": len(rejected_rows),
                "rows_superseded": 0,
            },
        )
    return read_manifest(uri)
