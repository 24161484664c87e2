"""The shop's own sales database, connection `sales_db` (PostgreSQL), read in one snapshot.

The unit is the order, extracted whole: orders created in the business day, or changed in the window, or with
a refund made in the day or changed in the window, or known to the warehouse (`window.known_orders`), each
with all its items and refunds; refunds of that window whose order does not exist; and the products and
customers those orders name or that changed in the window. docs/SOURCES.md describes the raw folder.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import Settings, shop_timezone
from ecommerce.core.text import counted
from ecommerce.runtime import lineage
from ecommerce.sources.postgres import Query, Session, copy_to_parquet, snapshot
from ecommerce.sources.source import Source
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.staging import Manifest, publish, read_manifest

if TYPE_CHECKING:
    import duckdb

CONNECTION = "sales_db"
COLUMNS = {
    "orders": "order_id customer_id status currency shipping_country shipping_amount coupon_code is_test "
    "ordered_at updated_at",
    "order_items": "order_id line_number sku quantity unit_price discount_amount tax_amount",
    "refunds": "refund_id order_id line_number quantity amount reason refunded_at updated_at",
    "products": "sku name category updated_at",
    "customers": "customer_id email country_code updated_at",
    "removed_orders": "order_id",
}
"""What each query has to give; more does no harm. `removed_orders`: those of `known_orders` that are gone."""
QUERIES = (*COLUMNS, "control_totals")
TEXTS = frozenset({"order_id", "customer_id", "refund_id", "sku"})
"""Numbers in many a database; every step after this one takes them for text."""


def limits(settings: Settings) -> list[str]:
    """Return which changes are seen late or never."""
    return [
        "Sales database: an order that is deleted, or changed without a new updated_at, is found only by "
        f"reconciliation, which compares the orders of the last {counted(settings.reconcile_days, 'day')}."
    ]


def extract(window: ReadWindow) -> Manifest:
    """Read the orders of `window` into its raw folder; see docs/SOURCES.md.

    Raises:
        TransientError: the server is down, or a query took longer than its statement_timeout.
        CredentialsError: it refuses the login or the reading of a table.
        ContractError: a table or column is not what the queries expect.
        StagingError: the files could not be written.
    """
    with (
        publish(window.folder) as draft,
        snapshot(CONNECTION) as (first, second, read_at),
        connect_duckdb() as duck,
    ):
        query(duck, "extract/create_rejects")
        columns, counts = dict[str, list[str]](), list[int]()

        def copy(
            session: Session, lane: duckdb.DuckDBPyConnection, name: str, **more: Any
        ) -> Path:
            target = draft.path / f"{name}.parquet"
            statement = sales_query(name, window, **more)
            columns[name], rows = copy_to_parquet(
                session, statement, target, lane, TEXTS
            )
            counts.append(rows)
            _check_columns(name, columns[name])
            return target

        # Two lanes of about the same length: counting the items takes as long as copying them.
        def items_and_the_rest() -> None:
            lane = duck.cursor()
            items = copy(first, lane, "order_items")
            skus = (
                lane.from_parquet(str(items))
                .filter("sku IS NOT NULL")
                .unique("sku")
                .fetchall()
            )
            copy(first, lane, "products", skus=[sku for (sku,) in skus])
            for name in ("orders", "refunds", "removed_orders"):
                copy(first, lane, name)

        def totals_and_customers() -> dict[str, Any]:
            totals = second.row(sales_query("control_totals", window))
            copy(second, duck.cursor(), "customers")
            return totals

        _, totals = _both(
            items_and_the_rest,
            totals_and_customers,
            cancel=(first.cancel, second.cancel),
        )
        for name in columns:
            lineage.report_query(sales_query(name, window).sql, **first.address())
        headers = list(_rejected(duck, "orders", columns["orders"]))
        broken = list(_rejected(duck, "order_items", columns["order_items"]))
        rejected_amounts = []
        if (
            headers or broken
        ):  # the lines that are no lines for the transform; the database's sums have them
            numbers = ("order_id", "quantity", "unit_price")
            rejected_amounts = query(
                duck,
                "extract/sales_db/rejected_amounts",
                {
                    "orders": str(draft.path / "orders.parquet"),
                    "items": str(draft.path / "order_items.parquet"),
                    "headers": [
                        {name: row[name] for name in ("order_id", "currency")}
                        for row in headers
                    ],
                    "broken": [{name: row[name] for name in numbers} for row in broken],
                },
            )
        read = {"files": list(columns), "columns": list(columns.values())}
        query(duck, "extract/sales_db/mask_unreadable", read)
        duck.execute(
            "COPY (SELECT unnest(?::VARCHAR[]) AS order_id) TO ? (FORMAT parquet)",
            [
                sorted({row["order_id"] for row in headers} - {""}),
                f"{draft.path}/rejected_orders.parquet",
            ],
        )
        rejects = draft.path / "rejects.parquet"
        [(rejected,)] = duck.execute(
            "COPY rejects TO ? (FORMAT parquet)", [str(rejects)]
        ).fetchall()
        draft.seal(
            **window.facts(read_at),
            rows=sum(counts) + rejected,
            columns={f"{name}.parquet": columns[name] for name in COLUMNS}
            | {
                rejects.name: duck.table("rejects").columns,
                "rejected_orders.parquet": ["order_id"],
            },
            control_totals={
                name: f"{value:f}" if isinstance(value, Decimal) else value
                for name, value in totals.items()
            }
            | {"rejected_amounts": rejected_amounts},
        )
    return read_manifest(window.folder)


def _rejected(
    duck: duckdb.DuckDBPyConnection, file: str, columns: Sequence[str]
) -> Iterator[dict[str, str]]:
    """Yield the cells of each rejected row of CSV by column; broken rows are left out."""
    for (row,) in duck.execute(
        "SELECT raw FROM rejects WHERE file = ?", [file]
    ).fetchall():
        try:
            cells = next(csv.reader((row or "").splitlines(keepends=True)), [])
        except csv.Error:  # a cell of more than 128 KB
            continue
        if len(cells) == len(columns):
            yield dict(zip(columns, cells, strict=True))


def sales_query(name: str, window: ReadWindow, **more: Any) -> Query:
    """Return the query of `include/sql/extract/sales_db/<name>.sql`; `more` are further parameters."""
    parameters = {
        "day_start": window.day.start,
        "day_end": window.day.end,
        "changed_from": window.changed_from,
        "changed_until": window.changed_until or "infinity",
        "known_orders": list(window.known_orders),
        **more,
    }
    text = "".join(
        read_sql(f"extract/sales_db/{each}.sql")
        for each in ("schema", "selection", name)
    )
    return Query(f"{name}.sql", text, parameters)


def _check_columns(name: str, columns: Collection[str]) -> None:
    """Raise ContractError where the query `name` lacks a column of `COLUMNS`."""
    if missing := sorted({*COLUMNS.get(name, "").split()} - {*columns}):
        raise ContractError(
            f"{CONNECTION}: {name}.sql does not give the column {', '.join(missing)}: add it to its SELECT"
        )


def _check_types(name: str, types: Mapping[str, str]) -> None:
    """Raise ContractError where the query `name` declares another type than the transform needs."""
    for column in COLUMNS.get(name, "").split():
        wanted = (
            "TIMESTAMPTZ"
            if column.endswith("_at")
            else "BOOLEAN"
            if column == "is_test"
            else ""
        )
        if wanted and types[column] != wanted:
            raise ContractError(
                f"{CONNECTION}: {name}.sql needs {column} as {wanted.lower()}, not as "
                f"{types[column].lower()}: cast it in include/sql/extract/{CONNECTION}/schema.sql"
            )


def check() -> Lines:
    """Let the database plan every query, without running it."""
    day = newest_closed_day(datetime.now(UTC), shop_timezone())
    window = ReadWindow(CONNECTION, day, day.start, None, "")
    with snapshot(CONNECTION) as (session, _, _):
        server = session.row(
            Query("inspect.sql", read_sql("extract/sales_db/inspect.sql"), {})
        )
        needs_tls = session.may_be_unencrypted()
    problems = []
    if needs_tls:
        yield (
            FAIL,
            f"the host of the connection {CONNECTION} is public, and customers' addresses may travel without "
            "encryption: add sslmode=verify-full to the connection",
        )
    for name in QUERIES:
        try:
            with snapshot(CONNECTION) as (session, _, _):
                types = session.columns(sales_query(name, window, skus=[]))
            _check_columns(name, types)
            _check_types(name, types)
        except (ContractError, CredentialsError) as error:
            problems.append(str(error))
    if not problems:
        yield (
            OK,
            f"PostgreSQL {server['server_version']}; all queries of include/sql/extract/sales_db fit it",
        )
    if len(problems) == len(QUERIES):  # for one reason: the first query shows it
        problems = [
            f"no query runs in the database {server['database']}: {problems[0]}"
        ]
    yield from ((FAIL, problem) for problem in problems)
    if server["missing_indexes"]:
        yield HINT, f"extracts would be faster with {server['missing_indexes']}"


def _both(
    *lanes: Callable[[], Any], cancel: tuple[Callable[[], None], ...]
) -> list[Any]:
    """Run the lanes side by side; when one fails or the task is stopped, the other is cancelled at once."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        futures = [pool.submit(lane) for lane in lanes]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = [future for future in done if future.exception()]
            return [future.result() for future in failed or futures]
        except BaseException:
            for stop in cancel:
                stop()
            raise


SALES_DB = Source(
    name="sales_db",
    subject=CONNECTION,
    extract=extract,
    check=check,
    limits=limits,
    overlap=timedelta(minutes=30),  # transactions that were open at the last read
    reconciled=True,
    not_compared=("customer_hash",),  # a customer's new e-mail address changes no order
    csv_columns=COLUMNS,
)
