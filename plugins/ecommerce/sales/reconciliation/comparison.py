"""The comparison of one source with the warehouse: what to read, and on which days the two differ.

Every source is compared in the same way: its orders of all days are read and transformed as for a load, and
compared with the stored ones order by order; nothing of that is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import BusinessDay, day_window, newest_closed_day, shop_day
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sales.reconciliation.differences import Difference
from ecommerce.sources import SALES_DB, SOURCES, module
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse import load_history, rendering
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import arrow_type

if TYPE_CHECKING:
    import duckdb

STATEMENT = "reconciliation/orders.sql"
NOT_COMPARED = {"source", "updated_at", "read_at", "run_id", "category"}
"""Columns that say when and by which run a row was read, and the product's category, which is as of then."""
OF_OTHER_RECORDS = {SALES_DB: {"customer_hash"}}
"""Columns that a source keeps beside the order: a new e-mail address of a customer changes no order."""
NULL_IS_A_VALUE = {
    *("country_code", "customer_hash", "coupon_code"),
    *("order_business_date", "sku", "quantity", "reason"),
}
"""Columns in which a stored NULL means that there is no value. In others it means that the row was loaded
before the column was there (`make migrate` adds columns as NULL), which is no difference."""


def reconciled_sources() -> list[str]:
    """The sources that can be read once more."""
    return [source for source in SOURCES if module(source).RECONCILED]


def days_to_compare(now: datetime) -> list[BusinessDay]:
    """The last `RECONCILE_DAYS` closed days at the instant `now`, oldest first."""
    settings = load_settings()
    newest = newest_closed_day(now, settings.shop_timezone)
    return [newest.shifted(-back) for back in reversed(range(settings.reconcile_days))]


def read_once_more(source: str, run: DagRun, now: datetime) -> Manifest | None:
    """Read the orders created on those days to compare that a run has read; None where there is no such day.
    Also orders of other days of which a refund is stored under these days. The window of changes is empty.

    Raises:
        PipelineError: source or warehouse cannot be asked, see the source's `extract`.
    """
    days = days_to_compare(now)
    read = load_history.read_days(source, days[0].date, days[-1].date)
    if not read:
        return None
    first, last = (day_window(day, days[0].timezone) for day in (read[0], read[-1]))
    span = BusinessDay(last.date, last.timezone, first.start, last.end)
    folder = run.folder(last.date, f"comparison/{source}")  # not where the day is read again
    known = load_history.refunded_orders(source, read)
    window = ReadWindow(source, span, span.start, span.start, folder, known_orders=known, memory=load_history)
    return module(source).extract(window)


def compare(loadable: Manifest) -> list[Difference]:
    """The days on which orders that were read once more and transformed differ from the stored ones. The
    folder of `loadable` is removed afterwards.

    Raises:
        StagingError: it is not there.
        PipelineError: the warehouse cannot be asked.
    """
    source = loadable.source
    first = shop_day(loadable.window_start, load_settings().shop_timezone)
    days = load_history.read_days(source, first.date, loadable.business_date)
    last_read, overlap = load_history.last_read(source), module(source).OVERLAP
    since = last_read - overlap if last_read and overlap else None
    with connect_duckdb(loadable.uri) as duck:
        keep_stored(duck, source, days)
        differences = differing_days(duck, loadable, days, since)
    staging.discard(loadable.uri)
    return differences


def differing_days(
    duck: duckdb.DuckDBPyConnection, loadable: Manifest, days: Sequence[date], changed_since: datetime | None
) -> list[Difference]:
    """As `compare`, with the tables `stored_orders` and `stored_refunds` of `duck`, oldest day first. Orders
    changed since `changed_since` (aware; None: none) are left out."""
    statement = rendering.environment().get_template(STATEMENT)
    compared = statement.render(
        order_columns=_compared("orders", loadable),
        refund_columns=_compared("refunds", loadable),
        null_is_a_value=NULL_IS_A_VALUE,
    )
    files = {name: loadable.file(f"{name}.parquet") for name in ("orders", "order_lines", "refunds")}
    more = {"days": list(days), "changed_since": changed_since, "read_at": loadable.read_at}
    result = duck.execute(compared, files | more)
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return order_differences(loadable.source, rows)


def _compared(table: str, loadable: Manifest) -> list[str]:
    """The columns that the source's file and the warehouse's table have in common, without technical ones."""
    found = {*loadable.columns[f"{table}.parquet"]} - NOT_COMPARED
    found -= OF_OTHER_RECORDS.get(loadable.source, set())
    return [column.name for column in rendering.columns(table) if column.name in found]


def keep_stored(duck: duckdb.DuckDBPyConnection, source: str, days: Collection[date]) -> None:
    """Make the tables stored_orders and stored_refunds: what the warehouse has of `days`, day by day."""
    import pyarrow as pa

    schemas = {
        table: pa.schema([(column.name, arrow_type(column)) for column in rendering.columns(table)])
        for table in ("orders", "refunds")
    }
    schemas["orders"] = schemas["orders"].append(pa.field("line_digest", pa.int64()))
    for table, schema in schemas.items():
        duck.from_arrow(schema.empty_table()).create(f"stored_{table}")
    if not days:
        return
    warehouse = connect(step="reconciliation")
    for table, some in [("refunds", days), *(("orders", [day]) for day in days)]:
        rows = warehouse.query(
            f"warehouse/tables/{table}/for_reconciliation.sql", days=some, parameters={"source": source}
        )
        duck.from_arrow(pa.Table.from_pylist(rows, schema=schemas[table])).insert_into(f"stored_{table}")


def order_differences(source: str, rows: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """The days on which orders differ, from the rows of `STATEMENT`, oldest first."""
    return [
        Difference(
            row["business_date"],
            source,
            {
                name: (Decimal(row[f"source_{column}"]), Decimal(row[f"stored_{column}"]))
                for name, column in _FIGURES.items()
            },
            ", ".join(_counted(row[column], words) for column, words in _WORDS.items() if row[column]),
        )
        for row in rows
        if any(row[column] for column in _WORDS)
    ]


_FIGURES = {"orders": "orders", "gross amount": "amount", "refunds": "refunds", "refunded amount": "refunded"}
_WORDS = {
    "missing": ("is not in the warehouse", "are not in the warehouse"),
    "gone": ("is gone from the source", "are gone from the source"),
    "changed": ("has changed", "have changed"),
    "refunded": ("has other refunds", "have other refunds"),
}


def _counted(count: int, words: tuple[str, str]) -> str:
    return f"1 order {words[0]}" if count == 1 else f"{count} orders {words[1]}"
