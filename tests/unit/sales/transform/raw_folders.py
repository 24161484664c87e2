"""Raw folders as the extracts leave them, of what a test cares about, and what the transform makes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from ecommerce.core.email_masking import safe_id
from ecommerce.sales.transform import transform
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import rendering
from tests.parquet import shared_duckdb

Row = dict[str, Any]
KEY = "a key of at least sixteen characters"
DAY, READ_AT = date(2026, 11, 19), datetime(2026, 11, 20, 11, tzinfo=UTC)
STORED_AT = datetime(2026, 11, 12, 4, tzinfo=UTC)
RUN_ID = "scheduled__2026-11-20"


def columns_of_table(table):
    """The columns of a table of the warehouse."""
    types = {"STRING": "VARCHAR", "INT64": "BIGINT", "TIMESTAMP": "TIMESTAMPTZ"}
    declared = []
    for column in rendering.columns(table):
        declared.append(f"{column.name} {types.get(column.type, column.type)}")
    return ", ".join(declared)


REJECTS = "row_number BIGINT, reason VARCHAR, detail VARCHAR, file VARCHAR, raw VARCHAR"
REMOVED = "order_id VARCHAR"
STOREFRONT = {
    "known_lines": "order_id VARCHAR, line_number BIGINT, sku VARCHAR, category VARCHAR",
    "known_refunds": columns_of_table("refunds"),
    "removed_orders": REMOVED,
}
SALES_DB = {
    "orders": """
        order_id VARCHAR, customer_id VARCHAR, status VARCHAR, currency VARCHAR, shipping_country VARCHAR,
        shipping_amount DECIMAL(18, 4), coupon_code VARCHAR, is_test BOOLEAN, ordered_at TIMESTAMPTZ,
        updated_at TIMESTAMPTZ
    """,
    "order_items": """
        order_id VARCHAR, line_number INTEGER, sku VARCHAR, quantity INTEGER,
        unit_price DECIMAL(18, 4), discount_amount DECIMAL(18, 4), tax_amount DECIMAL(18, 4)
    """,
    "refunds": """
        refund_id VARCHAR, order_id VARCHAR, reason VARCHAR, line_number INTEGER,
        quantity INTEGER, amount DECIMAL(18, 4), refunded_at TIMESTAMPTZ, updated_at TIMESTAMPTZ
    """,
    "products": "sku VARCHAR, name VARCHAR, category VARCHAR, updated_at TIMESTAMPTZ",
    "customers": "customer_id TEXT, email TEXT, country_code TEXT, updated_at TIMESTAMPTZ",
    "payments": """
        payment_id VARCHAR, order_id VARCHAR, kind VARCHAR, gateway VARCHAR, currency VARCHAR,
        amount DECIMAL(18, 4), fee_amount DECIMAL(18, 4), payout_id VARCHAR, is_test BOOLEAN,
        processed_at TIMESTAMPTZ, updated_at TIMESTAMPTZ
    """,
    "payouts": """
        payout_id VARCHAR, issued_on VARCHAR, status VARCHAR, currency VARCHAR, amount DECIMAL(18, 4),
        external_reference VARCHAR, updated_at TIMESTAMPTZ
    """,
    "removed_orders": REMOVED,
    "unread_orders": REMOVED,
    "rejects": REJECTS,
}
PARTNER_COLUMNS = """
    order_id VARCHAR, line_number VARCHAR, ordered_at VARCHAR, updated_at VARCHAR,
    status VARCHAR, sku VARCHAR, product_name VARCHAR, category VARCHAR, quantity VARCHAR,
    unit_price VARCHAR, discount_amount VARCHAR, tax_amount VARCHAR, currency VARCHAR,
    customer_email VARCHAR, country_code VARCHAR, file VARCHAR, partner VARCHAR,
    row_number BIGINT, received_at TIMESTAMPTZ
"""
LAYOUT_COLUMNS = """
    gross_amount VARCHAR, shipping_amount VARCHAR, shipping_tax_amount VARCHAR, fee_amount VARCHAR,
    refunded_at VARCHAR, is_refund BOOLEAN
"""
"""Those that only files with a layout of their own may have."""
PARTNER_FILES = {
    "files": """
        file VARCHAR, partner VARCHAR, sha256 VARCHAR, lines BIGINT, received_at TIMESTAMPTZ,
        order_ids VARCHAR[], warnings VARCHAR[], columns MAP(VARCHAR, VARCHAR)
    """,
    "removed_orders": "order_id VARCHAR, file VARCHAR, received_at TIMESTAMPTZ",
    "settlements": """
        file VARCHAR, partner VARCHAR, received_at TIMESTAMPTZ, row_number BIGINT, settlement_id VARCHAR,
        deposited_on VARCHAR, deposit_amount VARCHAR, currency VARCHAR, order_id VARCHAR, kind VARCHAR,
        amount VARCHAR, posted_at VARCHAR, is_deposit BOOLEAN
    """,
    "known_orders": "order_id TEXT, partner TEXT, file TEXT, received_at TIMESTAMPTZ",
    "rejects": REJECTS,
    "known_refunds": columns_of_table("refunds"),
    "kept_orders": columns_of_table("orders"),
    "kept_order_lines": columns_of_table("order_lines"),
}
RATES = {
    "rates": "row_number BIGINT, rate_date VARCHAR, currency VARCHAR, rate VARCHAR",
    "rejects": REJECTS,
}


@dataclass(frozen=True)
class Loadable:
    """What the transform left: its manifest and its tables, empty where there is no file."""

    manifest: Manifest
    tables: Mapping[str, list[Row]]

    def __getattr__(self, table):
        return self.tables.get(table, [])

    def __getitem__(self, order_id):
        """The order `order_id`."""
        (order,) = [row for row in self.orders if row["order_id"] == order_id]
        return order

    @property
    def totals(self):
        return self.manifest.control_totals

    @property
    def counts(self):
        """How many rows were read, accepted, rejected and superseded."""
        names = ("read", "accepted", "rejected", "superseded")
        return tuple(self.totals[f"rows_{name}"] for name in names)


@dataclass(frozen=True)
class RawFolders:
    """Publishes raw folders under `root` (a URI) and transforms them."""

    root: str

    def sales_db(self, *, more="", totals=None, **tables):
        """`more`: further columns of the orders; `totals`: control totals of the extract."""
        fill = partial(fill_sales_db, more=more, **tables)
        return self.run("sales_db", fill, **totals or {})

    def storefront(self, *pages, totals=None, **tables):
        """`tables`: refunds, later_refunds, products, and those of `STOREFRONT`."""

        def fill(folder):
            for number, page in enumerate(pages or [[]]):
                write_json(folder / "orders" / f"0000-{number:02d}-0001.json", page)
            for number, name in enumerate(("refunds", "later_refunds"), 1):
                path = folder / "refunds" / f"000{number}.json"
                write_json(path, tables.get(name, []))
            write_json(folder / "products" / "0001.json", tables.get("products", []))
            write_tables(folder, STOREFRONT, tables)

        return self.run("storefront", fill, **totals or {})

    def shopify(self, *orders):
        """Each order as the Admin API answers it."""

        def fill(folder):
            write_json(folder / "orders" / "000000.json", list(orders))
            write_json(folder / "balance_transactions" / "000000.json", [])
            write_json(folder / "payouts.json", [])
            write_tables(folder, STOREFRONT, {})

        return self.run("shopify", fill)

    def partner_files(self, *files, **more):
        """As `partner_files_manifest`, transformed."""
        manifest = self.partner_files_manifest(*files, **more)
        return read(transform(manifest, run_id=RUN_ID))

    def partner_files_manifest(
        self,
        *files,
        extras=(),
        has_layout=False,
        totals=None,
        **tables,
    ):
        """Each file: `name`, `lines` (rows of text, with `extras` and, if it `has_layout`, `LAYOUT_COLUMNS`),
        `received_at`, `warnings`."""
        lines = []
        facts = []
        for file in files:
            common = {
                "file": file["name"],
                "partner": file["name"].split("_")[0],
                "received_at": file.get("received_at", READ_AT),
            }
            order_ids = set()
            for number, line in enumerate(file["lines"], start=2):
                lines.append(line | common | {"row_number": number})
                if line["order_id"]:
                    order_ids.add(safe_id(line["order_id"], KEY))
            fact = common | {"sha256": "5" * 64, "lines": len(file["lines"])}
            fact["order_ids"] = sorted(order_ids)
            fact["warnings"] = file.get("warnings", [])
            facts.append(fact)

        more = "".join(f", {name} VARCHAR" for name in extras)
        if has_layout:
            more += f", {LAYOUT_COLUMNS}"
        declared = PARTNER_FILES | {"lines": PARTNER_COLUMNS + more}
        written = tables | {"lines": lines, "files": facts}
        fill = partial(write_tables, declared=declared, tables=written)
        return self.publish("partner_files", fill, **totals or {})

    def exchange_rates(self, *rates):
        rows = [{"row_number": place} | rate for place, rate in enumerate(rates, 2)]
        fill = partial(write_tables, declared=RATES, tables={"rates": rows})
        return self.run("exchange_rates", fill)

    def run(self, source, fill, **totals):
        """Publish what `fill` writes, transform it, read the result."""
        manifest = self.publish(source, fill, **totals)
        return read(transform(manifest, run_id=RUN_ID))

    def publish(self, source, fill, **control_totals):
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


def fill_sales_db(folder, *, more="", **tables):
    """Write every file of the sales database's extract."""
    orders = SALES_DB["orders"] + more
    write_tables(folder, SALES_DB | {"orders": orders}, tables)


def write_tables(folder, declared, tables):
    """Write the Parquet files `declared`, empty where no table is given."""
    for name, columns in declared.items():
        write(folder / f"{name}.parquet", columns, tables.get(name, ()))


def read(manifest):
    """The rows of a loadable folder."""
    connection = shared_duckdb()
    if not staging.is_local(manifest.uri):
        connection = connect_duckdb(manifest.uri)
    tables = {}
    for file in manifest.columns:
        rows = connection.sql(f"FROM '{manifest.file(file)}'").to_arrow_table()
        tables[file.removesuffix(".parquet")] = rows.to_pylist()
    return Loadable(manifest, tables)


def write(path, declared, rows=()):
    """A Parquet file of the columns `declared`; what a row lacks is NULL."""
    connection = shared_duckdb()
    connection.execute(f"CREATE OR REPLACE TABLE rows ({declared})")
    for row in rows:
        values = ", ".join(f"${name}" for name in row)
        connection.execute(
            f"INSERT INTO rows ({', '.join(row)}) VALUES ({values})", row
        )
    connection.execute(f"COPY rows TO '{path}' (FORMAT parquet)")


def write_json(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, default=float))


def order(order_id="O1", **changes):
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


def item(order_id="O1", line_number=1, **changes):
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


def refund(refund_id="R1", order_id="O1", **changes):
    """A refund of the sales database: one piece of line 1, 10.00."""
    return {
        "refund_id": refund_id,
        "order_id": order_id,
        "line_number": 1,
        "quantity": 1,
        "amount": Decimal(10),
        "refunded_at": datetime(2026, 11, 19, 20, tzinfo=UTC),
    } | changes


def csv_line(order_id="P1", line_number="1", **changes):
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


ORDER = json.loads(Path(__file__).with_name("page_order.json").read_text())


def page_order(order_id=100, **changes):
    """An order on a storefront page: lines of 60.00 and 40.00, 10.00 off, tax 7.20, shipping 5.00."""
    return ORDER | {"id": order_id} | changes


def page_line(line_id=12, **changes):
    """A storefront line: 40.00, 36.00 after discount."""
    return ORDER["line_items"][1] | {"id": line_id} | changes


def page_refund(refund_id=900, order_id=100, amount="5.00", **changes):
    """A storefront refund that names only an amount."""
    return {
        "id": refund_id,
        "order_id": str(order_id),
        "date_created_gmt": "2026-11-19T20:00:00",
        "amount": amount,
        "reason": "",
        "line_items": [],
    } | changes


def stored_refund(refund_id, order_id, line_number=0, **changes):
    """A part of a refund as the warehouse has it: 4.50 of merchandise, 0.40 of tax, 0.10 of shipping."""
    return {
        "source": "storefront",
        "refund_id": refund_id,
        "order_id": order_id,
        "line_number": line_number,
        "channel": "acme",
        "currency": "EUR",
        "quantity": Decimal(1),
        "merchandise_amount": Decimal("4.5"),
        "tax_amount": Decimal("0.4"),
        "shipping_amount": Decimal("0.1"),
        "refunded_at": STORED_AT,
        "read_at": STORED_AT,
    } | changes


def refund_line(line_id, total, total_tax, quantity="-1"):
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
