"""Undo a history load: remove all orders of an export, by loads like any other.

The loads go from the newest month to the oldest; each is one transaction. A load names stored orders in a
newer version without rows, so aggregates, customers' first orders, restatements and the audit follow as when
a live source removes an order, and the loads of other runs stay. After an interruption, a second undo removes
the rest.

The rows of `load_audit`, `customers` (whose `first_ordered_at` is that of the remaining orders, or NULL) and
the exchange rates stay.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime

from more_itertools import map_reduce

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import DAG_HISTORY
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Row
from ecommerce.sales import loading
from ecommerce.storage import staging
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.schema import prepare, write_rows
from ecommerce.warehouse.staging_tables import HISTORY

NOTHING_READ = {
    "source_orders": 0,
    "source_amount": "0",
    "rows_read": 0,
    "rows_accepted": 0,
    "rows_rejected": 0,
    "rows_superseded": 0,
    "orders": 0,
    "amount": "0",
}
"""The control totals of a load without rows."""

log = logging.getLogger(__name__)


def undo(source: str) -> int:
    """Remove the orders of the export `source`, with their lines, refunds and rejected rows; return their
    number. Idempotent; the export can be loaded again afterwards.

    Raises:
        ConfigurationError: no export of this name was loaded.
        PipelineError: the warehouse fails, or the export was loaded meanwhile. Months that were removed stay
            removed.
    """
    warehouse = connect(dag=DAG_HISTORY, step="undo")
    prepare(warehouse)
    rows = warehouse.query(
        "warehouse/procedures/undo_history/exports.sql",
        spec=loading.ORDERS,
    )
    exports = [row["source"] for row in rows]
    if source not in exports:
        raise ConfigurationError(
            f"no export was loaded under the name {source!r}; names of exports: "
            f"{', '.join(exports) or 'none'}"
        )
    now = datetime.now(UTC)
    run = DagRun(DAG_HISTORY, f"undo__{source}__{now.isoformat()}")
    stored = _stored_days(warehouse, source)
    # The modification times of files may be ahead of this machine's clock.
    read_at = max([now, *(row["last_read_at"] for row in stored)])
    stored_days = [row["business_date"] for row in stored]
    removed = 0
    for days in map_reduce(stored_days, lambda day: day.replace(day=1)).values():
        rows = warehouse.query(
            "warehouse/tables/orders/order_ids.sql",
            days=days,
            parameters={"source": source},
        )
        order_ids = [row["order_id"] for row in rows]
        _remove(run, source, days, order_ids, read_at)
        log.info("%d orders from %s to %s removed", len(order_ids), days[-1], days[0])
        removed += len(order_ids)
    if _stored_days(warehouse, source):
        raise PipelineError(
            f"orders of {source} were loaded during the undo: wait for the end of that run of {DAG_HISTORY}, "
            "then undo it once more"
        )
    warehouse.transact(
        "warehouse/procedures/undo_history/rejected_rows.sql",
        source=source,
    )
    return removed


def _stored_days(warehouse: Warehouse, source: str) -> list[Row]:
    """Return business_date, orders and last_read_at of the days with rows of `source`, the newest first."""
    return warehouse.query(
        "warehouse/procedures/undo_history/days.sql",
        parameters={"source": source},
    )


def _remove(
    run: DagRun,
    source: str,
    days: Sequence[date],
    order_ids: Sequence[str],
    read_at: datetime,
) -> None:
    """Load versions of the orders of `days`, the newest first, and none of their rows, in one transaction."""
    timezone = load_settings().shop_timezone
    folder = run.folder(days[-1], source)
    # Without version_updated_at, versions are compared by read_at.
    fields = {"source": source, "read_at": read_at}
    versions = [{"order_id": order_id, **fields} for order_id in order_ids]
    with staging.publish(folder) as draft:
        write_rows(draft.path, "order_versions", versions)
        draft.seal(
            source=source,
            business_date=days[-1],
            rows=len(versions),
            read_at=read_at,
            window_start=day_window(days[-1], timezone).start,
            window_end=day_window(days[0], timezone).end,
            control_totals=NOTHING_READ,
        )
    load_manifest(loading.ORDERS, run, staging.read_manifest(folder), status=HISTORY)
    staging.discard(folder)
