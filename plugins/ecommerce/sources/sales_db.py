"""The shop's own sales database, connection `sales_db` (PostgreSQL), read in one snapshot.

The unit is the order, extracted whole: orders created in the business day, or changed in the window, or with
a refund made in the day or changed in the window, or in `window.also_read`, each with all its items and
refunds; refunds of that window whose order does not exist; the products and customers those orders name or
that changed in the window; and payments and payouts of the day or changed in the window, each payout with all
its payments. docs/SOURCES.md describes the raw folder.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import shop_timezone
from ecommerce.core.values import Row, Values
from ecommerce.runtime import lineage
from ecommerce.sources.postgres import SCHEMA, Query, Session, copy_to_parquet, snapshot
from ecommerce.sources.source import Extracted, Platform
from ecommerce.storage.duckdb import connect_duckdb, run_sql_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = {
    "orders": "order_id customer_id status currency shipping_country shipping_amount coupon_code is_test "
    "ordered_at updated_at",
    "order_items": "order_id line_number sku quantity unit_price discount_amount tax_amount",
    "refunds": "refund_id order_id line_number quantity amount reason refunded_at updated_at",
    "products": "sku name category updated_at",
    "customers": "customer_id email country_code updated_at",
    "payments": "payment_id order_id kind gateway currency amount fee_amount payout_id is_test "
    "processed_at updated_at",
    "payouts": "payout_id issued_on status currency amount external_reference updated_at",
    "removed_orders": "order_id",
}
"""Required columns of each query; additional ones are allowed. `removed_orders`: those of `known_orders` that
are gone."""
MAY_BE_EMPTY = {"payments", "payouts"}
"""Queries that read no table of a shop without payments."""
CONTROL_TOTALS = "control_totals"
READ_FIRST = ("order_items", "products", "orders", "refunds", "removed_orders")
READ_SECOND = (CONTROL_TOTALS, "customers", "payouts", "payments")
"""The queries of the two sessions, which take about as long."""
TEXTS = {"order_id", "customer_id", "refund_id", "sku", "payment_id", "payout_id"}
"""Ids, read as text also where the database stores numbers."""


def extract_into(conn_id: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read the orders of `window` into the raw folder; see docs/SOURCES.md.

    Raises:
        TransientError: the server is down, or a query took longer than its statement_timeout.
        CredentialsError: it refuses the login or the reading of a table.
        ContractError: a table or column is not what the queries expect.
        StagingError: the files could not be written.
    """
    with (
        snapshot(conn_id) as (first, second, read_at),
        connect_duckdb() as duck,
    ):
        run_sql_file(duck, "extract/create_rejects")
        totals: Values = {}
        with ThreadPoolExecutor(2) as pool:
            reads = []
            for session, names in ((first, READ_FIRST), (second, READ_SECOND)):
                cursor = duck.cursor()
                reads.append(pool.submit(_read, session, names, window, folder, cursor))
            try:
                # Raises the error of the one that failed first.
                for read in as_completed(reads):
                    totals |= read.result()
            finally:
                # Where one has failed, or the task is stopped, the other ends at once.
                first.cancel()
                second.cancel()
        rows = len(duck.table("rejects"))
        columns = {}
        for name in COLUMNS:
            lineage.report_query(sales_query(name, window).sql, **first.address())
            result = duck.read_parquet(f"{folder}/{name}.parquet")
            columns[name] = result.columns
            rows += len(result)
        headers = {"files": list(columns), "columns": list(columns.values())}
        run_sql_file(duck, "extract/sales_db/rejected_cells", headers)
        totals["rejected_amounts"] = _write_rejects(duck, folder)
    return Extracted(read_at, rows, totals)


def _read(
    session: Session,
    names: Sequence[str],
    window: ReadWindow,
    folder: Path,
    duck: DuckDBPyConnection,
) -> Values:
    """Copy the results of queries to Parquet files. Return the control totals, if they are one of them."""
    totals: Values = {}
    for name in names:
        statement = sales_query(name, window)
        if name == CONTROL_TOTALS:
            totals = session.row(statement)
            continue
        types = session.columns(statement)
        _check_columns(session, name, types)
        types |= dict.fromkeys(TEXTS & types.keys(), "VARCHAR")
        target = folder / f"{name}.parquet"
        copy_to_parquet(session, statement, types, target, duck)
    return totals


def _write_rejects(duck: DuckDBPyConnection, folder: Path) -> list[Row]:
    """Write the rows that cannot be read, and the orders among them, into `folder`; return the amounts that
    they withhold."""
    run_sql_file(duck, "extract/sales_db/unread_orders")
    files = {
        "orders": f"{folder}/orders.parquet",
        "items": f"{folder}/order_items.parquet",
    }
    amounts = run_sql_file(duck, "extract/sales_db/rejected_amounts", files)
    run_sql_file(duck, "extract/sales_db/mask_unreadable")
    for name in ("rejects", "unread_orders"):
        duck.table(name).write_parquet(f"{folder}/{name}.parquet")
    return amounts


def sales_query(name: str, window: ReadWindow) -> Query:
    """Return the query of `include/sql/extract/sales_db/<name>.sql`."""
    parameters = {
        "day_start": window.day.start,
        "day_end": window.day.end,
        "first_date": window.day.dates[0],
        "last_date": window.day.dates[-1],
        "changed_from": window.changed_from,
        "changed_until": window.changed_until or "infinity",
        "known_orders": list(window.also_read),
    }
    files = ("schema", "selection", name)
    text = "".join(read_sql(f"extract/sales_db/{file}.sql") for file in files)
    return Query(f"{name}.sql", text, parameters)


def _check_columns(session: Session, name: str, columns: Collection[str]) -> None:
    """Raise ContractError where the query `name` lacks a column of `COLUMNS`."""
    missing = set(COLUMNS.get(name, "").split()) - set(columns)
    if missing:
        raise ContractError(
            f"{session.conn_id}: {name}.sql does not give the column "
            f"{', '.join(sorted(missing))}: add it to its SELECT"
        )


def _check_types(session: Session, name: str, types: Mapping[str, str]) -> None:
    """Raise ContractError where the query `name` declares another type than the transform needs."""
    for column in COLUMNS.get(name, "").split():
        actual = needed = types[column]
        if column == "is_test":
            needed = "BOOLEAN"
        if column.endswith("_at"):
            needed = "TIMESTAMPTZ"
        if column == "issued_on" and actual == "TIMESTAMPTZ":
            # Other types, with DATE, are read as text.
            needed = "DATE"
        if actual != needed:
            raise ContractError(
                f"{session.conn_id}: {name}.sql needs {column} as {needed.lower()}, not as "
                f"{actual.lower()}: cast it in {SCHEMA}"
            )


def check(conn_id: str) -> Lines:
    """Let the database plan every query, without running it.

    A connection without TLS fails only here: an upgrade must not stop an installation that works.
    """
    day = newest_closed_day(datetime.now(UTC), shop_timezone())
    window = ReadWindow(conn_id, day, day.start, None, "")
    problems: dict[str, str] = {}
    with snapshot(conn_id) as (session, _, _):
        inspect = Query("inspect.sql", read_sql("extract/sales_db/inspect.sql"), {})
        server = session.row(inspect)
        if session.may_be_unencrypted():
            yield (
                FAIL,
                f"the host of the connection {conn_id} is public, and customers' addresses may travel "
                "without encryption: add sslmode=verify-full to the connection",
            )
        queries = (*COLUMNS, CONTROL_TOTALS)
        for name in queries:
            try:
                types = session.columns(sales_query(name, window))
                _check_columns(session, name, types)
                _check_types(session, name, types)
            except (ContractError, CredentialsError) as error:
                problems[name] = str(error)
    if not problems:
        yield (
            OK,
            f"PostgreSQL {server['server_version']}; all queries of include/sql/extract/sales_db fit it",
        )
    messages = list(problems.values())
    if problems.keys() >= {*queries} - MAY_BE_EMPTY:
        # For one reason, which the first query shows.
        messages = [
            f"no query runs in the database {server['database']}: {messages[0]}"
        ]
    for message in messages:
        yield FAIL, message
    if server["missing_indexes"]:
        yield HINT, f"extracts would be faster with {server['missing_indexes']}"


SALES_DB = Platform(
    name="sales_db",
    subject="sales_db",
    extract_into=extract_into,
    check=check,
    has_shops=True,
    limits="Sales database: an order that is deleted, or changed without a new updated_at, is found only by "
    "reconciliation, which compares the orders of the last {reconcile_days}.",
    # For transactions that were open at the last read.
    overlap=timedelta(minutes=30),
    reconciled=True,
    # A customer's new e-mail address changes no order.
    not_compared=("customer_hash",),
)
