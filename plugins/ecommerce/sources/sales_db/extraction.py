"""The shop's own sales database, connection `sales_db` (PostgreSQL), read in one snapshot.

The unit is the order, extracted whole: orders created in the business day, or changed in the window, or with
a refund made in the day or changed in the window, or known to the warehouse (`window.known_orders`), each
with all its items and refunds; refunds of that window whose order does not exist; and the products and
customers those orders name or that changed in the window. What that means in SQL is in
`include/sql/extract/sales_db/`; another schema is mapped in its `schema.sql` alone.

Raw folder: one Parquet file per query with the query's columns. For the documented schema:

- `orders.parquet`: order_id, customer_id, status, currency, shipping_country VARCHAR; shipping_amount
  DECIMAL(18,4); coupon_code VARCHAR; is_test BOOLEAN; ordered_at, updated_at TIMESTAMPTZ
- `order_items.parquet`: order_id VARCHAR; line_number INTEGER; sku VARCHAR; quantity INTEGER; unit_price,
  discount_amount, tax_amount DECIMAL(18,4)
- `refunds.parquet`: refund_id, order_id VARCHAR; line_number, quantity INTEGER; amount DECIMAL(18,4); reason
  VARCHAR; refunded_at, updated_at TIMESTAMPTZ
- `products.parquet`: sku, name, category VARCHAR; updated_at TIMESTAMPTZ
- `customers.parquet`: customer_id, email, country_code VARCHAR; updated_at TIMESTAMPTZ
- `removed_orders.parquet`: order_id VARCHAR; those of the window's `known_orders` that are gone
- `rejected_orders.parquet`: order_id VARCHAR; orders whose own row is among the rejects, so that their lines
  and refunds are not taken for those of an order that does not exist
- `rejects.parquet` (the layout of every source, always there): rows with a value that is not of its column's
  declared type, such as NaN; `file` is the query (`order_items`), `row_number` the place in its result

Ids and SKUs are text whatever the database declares. The other types follow it: `numeric(p, s)` that fits
DECIMAL(18,4) becomes it, integers stay integers; a `numeric` that could be rounded becomes VARCHAR, for the
transform to cast or reject. NULL and the empty text stay different; PostgreSQL's `infinity` stays infinite.

Control totals: source_orders, source_lines, source_refunds (ints; all rows), source_amount (sum of quantity x
unit_price), source_refund_amount (decimal texts, without what is no amount, such as NaN); source_amounts
(dicts of currency and amount, of the lines within the limits of `transform/values.sql`) and rejected_amounts
(likewise, of the lines among the rejects).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.names import CONNECTION_SALES_DB
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import shop_timezone
from ecommerce.runtime import lineage
from ecommerce.sources.postgres import Copied, Query, Session, copy_to_parquet, snapshot
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest, publish, read_manifest

if TYPE_CHECKING:
    import duckdb

CONNECTION = CONNECTION_SALES_DB
COLUMNS = {
    "orders": "order_id customer_id status currency shipping_country shipping_amount coupon_code is_test "
    "ordered_at updated_at",
    "order_items": "order_id line_number sku quantity unit_price discount_amount tax_amount",
    "refunds": "refund_id order_id line_number quantity amount reason refunded_at updated_at",
    "products": "sku name category updated_at",
    "customers": "customer_id email country_code updated_at",
    "removed_orders": "order_id",
}
"""What each query has to give; more does no harm."""
QUERIES = (*COLUMNS, "control_totals")
TEXTS = frozenset({"order_id", "customer_id", "refund_id", "sku"})
"""Numbers in many a database; every step after this one takes them for text."""


def extract(window: ReadWindow) -> Manifest:
    """Read the orders of `window` into its raw folder; see the module's text.

    Raises:
        TransientError: the server is away, or a query took longer than its statement_timeout.
        CredentialsError: it refuses the login or the reading of a table.
        ContractError: a table or column is not what the queries expect.
        StagingError: the files could not be written.
    """
    with (
        publish(window.folder) as draft,
        snapshot(CONNECTION) as (first, second, read_at),
        connect_duckdb() as duck,
    ):
        duck.execute(read_sql("extract/create_rejects.sql"))
        copied: dict[str, Copied] = {}

        def copy(session: Session, lane: duckdb.DuckDBPyConnection, name: str, **more: Any) -> Path:
            target = draft.path / f"{name}.parquet"
            query = sales_query(name, window, **more)
            copied[name] = copy_to_parquet(session, query, target, lane, TEXTS)
            if missing := sorted({*COLUMNS[name].split()} - {*copied[name].columns}):
                raise ContractError(
                    f"{CONNECTION}: {query.name} does not give the column {', '.join(missing)}: add it "
                    "to its SELECT"
                )
            return target

        def lines_then_products() -> None:
            lane = duck.cursor()
            items = copy(first, lane, "order_items")
            skus = lane.from_parquet(str(items)).filter("sku IS NOT NULL").unique("sku").fetchall()
            copy(first, lane, "products", skus=[sku for (sku,) in skus])

        def totals_then_the_rest() -> dict[str, Any]:
            totals = second.row(sales_query("control_totals", window))
            lane = duck.cursor()
            for name in ("orders", "refunds", "customers", "removed_orders"):
                copy(second, lane, name)
            return totals

        _, totals = _both(lines_then_products, totals_then_the_rest, cancel=(first.cancel, second.cancel))
        for name in copied:
            lineage.report_query(sales_query(name, window).sql, **first.address())
        order_ids = rejected_orders(_rejected(duck, "orders"), copied["orders"].columns)
        totals["rejected_amounts"] = _rejected_amounts(duck, draft.path, copied)
        duck.execute(
            "COPY (SELECT unnest(?::VARCHAR[]) AS order_id) TO ? (FORMAT parquet)",
            [order_ids, f"{draft.path}/rejected_orders.parquet"],
        )
        rejects = draft.path / "rejects.parquet"
        rejected = duck.execute("COPY rejects TO $file (FORMAT parquet)", {"file": str(rejects)}).fetchall()
        draft.seal(
            **window.facts(read_at),
            rows=sum(one.rows for one in copied.values()) + rejected[0][0],
            columns={f"{name}.parquet": copied[name].columns for name in COLUMNS}
            | {rejects.name: duck.table("rejects").columns, "rejected_orders.parquet": ["order_id"]},
            control_totals={
                name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in totals.items()
            },
        )
    return read_manifest(window.folder)


def rejected_orders(rows: Iterable[str | None], columns: Sequence[str]) -> list[str]:
    """Return the order ids in `rows` of CSV that PostgreSQL wrote of `columns`; broken rows give none."""
    return sorted({cells["order_id"] for cells in _cells(rows, columns) if cells["order_id"]})


def _cells(rows: Iterable[str | None], columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the cells of each row of CSV by column; broken rows are left out."""
    for row in rows:
        try:
            cells = next(csv.reader((row or "").splitlines(keepends=True)), [])
        except csv.Error:  # a cell of more than 128 KB
            continue
        if len(cells) == len(columns):
            yield dict(zip(columns, cells, strict=True))


def _rejected(duck: duckdb.DuckDBPyConnection, file: str) -> list[str | None]:
    return [row for (row,) in duck.execute("SELECT raw FROM rejects WHERE file = ?", [file]).fetchall()]


def _rejected_amounts(
    duck: duckdb.DuckDBPyConnection, folder: Path, copied: Mapping[str, Copied]
) -> list[dict[str, str]]:
    """Return the gross amounts, by currency, of the lines that are no lines for the transform: rejects, and
    the lines of orders that are rejects. The database's own sums have them."""
    headers = list(_cells(_rejected(duck, "orders"), copied["orders"].columns))
    broken = list(_cells(_rejected(duck, "order_items"), copied["order_items"].columns))
    if not (headers or broken):
        return []
    rows = duck.execute(
        read_sql("extract/sales_db/rejected_amounts.sql"),
        {
            "orders": str(folder / "orders.parquet"),
            "items": str(folder / "order_items.parquet"),
            "headers": [{"order_id": row["order_id"], "currency": row["currency"]} for row in headers],
            "broken": [
                {name: row[name] for name in ("order_id", "quantity", "unit_price")} for row in broken
            ],
        },
    ).fetchall()
    return [{"currency": currency, "amount": amount} for currency, amount in rows]


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
    files = [f"{each}.sql" for each in ("schema", "selection", name)]
    texts = [read_sql(f"extract/sales_db/{each}") for each in files]
    before = [(file, text.count("\n")) for file, text in zip(files[:-1], texts, strict=False)]
    return Query(files[-1], "".join(texts), parameters, before)


def check() -> Lines:
    """Let the database plan every query, without running it."""
    day = newest_closed_day(datetime.now(UTC), shop_timezone())
    with snapshot(CONNECTION) as (session, _, _):
        server = session.row(Query("inspect.sql", read_sql("extract/sales_db/inspect.sql"), {}))
    misfits: dict[str, list[str]] = {}
    for query, misfit in _misfits(ReadWindow(CONNECTION, day, day.start, None, "")):
        misfits.setdefault(misfit, []).append(query)
    if not misfits:
        yield OK, f"PostgreSQL {server['server_version']}; all queries of include/sql/extract/sales_db fit it"
    refused = {query for misfit in misfits if _is_refusal(misfit) for query in misfits[misfit]}
    if len(refused) == len(QUERIES):  # for one reason: the first query shows it
        misfit, (query, *_) = next(iter(misfits.items()))
        text = {":": misfit[2:], " ": misfit[2:-1]}.get(misfit[0], f"{query}{misfit}")
        yield FAIL, f"{CONNECTION}: no query runs in the database {server['database']}: {text}"
    else:
        for misfit, queries in misfits.items():
            yield FAIL, f"{CONNECTION}: {', '.join(queries)}{misfit}"
    if server["missing_indexes"]:
        yield HINT, f"extracts would be faster with {server['missing_indexes']}"
    if server["writable_tables"]:
        yield (
            HINT,
            f"reading is enough, but the role may change {server['writable_tables']}: "
            "deploy/postgres_reader.sql makes one that only reads",
        )


def _is_refusal(misfit: str) -> bool:
    return misfit.startswith((":", ", line", " ("))


def _misfits(window: ReadWindow) -> Iterator[tuple[str, str]]:
    """Yield files of queries, and the problem of each as text that follows its name."""
    for name in QUERIES:
        query = f"{name}.sql"
        try:
            with snapshot(CONNECTION) as (session, _, _):
                types = session.columns(sales_query(name, window, skus=[]))
        except (ContractError, CredentialsError) as error:
            text = str(error).removeprefix(f"{CONNECTION}: ")
            yield query, text.removeprefix(query) if text.startswith(query) else f" ({text})"
            continue
        for column in COLUMNS.get(name, "").split():
            wanted = "TIMESTAMPTZ" if column.endswith("_at") else "BOOLEAN" if column == "is_test" else None
            if column not in types:
                yield query, f" must give the column {column}"
            elif wanted and types[column] != wanted:
                yield query, f" must give {column} as {wanted.lower()}, not as {types[column].lower()}"


def _both(*lanes: Callable[[], Any], cancel: tuple[Callable[[], None], ...]) -> list[Any]:
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
