"""Undo a history load: remove all orders of an export, by loads like any other.

The loads go from the newest day to the oldest; each is one transaction over at most `MOST_DAYS` days and
about `MOST_ORDERS` orders. A load names stored orders in a newer version without rows, so aggregates,
customers' first orders, restatements and the audit follow as when a live source removes an order, and the
loads of other runs stay. After an interruption, a second undo removes the rest.

The rows of `load_audit`, `customers` (whose `first_ordered_at` is that of the remaining orders, or NULL) and
`exchange_rates` stay.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import DAG_HISTORY
from ecommerce.core.settings import load_settings
from ecommerce.sales import loading
from ecommerce.sources import LIVE
from ecommerce.storage import staging
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import columns
from ecommerce.warehouse.schema import arrow_type, prepare

MOST_DAYS = 366
"""BigQuery changes at most 4,000 partitions, which are days, in one statement."""
MOST_ORDERS = 250_000
"""Their ids pass through this process."""
FILE = "order_versions.parquet"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The result: how many orders were removed, their first and last business day, and the days whose mailed
    figures changed."""

    source: str
    orders: int
    first_day: date | None
    last_day: date | None
    restated: list[date]

    def __str__(self) -> str:
        if not self.orders:
            return f"{self.source} has no orders: nothing to undo"
        return (
            f"{self.orders} orders of {self.source} from {self.first_day} to {self.last_day} are removed; "
            f"mailed figures of {len(self.restated)} days have changed"
        )


def undo(source: str) -> UndoResult:
    """Remove the orders of the export `source`, with their lines, refunds and rejected rows; idempotent. The
    export can be loaded again afterwards.

    Raises:
        ConfigurationError: a live source, or no export of this name was loaded.
        PipelineError: as `warehouse.load.load`, or the export was loaded meanwhile. Days that were removed
            stay removed.
    """
    if source in LIVE:
        raise ConfigurationError(f"{source} is a live source: only a history load can be undone")
    warehouse = connect(dag=DAG_HISTORY, step="undo")
    prepare(warehouse)
    names = [row["source"] for row in warehouse.query(_sql("exports"), spec=loading.ORDERS)]
    if source not in names:
        raise ConfigurationError(
            f"no export was loaded under the name {source!r}; names of exports: {', '.join(names) or 'none'}"
        )
    now = datetime.now(UTC)
    run = DagRun(DAG_HISTORY, f"undo__{source}__{now.isoformat(timespec='seconds')}")
    stored = _stored_days(warehouse, source)
    # The modification times of files may be ahead of this machine's clock.
    read_at = max([now, *(day["last_read_at"] for day in stored)])
    orders, restated = 0, set()
    for days in day_batches(stored):
        removed, changed = _remove(warehouse, run, source, days, read_at)
        orders += removed
        restated |= changed
    if _stored_days(warehouse, source):
        raise PipelineError(
            f"orders of {source} were loaded during the undo: wait for the end of that run of {DAG_HISTORY}, "
            "then undo it once more"
        )
    warehouse.query(_sql("rejected_rows"), parameters={"source": source})
    removed_days = [day["business_date"] for day in stored]
    first, last = min(removed_days, default=None), max(removed_days, default=None)
    return UndoResult(source, orders, first, last, sorted(restated))


def day_batches(stored: Iterable[Mapping[str, Any]]) -> Iterator[list[date]]:
    """Yield the days of each load; `stored` has business_date and orders (a count), the newest first."""
    days: list[date] = []
    orders = 0
    for each in stored:
        day: date = each["business_date"]
        if days and (orders + each["orders"] > MOST_ORDERS or (days[0] - day).days >= MOST_DAYS):
            yield days
            days, orders = [], 0
        days.append(day)
        orders += each["orders"]
    if days:
        yield days


def _stored_days(warehouse: Warehouse, source: str) -> list[dict[str, Any]]:
    return warehouse.query(_sql("days"), parameters={"source": source})


def _remove(
    warehouse: Warehouse, run: DagRun, source: str, days: Sequence[date], read_at: datetime
) -> tuple[int, set[date]]:
    """Remove the orders of some days in one transaction; return their number, and the mailed days changed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    orders = warehouse.query(
        "warehouse/tables/orders/order_ids.sql", days=days, parameters={"source": source}
    )
    described, rows = columns("order_versions"), len(orders)
    values = {
        "source": [source] * rows,
        "order_id": [row["order_id"] for row in orders],
        "version_updated_at": [None] * rows,  # compared by read_at
        "read_at": [read_at] * rows,
    }
    schema = pa.schema([(column.name, arrow_type(column)) for column in described])
    timezone = load_settings().shop_timezone
    counts = dict.fromkeys(
        ("source_orders", "rows_read", "rows_accepted", "rows_rejected", "rows_superseded", "orders"), 0
    )
    folder = run.folder(days[-1], source)
    with staging.publish(folder) as draft:  # a loadable folder with versions of orders and none of their rows
        pq.write_table(pa.table(values, schema=schema), draft.path / FILE)
        draft.seal(
            source=source,
            business_date=days[-1],
            rows=rows,
            columns={FILE: [column.name for column in described]},
            read_at=read_at,
            window_start=day_window(days[-1], timezone).start,
            window_end=day_window(days[0], timezone).end,
            control_totals=counts | {"source_amount": "0", "amount": "0"},
        )
    loaded = loading.load_history(run, staging.read_manifest(folder))
    staging.discard(folder)
    log.info("%d orders of %s from %s to %s are removed", rows, source, days[-1], days[0])
    return rows, {row["business_date"] for row in loaded.restatements}


def _sql(name: str) -> str:
    return f"warehouse/procedures/undo_history/{name}.sql"
