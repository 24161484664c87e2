"""What forecasts load (`FORECASTS`), and what the warehouse knows of weeks and of earlier forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.settings import load_settings, shop_timezone
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
    from ecommerce.forecast.forecast_rows import Predicted

SOURCE = "sales_forecast"
"""What forecasts are called in `load_audit`."""
FORECASTS = LoadSpec(
    name="forecasts",
    sources=(SOURCE,),
    files=("sales_forecasts", "rejected_rows"),
    tables=("sales_forecasts", "rejected_rows", "load_audit"),
    counted="sales_forecasts",
)
_DAILY_RUNS = LoadSpec(name="orders", sources=SOURCES, files=(), tables=(), counted="")
"""To ask which days have had a daily run."""


def loaded_days(warehouse: Warehouse, last: date) -> set[date]:
    """The business days up to `last` that have had a daily run."""
    rows = warehouse.query("warehouse/tables/load_audit/daily_runs.sql", spec=_DAILY_RUNS, day=last)
    return {row["business_date"] for row in rows}


def made_before(warehouse: Warehouse, first: date, last: date) -> set[date]:
    """The days, from `first` to `last`, as of which forecasts are in the warehouse."""
    rows = warehouse.query("warehouse/tables/sales_forecasts/origins.sql", first=first, day=last)
    return {row["as_of"] for row in rows}


def write(predicted: Predicted, run: DagRun, rejected: Sequence[Mapping[str, Any]] = ()) -> Manifest:
    """Leave the forecasts in staging as the load takes them.

    Args:
        predicted: the forecasts.
        run: who made them.
        rejected: rows of the partner's files that could not be used: `file`, `line_number`, `reason`,
            `detail`, `raw`.

    Raises:
        StagingError: they cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    made_at = day_window(predicted.as_of, shop_timezone()).start
    horizon = day_window(predicted.as_of, load_settings().shop_timezone).shifted(HORIZON - 1)
    rows = [
        {
            "series": day.series,
            "target_date": day.target_date,
            "model": predicted.champion,
            "made_at": made_at,
            "forecast": day.forecast,
            "lower_80": day.lower_80,
            "upper_80": day.upper_80,
            "lower_95": day.lower_95,
            "upper_95": day.upper_95,
            "actual": None,
            "run_id": run.run_id,
        }
        for day in predicted.days
    ]
    refused = [
        {
            "business_date": predicted.last_known,
            "source": SOURCE,
            "run_id": run.run_id,
            "row_number": row["line_number"],
            "order_id": None,
            **{name: row[name] for name in ("reason", "detail", "file", "raw")},
        }
        for row in rejected
    ]
    tables = {"sales_forecasts": rows, "rejected_rows": refused}
    uri = run.folder(predicted.as_of, f"transformed/{SOURCE}")
    with publish(uri) as draft:
        names = {}
        for name, content in tables.items():
            schema = pa.schema([(column.name, arrow_type(column)) for column in columns(name)])
            pq.write_table(pa.Table.from_pylist(content, schema=schema), draft.path / f"{name}.parquet")
            names[f"{name}.parquet"] = schema.names
        draft.seal(
            source=SOURCE,
            business_date=predicted.last_known,
            rows=len(rows),
            columns=names,
            read_at=made_at,
            window_start=made_at,
            window_end=horizon.end,
            control_totals={
                "sales_forecasts": len(rows),
                "amount": str(sum(day.forecast for day in predicted.days)),
                "rows_read": len(rows) + len(refused),
                "rows_accepted": len(rows),
                "rows_rejected": len(refused),
                "rows_superseded": 0,
                "source_orders": len(rows),
                "source_amount": str(sum(day.forecast for day in predicted.days)),
                "warnings": [skipped_warning(series, why) for series, why in predicted.skipped.items()],
            },
        )
    return read_manifest(uri)


def skipped_warning(series: str, why: str) -> str:
    """What people are told of a series that is not forecast."""
    return f"{series}: no forecast, {why}"


def load_forecasts(run: DagRun, manifest: Manifest) -> LoadResult:
    """Load the forecasts, and renew what came of the last five weeks, in one transaction.

    Raises:
        PipelineError: nothing was loaded; the warehouse is as it was.
    """
    day = manifest.business_date
    result = load([manifest], spec=FORECASTS, business_date=day, run_id=run.run_id, dag_id=run.dag_id)
    metrics.loaded(run.dag_id, result.audit)
    return result
