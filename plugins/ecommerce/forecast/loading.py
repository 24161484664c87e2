"""What forecasts load (`FORECASTS`), and what the warehouse knows of weeks and of earlier forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import SERIES_SKIPPED, data_warning
from ecommerce.core.settings import shop_timezone
from ecommerce.forecast.weeks import HORIZON
from ecommerce.runtime import metrics
from ecommerce.sources import SOURCES
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.load import LoadResult, load
from ecommerce.warehouse.rendering import columns
from ecommerce.warehouse.schema import arrow_type
from ecommerce.warehouse.spec import LoadSpec

if TYPE_CHECKING:
    from ecommerce.forecast.forecast_rows import ForecastRun

SOURCE = "sales_forecast"
"""The source's name in `load_audit`."""
FORECASTS = LoadSpec(
    name="forecasts",
    sources=(SOURCE,),
    files=("sales_forecasts", "rejected_rows"),
    tables=("sales_forecasts", "rejected_rows", "load_audit"),
    counted="sales_forecasts",
)
_DAILY_RUNS = LoadSpec(name="orders", sources=SOURCES, files=(), tables=(), counted="")


def loaded_days(warehouse: Warehouse, last: date) -> set[date]:
    """Return the business days up to `last` with a daily run."""
    rows = warehouse.query("warehouse/tables/load_audit/daily_runs.sql", spec=_DAILY_RUNS, day=last)
    return {row["business_date"] for row in rows}


def made_before(warehouse: Warehouse, first: date, last: date) -> set[date]:
    """Return the first days, from `first` to `last`, of forecasts in the warehouse."""
    rows = warehouse.query("warehouse/tables/sales_forecasts/origins.sql", first=first, day=last)
    return {row["as_of"] for row in rows}


def write(forecasts: ForecastRun, run: DagRun, rejected: Sequence[Mapping[str, Any]] = ()) -> Manifest:
    """Write the forecasts to staging for the load.

    Args:
        forecasts: the forecasts.
        run: the run that made them.
        rejected: rejected rows of the partner's files: `file`, `line_number`, `reason`, `detail`, `raw`.

    Raises:
        StagingError: the files cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = day_window(forecasts.as_of, shop_timezone())
    made_at, amount = first.start, str(sum(row.forecast for row in forecasts.rows))
    rows = [
        {
            **asdict(row),
            "model": forecasts.champion,
            "made_at": made_at,
            "actual": None,
            "run_id": run.run_id,
        }
        for row in forecasts.rows
    ]
    rejected_rows = [
        {
            "business_date": forecasts.last_known,
            "source": SOURCE,
            "run_id": run.run_id,
            "row_number": row["line_number"],
            "order_id": None,
            **{name: row[name] for name in ("reason", "detail", "file", "raw")},
        }
        for row in rejected
    ]
    tables = {"sales_forecasts": rows, "rejected_rows": rejected_rows}
    uri = run.folder(forecasts.as_of, f"transformed/{SOURCE}")
    with publish(uri) as draft:
        column_names = {}
        for name, content in tables.items():
            schema = pa.schema([(column.name, arrow_type(column)) for column in columns(name)])
            pq.write_table(pa.Table.from_pylist(content, schema=schema), draft.path / f"{name}.parquet")
            column_names[f"{name}.parquet"] = schema.names
        draft.seal(
            source=SOURCE,
            business_date=forecasts.last_known,
            rows=len(rows),
            columns=column_names,
            read_at=made_at,
            window_start=made_at,
            window_end=first.shifted(HORIZON - 1).end,
            control_totals={
                "sales_forecasts": len(rows),
                "amount": amount,
                "rows_read": len(rows) + len(rejected_rows),
                "rows_accepted": len(rows),
                "rows_rejected": len(rejected_rows),
                "rows_superseded": 0,
                "source_orders": len(rows),
                "source_amount": amount,
                "warnings": [
                    data_warning(SERIES_SKIPPED, series=series, detail=why)
                    for series, why in forecasts.skipped.items()
                ],
            },
        )
    return read_manifest(uri)


def load_forecasts(run: DagRun, manifest: Manifest) -> LoadResult:
    """Load the forecasts and update the actual sales of the last five weeks, in one transaction.

    Raises:
        PipelineError: nothing was loaded; the warehouse is unchanged.
    """
    day = manifest.business_date
    result = load([manifest], spec=FORECASTS, business_date=day, run_id=run.run_id, dag_id=run.dag_id)
    metrics.loaded(run.dag_id, result.audit)
    return result
