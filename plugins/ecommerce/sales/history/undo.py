"""Undo a history load: remove all orders of an export, by loads like any other.

The loads go from the newest month to the oldest; each is one transaction over about `MOST_ORDERS` orders or
fewer. A load names stored orders in a newer version without rows, so aggregates, customers' first orders,
restatements and the audit follow as when a live source removes an order, and the loads of other runs stay.
After an interruption, a second undo removes the rest.

The rows of `load_audit`, `customers` (whose `first_ordered_at` is that of the remaining orders, or NULL) and
the exchange rates stay.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import DAG_HISTORY
from ecommerce.core.settings import load_settings
from ecommerce.sales import loading
from ecommerce.sources import RESERVED_NAMES
from ecommerce.storage import staging
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.schema import prepare, write_rows
from ecommerce.warehouse.staging_tables import HISTORY

MOST_ORDERS = 250_000
"""Their ids pass through this process."""

log = logging.getLogger(__name__)


def undo(source: str) -> int:
    """Remove the orders of the export `source`, with their lines, refunds and rejected rows; return their
    number. Idempotent; the export can be loaded again afterwards.

    Raises:
        ConfigurationError: a live source, or no export of this name was loaded.
        PipelineError: as `load`, or the export was loaded meanwhile. Months that were removed stay removed.
    """
    if source in RESERVED_NAMES:
        raise ConfigurationError(
            f"{source} is a live source: only a history load can be undone"
        )
    warehouse = connect(dag=DAG_HISTORY, step="undo")
    prepare(warehouse)
    names = [
        row["source"] for row in warehouse.query(_sql("exports"), spec=loading.ORDERS)
    ]
    if source not in names:
        raise ConfigurationError(
            f"no export was loaded under the name {source!r}; names of exports: {', '.join(names) or 'none'}"
        )
    now, of_source = datetime.now(UTC), {"source": source}
    run = DagRun(DAG_HISTORY, f"undo__{source}__{now.isoformat()}")
    stored = warehouse.query(_sql("days"), parameters=of_source)
    # The modification times of files may be ahead of this machine's clock.
    read_at = max([now, *(day["last_read_at"] for day in stored)])
    removed = 0
    for days in day_batches(stored):
        orders = warehouse.query(
            "warehouse/tables/orders/order_ids.sql", days=days, parameters=of_source
        )
        _remove(run, source, days, [row["order_id"] for row in orders], read_at)
        log.info(
            "%d orders of %s from %s to %s are removed",
            len(orders),
            source,
            days[-1],
            days[0],
        )
        removed += len(orders)
    if warehouse.query(_sql("days"), parameters=of_source):
        raise PipelineError(
            f"orders of {source} were loaded during the undo: wait for the end of that run of {DAG_HISTORY}, "
            "then undo it once more"
        )
    warehouse.transact(_sql("rejected_rows"), source=source)
    return removed


def day_batches(stored: Iterable[Mapping[str, Any]]) -> Iterator[list[date]]:
    """Yield the days of each load; `stored` has business_date and orders (a count), the newest first."""
    days: list[date] = []
    orders = 0
    for each in stored:
        day: date = each["business_date"]
        is_full = orders + each["orders"] > MOST_ORDERS
        if days and (is_full or day.replace(day=1) != days[0].replace(day=1)):
            yield days
            days, orders = [], 0
        days.append(day)
        orders += each["orders"]
    if days:
        yield days


def _remove(
    run: DagRun,
    source: str,
    days: Sequence[date],
    order_ids: Sequence[str],
    read_at: datetime,
) -> None:
    """Load versions of some days' orders and none of their rows, in one transaction."""
    timezone, folder = load_settings().shop_timezone, run.folder(days[-1], source)
    versions = [  # without version_updated_at: compared by read_at
        {"source": source, "order_id": order_id, "read_at": read_at}
        for order_id in order_ids
    ]
    counts = dict.fromkeys(
        (
            "source_orders",
            "rows_read",
            "rows_accepted",
            "rows_rejected",
            "rows_superseded",
            "orders",
        ),
        0,
    )
    with staging.publish(folder) as draft:
        columns = write_rows(draft.path, "order_versions", versions)
        draft.seal(
            source=source,
            business_date=days[-1],
            rows=len(versions),
            columns={"order_versions.parquet": columns},
            read_at=read_at,
            window_start=day_window(days[-1], timezone).start,
            window_end=day_window(days[0], timezone).end,
            control_totals=counts | {"source_amount": "0", "amount": "0"},
        )
    load_manifest(loading.ORDERS, run, staging.read_manifest(folder), status=HISTORY)
    staging.discard(folder)


def _sql(name: str) -> str:
    return f"warehouse/procedures/undo_history/{name}.sql"
