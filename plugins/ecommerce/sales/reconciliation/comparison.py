"""The comparison of a source with the warehouse, and the alert about days on which they differ.

The orders of all days to compare are read and transformed as for a load, and compared with the stored ones
order by order. Nothing is loaded. Other runs cannot see these differences: orders deleted for good, and
changes that leave `updated_at` as it is. Days that no run has read are not compared, nor are orders changed
since the last read, which the next run reads.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from more_itertools import flatten

from ecommerce.core import text
from ecommerce.core.business_day import day_window, newest_closed_day, shop_day
from ecommerce.core.names import DAG_RECONCILIATION
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Row, Values
from ecommerce.sources import configured_sources, live_sources
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, run_sql_file
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse import load_history
from ecommerce.warehouse.client import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOT_COMPARED = {"source", "updated_at", "read_at", "run_id", "category"}
"""Columns of the run that read a row, and the product's category at that time."""
Difference = Row
"""A source and the warehouse differ on a business day. Plain JSON: `business_date`, `source`, and `what`,
which states the orders that differ."""
Reread = Row
"""A day and a source to read again. Plain JSON: `business_date`, `source`."""

log = logging.getLogger(__name__)


def reconciled_sources() -> list[str]:
    """Return the sources that can be reconciled."""
    sources = live_sources().values()
    return [source.name for source in sources if source.platform.reconciled]


def read_once_more(source: str, run: DagRun, now: datetime) -> Manifest | None:
    """Read the orders created on those of the last `RECONCILE_DAYS` closed days at `now` (aware) that a run
    has read, and the orders of refunds stored under these days; return None where there is no such day. The
    window of changes is empty."""
    settings = load_settings()
    newest = newest_closed_day(now, settings.shop_timezone)
    oldest = newest.shifted(1 - settings.reconcile_days)
    days = load_history.read_days(source, oldest.date, newest.date)
    if not days:
        return None
    first = day_window(days[0], settings.shop_timezone)
    last = day_window(days[-1], settings.shop_timezone)
    window = ReadWindow(
        source=source,
        day=replace(last, start=first.start),
        changed_from=first.start,
        changed_until=first.start,
        # Not the folder in which the day is read again.
        folder=run.folder(last.date, f"comparison/{source}"),
        also_read=load_history.refunded_orders(source, days),
        earlier_reads=load_history,
    )
    return configured_sources()[source].extract(window)


def compare(loadable: Manifest) -> list[Difference]:
    """Return the days on which the orders in a loadable folder differ from the stored ones, and remove the
    folder. Raises StagingError where it is gone."""
    source = loadable.source
    first = shop_day(loadable.window_start, load_settings().shop_timezone)
    days = load_history.read_days(source, first.date, loadable.business_date)
    if not days:
        return []
    last_read = load_history.earlier_runs(source, loadable.business_date).last_read
    overlap = configured_sources()[source].platform.overlap
    changed_since = None
    if last_read and overlap:
        changed_since = last_read - overlap
    with connect_duckdb(loadable.uri) as duck:
        copy_stored(duck, source, days)
        differences = differing_days(duck, loadable, days, changed_since)
    staging.discard(loadable.uri)
    return differences


def differing_days(
    duck: DuckDBPyConnection,
    loadable: Manifest,
    days: Sequence[date],
    changed_since: datetime | None,
) -> list[Difference]:
    """Return the days on which orders, as read and transformed, differ from the tables of `copy_stored`,
    oldest first. Not compared are orders changed since `changed_since` (aware, may be None), and those older
    than the control total `visible_from`."""
    values = {
        "source": loadable.source,
        "orders": loadable.file("orders.parquet"),
        "order_lines": loadable.file("order_lines.parquet"),
        "refunds": loadable.file("refunds.parquet"),
        "days": list(days),
        "changed_since": changed_since,
        "read_at": loadable.read_at,
        "visible_from": loadable.control_totals.get("visible_from"),
    }
    return run_sql_file(
        duck,
        "reconciliation/orders",
        values,
        order_columns=_compared_columns(loadable, "orders"),
        refund_columns=_compared_columns(loadable, "refunds"),
    )


def _compared_columns(loadable: Manifest, table: str) -> list[str]:
    platform = configured_sources()[loadable.source].platform
    ignored = NOT_COMPARED.union(platform.not_compared)
    columns = loadable.columns[f"{table}.parquet"]
    return [column for column in columns if column not in ignored]


def copy_stored(
    duck: DuckDBPyConnection,
    source: str,
    days: Collection[date],
) -> None:
    """Create the tables stored_orders and stored_refunds with the warehouse's rows of a source's business
    days, of which there is at least one, and forgotten_hashes."""
    warehouse = connect(step="reconciliation")
    for table in ("orders", "refunds"):
        stored = warehouse.arrow(
            f"warehouse/tables/{table}/for_reconciliation.sql",
            days=days,
            parameters={"source": source},
        )
        duck.from_arrow(stored).create(f"stored_{table}")
    hashes = warehouse.arrow("warehouse/tables/forgotten_hashes/all.sql")
    duck.from_arrow(hashes).create("forgotten_hashes")


def newest_first(by_source: Iterable[Sequence[Difference]]) -> list[Difference]:
    """Log the differences of all sources, and return them in one list."""
    differences = sorted(
        flatten(by_source), key=itemgetter("business_date", "source"), reverse=True
    )
    for difference in differences:
        log.warning("%(business_date)s %(source)s: %(what)s", difference)
    return differences


def select_rereads(differences: Iterable[Difference], most_days: int) -> list[Reread]:
    """Return the days and sources to read again: all that differ on the first `most_days` days."""
    pairs = [_pair(difference) for difference in differences]
    days = list(dict.fromkeys(pair["business_date"] for pair in pairs))
    return [pair for pair in pairs if pair["business_date"] in days[:most_days]]


def _pair(difference: Difference) -> Reread:
    return {name: difference[name] for name in ("business_date", "source")}


def mail_texts(
    differences: Sequence[Difference],
    pairs: Sequence[Reread],
    loaded: Sequence[Reread],
    built: Collection[str],
) -> Values:
    """Return the texts of the alert about `differences`, the newest day first: `pairs` were to be read again,
    and those `loaded` were; the reports of the days `built` were built again."""
    listed = []
    corrected = _days(loaded)
    for difference in differences:
        pair = _pair(difference)
        outcome = "read again and loaded"
        if pair not in loaded:
            outcome = "not read again yet"
            if pair in pairs:
                outcome = "reading it again failed: fix the error of the failed task, then clear the task"
            corrected.discard(difference["business_date"])
        name = text.source_name(difference["source"])
        listed.append({**difference, "source": name, "outcome": outcome})
    days = _days(differences)
    left = days - _days(pairs)
    without_report = sorted(_days(loaded).difference(built), reverse=True)
    return {
        "subject": f"Reconciliation: days with differences: {len(days)}, corrected: {len(corrected)}",
        "differences": listed,
        "left": sorted(left, reverse=True),
        "again": f"airflow dags trigger {DAG_RECONCILIATION} --conf '{{\"most_days\": {len(left)}}}'",
        "built": list(built),
        "reports": [f"make report DAY={day}" for day in without_report],
    }


def _days(rows: Iterable[Mapping[str, str]]) -> set[str]:
    return {row["business_date"] for row in rows}
