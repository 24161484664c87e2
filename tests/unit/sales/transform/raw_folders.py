"""Raw folders as the extracts leave them, of what a test cares about, and what the transform makes of it."""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from ecommerce.core.email_masking import safe_id
from ecommerce.sales.transform import transform
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest

Row = dict[str, Any]

KEY = "a key of at least sixteen characters"
READ_AT = datetime(2026, 11, 20, 11, tzinfo=UTC)
DAY = date(2026, 11, 19)
RUN_ID = "scheduled__2026-11-20"

MONEY, INSTANT = "DECIMAL(18,4)", "TIMESTAMPTZ"


def columns(**types: str) -> str:
    """DuckDB's column list: `columns(VARCHAR="sku name", DATE="day")`, one type and its columns each."""
    return ", ".join(
        f"{name} {kind}" for kind, names in types.items() for name in names.split()
    )


REJECTS = columns(BIGINT="row_number", VARCHAR="reason detail file raw")
SALES_DB = {
    "orders": {
        "VARCHAR": "order_id customer_id status currency shipping_country coupon_code",
        "BOOLEAN": "is_test",
        MONEY: "shipping_amount",
        INSTANT: "ordered_at updated_at",
    },
    "order_items": {
        "VARCHAR": "order_id sku",
        "INTEGER": "line_number quantity",
        MONEY: "unit_price discount_amount tax_amount",
    },
    "refunds": {
        "VARCHAR": "refund_id order_id reason",
        "INTEGER": "line_number quantity",
        MONEY: "amount",
        INSTANT: "refunded_at updated_at",
    },
    "products": {"VARCHAR": "sku name category", INSTANT: "updated_at"},
    "customers": {"VARCHAR": "customer_id email country_code", INSTANT: "updated_at"},
    "removed_orders": {"VARCHAR": "order_id"},
    "rejected_orders": {"VARCHAR": "order_id"},
    "rejects": {"BIGINT": "row_number", "VARCHAR": "reason detail file raw"},
}
KNOWN_REFUNDS = columns(
    VARCHAR="source refund_id order_id sku category country_code currency reason run_id",
    BIGINT="line_number",
    BOOLEAN="is_sale is_test",
    DATE="business_date order_business_date",
    **{
        MONEY: "quantity merchandise_amount tax_amount shipping_amount",
        INSTANT: "refunded_at read_at",
    },
)
PARTNER_COLUMNS = (
    *(
        "order_id",
        "line_number",
        "ordered_at",
        "updated_at",
        "status",
        "sku",
        "product_name",
        "category",
    ),
    *(
        "quantity",
        "unit_price",
        "discount_amount",
        "tax_amount",
        "currency",
        "customer_email",
        "country_code",
    ),
)


@dataclass(frozen=True)
class Loadable:
    """What the transform left: its manifest and its tables, empty where there is no file."""

    manifest: Manifest
    tables: Mapping[str, list[Row]]

    def __getattr__(self, table: str) -> list[Row]:
        return self.tables.get(table, [])

    def __getitem__(self, order_id: str) -> Row:
        """The order `order_id`."""
        (order,) = [row for row in self.orders if row["order_id"] == order_id]
        return order

    @property
    def reasons(self) -> Counter[tuple[str, str]]:
        """How often each (reason, detail) was given."""
        return Counter((row["reason"], row["detail"]) for row in self.rejected_rows)

    @property
    def totals(self) -> Mapping[str, Any]:
        return self.manifest.control_totals


@dataclass(frozen=True)
class RawFolders:
    """Publishes raw folders under `root` (a URI) and transforms them."""

    root: str

    def sales_db(self, text: Iterable[str] = (), **tables: list[Row]) -> Loadable:
        """`text`: columns that the database could not type exactly and that therefore come as text."""

        def fill(folder: Path) -> None:
            for table, types in SALES_DB.items():
                declared = columns(**types)
                for name in text:
                    declared = re.sub(
                        rf"\b{name} [^ ]+?(?=, |$)", f"{name} VARCHAR", declared
                    )
                write(folder / f"{table}.parquet", declared, tables.get(table, []))

        return self.run("sales_db", fill)

    def storefront(
        self,
        *pages: list[Row],
        refunds: list[Row] | None = None,
        known: list[Row] | None = None,
        products: list[Row] | None = None,
        removed: list[Row] | None = None,
        known_lines: list[Row] | None = None,
    ) -> Loadable:
        def fill(folder: Path) -> None:
            types = {"VARCHAR": "order_id sku category", "BIGINT": "line_number"}
            write(folder / "known_lines.parquet", columns(**types), known_lines or [])
            for number, page in enumerate(pages or [[]]):
                write_json(folder / "orders" / f"0000-{number:02d}-0001.json", page)
            write_json(folder / "refunds" / "0001.json", refunds or [])
            write_json(folder / "products" / "0001.json", products or [])
            write(folder / "known_refunds.parquet", KNOWN_REFUNDS, known or [])
            write(
                folder / "removed_orders.parquet",
                columns(VARCHAR="order_id"),
                removed or [],
            )

        return self.run("storefront", fill)

    def shopify(
        self,
        *orders: Row,
        removed: list[Row] | None = None,
        known_lines: list[Row] | None = None,
    ) -> Loadable:
        """Each order as the Admin API answers it."""

        def fill(folder: Path) -> None:
            types = {"VARCHAR": "order_id sku category", "BIGINT": "line_number"}
            write(folder / "known_lines.parquet", columns(**types), known_lines or [])
            write_json(folder / "orders" / "000000.json", list(orders))
            write(
                folder / "removed_orders.parquet",
                columns(VARCHAR="order_id"),
                removed or [],
            )

        return self.run("shopify", fill)

    def partner_files(self, *files: Row, **more: Any) -> Loadable:
        """As `partner_files_manifest`, transformed."""
        return read(
            transform(self.partner_files_manifest(*files, **more), run_id=RUN_ID)
        )

    def partner_files_manifest(
        self,
        *files: Row,
        rejects: list[Row] | None = None,
        removed: list[Row] | None = None,
        known: list[Row] | None = None,
        extras: Iterable[str] = (),
    ) -> Manifest:
        """Each file: `name`, `lines` (rows of text, with `extras`), and `received_at` where it matters."""

        def fill(folder: Path) -> None:
            lines: list[Row] = []
            facts: list[Row] = []
            for file in files:
                here = {"file": file["name"], "partner": file["name"].split("_")[0]}
                here["received_at"] = file.get("received_at", READ_AT)
                lines += [
                    line | here | {"row_number": row}
                    for row, line in enumerate(file["lines"], start=2)
                ]
                orders = sorted(
                    {
                        safe_id(line["order_id"], KEY)
                        for line in file["lines"]
                        if line["order_id"]
                    }
                )
                told = {
                    "order_ids": orders,
                    "warnings": file.get("warnings", []),
                    "columns": None,
                }
                facts.append(
                    here | {"sha256": "5" * 64, "lines": len(file["lines"])} | told
                )
            texts = " ".join((*PARTNER_COLUMNS, *extras, "file", "partner"))
            types = {"VARCHAR": texts, "BIGINT": "row_number", INSTANT: "received_at"}
            write(folder / "lines.parquet", columns(**types), lines)
            types = {
                "VARCHAR": "file partner sha256",
                "BIGINT": "lines",
                INSTANT: "received_at",
            }
            types |= {
                "VARCHAR[]": "order_ids warnings",
                "MAP(VARCHAR, VARCHAR)": "columns",
            }
            write(folder / "files.parquet", columns(**types), facts)
            types = {"VARCHAR": "order_id file", INSTANT: "received_at"}
            write(folder / "removed_orders.parquet", columns(**types), removed or [])
            types = {"VARCHAR": "order_id partner file", INSTANT: "received_at"}
            write(folder / "known_orders.parquet", columns(**types), known or [])
            write(folder / "rejects.parquet", REJECTS, rejects or [])

        return self.publish("partner_files", fill)

    def exchange_rates(self, *rates: Row, rejects: list[Row] | None = None) -> Loadable:
        def fill(folder: Path) -> None:
            numbered = [
                {"row_number": number} | rate
                for number, rate in enumerate(rates, start=2)
            ]
            write(
                folder / "rates.parquet",
                columns(BIGINT="row_number", VARCHAR="rate_date currency rate"),
                numbered,
            )
            write(folder / "rejects.parquet", REJECTS, rejects or [])

        return self.run("exchange_rates", fill)

    def run(self, source: str, fill: Callable[[Path], None]) -> Loadable:
        """Publish what `fill` writes, transform it, read the result."""
        return read(transform(self.publish(source, fill), run_id=RUN_ID))

    def publish(
        self, source: str, fill: Callable[[Path], None], **control_totals: Any
    ) -> Manifest:
        """A raw folder with what `fill` writes."""
        uri = f"{self.root}/{source}"
        with staging.publish(uri) as draft:
            fill(draft.path)
            draft.seal(
                source=source,
                business_date=DAY,
                rows=0,
                columns={},
                read_at=READ_AT,
                window_start=READ_AT,
                window_end=READ_AT,
                control_totals=control_totals,
            )
        return staging.read_manifest(uri)


def split(done: Loadable) -> dict[tuple[str, int], tuple[Decimal, ...]]:
    """The refunds' money by (refund, line): merchandise, tax, shipping."""
    names = ("merchandise_amount", "tax_amount", "shipping_amount")
    return {
        (row["refund_id"], row["line_number"]): tuple(
            row[name].normalize() for name in names
        )
        for row in done.refunds
    }


def read(manifest: Manifest) -> Loadable:
    """The rows of a loadable folder."""
    tables = {}
    connection = (
        _duckdb() if staging.is_local(manifest.uri) else connect_duckdb(manifest.uri)
    )
    for file in manifest.columns:
        result = connection.execute("FROM read_parquet(?)", [manifest.file(file)])
        names = [column[0] for column in result.description]
        tables[file.removesuffix(".parquet")] = [
            dict(zip(names, values, strict=True)) for values in result.fetchall()
        ]
    return Loadable(manifest, tables)


def write(path: Path, declared: str, rows: list[Row]) -> None:
    """A Parquet file of the columns `declared` (DuckDB's names and types); what a row lacks is NULL."""
    if not rows:
        path.write_bytes(_without_rows(declared))
        return
    connection = _duckdb()
    connection.execute(f"CREATE OR REPLACE TABLE rows ({declared})")
    names = [column[0] for column in connection.execute("DESCRIBE rows").fetchall()]
    for row in rows:
        assert row.keys() <= set(names), row.keys() - set(names)
    values = [[row.get(name) for name in names] for row in rows]
    connection.executemany(
        f"INSERT INTO rows VALUES ({', '.join('?' for _ in names)})", values
    )
    connection.execute(f"COPY rows TO '{path}' (FORMAT parquet)")


@cache
def _without_rows(declared: str) -> bytes:
    """Most tables of most tests."""
    connection = _duckdb()
    with tempfile.TemporaryDirectory() as folder:
        connection.execute(f"CREATE OR REPLACE TABLE rows ({declared})")
        connection.execute(f"COPY rows TO '{folder}/rows.parquet' (FORMAT parquet)")
        return Path(folder, "rows.parquet").read_bytes()


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, default=float))


def order(order_id: str = "O1", **changes: Any) -> Row:
    """An order of the sales database."""
    return {
        "order_id": order_id,
        "status": "completed",
        "currency": "USD",
        "shipping_country": "US",
        "shipping_amount": Decimal(5),
        "is_test": False,
        "ordered_at": datetime(2026, 11, 19, 15, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 19, 16, tzinfo=UTC),
    } | changes


def item(order_id: str = "O1", line_number: Any = 1, **changes: Any) -> Row:
    """A line of the sales database: two pieces at 10.00."""
    return {
        "order_id": order_id,
        "line_number": line_number,
        "sku": "MUG-01",
        "quantity": 2,
        "unit_price": Decimal(10),
        "discount_amount": Decimal(0),
        "tax_amount": Decimal(0),
    } | changes


def refund(refund_id: str = "R1", order_id: str = "O1", **changes: Any) -> Row:
    """A refund of the sales database: one piece of line 1, 10.00."""
    return {
        "refund_id": refund_id,
        "order_id": order_id,
        "line_number": 1,
        "quantity": 1,
        "amount": Decimal(10),
        "refunded_at": datetime(2026, 11, 19, 20, tzinfo=UTC),
    } | changes


def csv_line(
    order_id: str | None = "P1", line_number: str | None = "1", **changes: str | None
) -> Row:
    """A line of a partner's file, all text: two pieces at 10.00."""
    return {
        "order_id": order_id,
        "line_number": line_number,
        "ordered_at": "2026-11-19T15:00:00Z",
        "updated_at": "2026-11-19T16:00:00Z",
        "status": "completed",
        "sku": "MUG-01",
        "product_name": "Mug",
        "category": "Tableware",
        "quantity": "2",
        "unit_price": "10.00",
        "discount_amount": "0",
        "tax_amount": "0",
        "currency": "USD",
        "customer_email": "ann@example.com",
        "country_code": "US",
    } | changes


def page_order(order_id: int = 100, **changes: Any) -> Row:
    """An order on a storefront page: lines of 60.00 and 40.00, 10.00 off, tax 7.20, shipping 5.00."""
    return {
        "id": order_id,
        "status": "completed",
        "currency": "USD",
        "date_created_gmt": "2026-11-19T15:00:00",
        "date_modified_gmt": "2026-11-19T16:00:00",
        "customer_id": 7,
        "billing": {"email": "ann@example.com", "country": "US", "first_name": "Ann"},
        "shipping": {"country": ""},
        "shipping_total": "5.00",
        "total_tax": "7.20",
        "fee_lines": [],
        "coupon_lines": [],
        "line_items": [
            page_line(11, subtotal="60.00", total="54.00", total_tax="4.32"),
            page_line(12, total_tax="2.88"),
        ],
    } | changes


def page_line(line_id: int = 12, **changes: Any) -> Row:
    """A storefront line: 40.00, 36.00 after discount."""
    return {
        "id": line_id,
        "product_id": 1,
        "sku": "MUG-01",
        "name": "Mug",
        "quantity": 2,
        "subtotal": "40.00",
        "total": "36.00",
        "total_tax": "2.88",
        "price": 18.000000000000004,
    } | changes


def page_refund(
    refund_id: int = 900, order_id: int = 100, amount: str = "5.00", **changes: Any
) -> Row:
    """A storefront refund that names only an amount."""
    return {
        "id": refund_id,
        "order_id": str(order_id),
        "date_created_gmt": "2026-11-19T20:00:00",
        "amount": amount,
        "reason": "",
        "line_items": [],
    } | changes


def refund_line(line_id: int, total: str, total_tax: str, quantity: str = "-1") -> Row:
    """A line of a storefront refund, pointing at the order's line `line_id`."""
    meta = [
        {"key": "_refunded_item_id", "value": str(line_id)},
        {"key": "_other", "value": {"a": 1}},
    ]
    return {
        "id": 5,
        "quantity": quantity,
        "total": total,
        "total_tax": total_tax,
        "meta_data": meta,
    }
