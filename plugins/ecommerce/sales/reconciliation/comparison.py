"""The two comparisons of `reconciliation`: each source asked in its own way, the warehouse beside it.

The sales database sums up its days itself, in one query. The storefront cannot, so its orders of all days are
read and transformed as for a load, and compared one by one; nothing of that is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from ecommerce.core import staging
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.duckdb import connect_duckdb
from ecommerce.core.include import INCLUDE
from ecommerce.core.reads import ReadWindow
from ecommerce.core.scratch import scratch_folder
from ecommerce.sales.reconciliation.differences import (
    Difference,
    aggregate_differences,
    days_to_compare,
    order_differences,
)
from ecommerce.sales.windows import OVERLAP, source_folder
from ecommerce.sources import SALES_DB, STOREFRONT

if TYPE_CHECKING:
    import duckdb

    from ecommerce.warehouse.client import Warehouse

STATEMENT = INCLUDE / "sql" / "reconciliation" / "orders.sql"
COMPARED = {
    "orders": "order_id business_date status is_sale is_test currency country_code customer_hash coupon_code "
    "item_count gross_amount discount_amount tax_amount shipping_amount fee_amount ordered_at",
    "refunds": "refund_id line_number business_date order_id order_business_date merchandise_amount "
    "tax_amount shipping_amount",
}
"""The columns compared, as the statements of warehouse/reconciliation and `STATEMENT` name them."""


def compare_sales_db() -> list[Difference]:
    """The days on which the sales database and the warehouse differ.

    Raises:
        PipelineError: either cannot be asked; see `sources.postgres`, `Warehouse.query`.
    """
    from ecommerce.warehouse import reads as audit
    from ecommerce.warehouse.client import connect

    days = days_to_compare(datetime.now(UTC))
    read = audit.read_days(SALES_DB, days[0].date, days[-1].date)
    if not read:
        return []
    found, changed = _sum_up_sales_db(days, audit.last_read(SALES_DB))
    stored = connect(step="reconciliation").query(
        "warehouse/procedures/reconciliation/sales_db.sql", days=read, parameters={"left_out": changed}
    )
    kept = {str(day) for day in read}
    return aggregate_differences(SALES_DB, [row for row in found if row["business_date"] in kept], stored)


def _sum_up_sales_db(
    days: Sequence[BusinessDay], last_read: datetime | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """The source's sums by day (amounts and dates as text), and the ids of the orders they leave out."""
    from ecommerce.core.include import read_sql
    from ecommerce.sources.postgres import Query, copy_to_parquet, snapshot

    parameters = {
        "range_start": days[0].start,
        "range_end": days[-1].end,
        "changed_since": last_read - OVERLAP[SALES_DB] if last_read else "infinity",
        "shop_timezone": days[0].timezone,
    }
    results = []
    with (
        scratch_folder() as folder,
        snapshot(SALES_DB) as (session, _, _),
        connect_duckdb() as duck,
    ):
        duck.execute(read_sql("extract/create_rejects.sql"))
        for name in ("reconciliation", "changed_orders"):
            query = Query(f"{name}.sql", read_sql(f"extract/{SALES_DB}/{name}.sql"), parameters)
            file = folder / f"{name}.parquet"
            copied = copy_to_parquet(session, query, file, duck)
            rows = duck.from_parquet(str(file)).fetchall()
            results.append([dict(zip(copied.columns, row, strict=True)) for row in rows])
    sums, changed = results
    return sums, [row["order_id"] for row in changed]


def compare_storefront(context: Mapping[str, Any]) -> list[Difference]:
    """The days on which the storefront's orders and the warehouse's differ.

    Raises:
        PipelineError: either cannot be asked; see `sources.storefront`, `transform`, `Warehouse.query`.
    """
    from ecommerce.sales.transform import transform
    from ecommerce.sources.storefront import reading as storefront
    from ecommerce.warehouse import reads as audit
    from ecommerce.warehouse.client import connect

    days = days_to_compare(datetime.now(UTC))
    read = audit.read_days(STOREFRONT, days[0].date, days[-1].date)
    if not read:
        return []
    last_read = audit.last_read(STOREFRONT)
    raw = storefront.extract(_created_in(days, context), audit.known_refunds)
    loadable = transform(raw, run_id=context["run_id"])
    try:
        with connect_duckdb(loadable.uri) as duck:
            _keep_stored(duck, connect(step="reconciliation"), read)
            parameters = {
                "orders": loadable.file("orders.parquet"),
                "refunds": loadable.file("refunds.parquet"),
                "days": read,
                "changed_since": last_read - OVERLAP[STOREFRONT] if last_read else None,
            }
            result = duck.execute(STATEMENT.read_text(encoding="utf-8"), parameters)
            names = [column[0] for column in result.description]
            rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    finally:
        staging.discard(loadable.uri)
    return order_differences(STOREFRONT, rows)


def _created_in(days: Sequence[BusinessDay], context: Mapping[str, Any]) -> ReadWindow:
    """The orders created from the first to the last of `days`; those changed in an empty window."""
    span = BusinessDay(days[-1].date, days[0].timezone, days[0].start, days[-1].end)
    source = source_folder(context, STOREFRONT, days[-1])
    folder = f"{source.rpartition('/')[0]}/comparison/{STOREFRONT}"  # not where the day is read again
    return ReadWindow(STOREFRONT, span, span.start, span.start, folder)


def _keep_stored(duck: duckdb.DuckDBPyConnection, warehouse: Warehouse, days: Sequence[date]) -> None:
    """The tables stored_orders and stored_refunds: what the warehouse has of `days`, asked for day by day."""
    import pyarrow as pa

    from ecommerce.warehouse.rendering import columns
    from ecommerce.warehouse.schema import arrow_type

    for table, names in COMPARED.items():
        schema = pa.schema(
            [(each.name, arrow_type(each)) for each in columns(table) if each.name in names.split()]
        )
        duck.from_arrow(schema.empty_table()).create(f"stored_{table}")
        for day in days:
            rows = warehouse.query(f"warehouse/procedures/reconciliation/storefront_{table}.sql", days=[day])
            duck.from_arrow(pa.Table.from_pylist(rows, schema=schema)).insert_into(f"stored_{table}")
