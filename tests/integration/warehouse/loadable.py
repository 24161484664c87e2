"""Loadable folders made by hand, in the layout of include/sql/transform/orders/staged_columns.md."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from ecommerce.sales.loading import ORDERS
from ecommerce.storage import staging
from ecommerce.warehouse.column_types import parquet_schema
from ecommerce.warehouse.rendering import staged_columns
from ecommerce.warehouse.schema import write_rows
from tests.rows import column_of

NEW_YORK = "America/New_York"
ALWAYS_THERE = {"order_versions", "orders", "order_lines", "refunds"}
READ = (
    "orders",
    "order_lines",
    "refunds",
    "exchange_rates",
    "payments",
    "payouts",
)
"""The tables whose rows are counted as read."""
ZERO = Decimal("0.0000")
OF_ORDER = (
    "source",
    "order_id",
    "status",
    "is_sale",
    "is_test",
    "currency",
    "country_code",
    "ordered_at",
)
"""Columns that are fields of an order."""
OUTCOMES = ("source", "loaded", "superseded", "rejected")


def at(text):
    """An instant given as `2026-03-02 14:30` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instant(value):
    """An instant, which may be given as text for `at`."""
    return at(value) if isinstance(value, str) else value


def shop_zone():
    """The timezone of the shop that is open, which is in New York unless its test moves it."""
    return ZoneInfo(os.environ.get("SHOP_TIMEZONE", NEW_YORK))


def business_date(instant):
    return instant.astimezone(shop_zone()).date()


def midnight(day):
    """When a day begins in the shop."""
    return datetime.combine(day, time(), shop_zone())


def days_from(first, count):
    """So many days from the first on."""
    return [first + timedelta(days=number) for number in range(count)]


MORNING = at("2026-03-03 11:00")


@dataclass
class Order:
    """One order and what belongs to it, as one read of its source found it."""

    order_id: str
    ordered_at: datetime | str
    lines: Sequence = (("Toys", "1", "10.00"),)
    """(category, quantity, gross amount) of the lines 1, 2, …"""
    products: Sequence | None = None
    """The SKU of each line, or None; unless given, each line has its own."""
    unit_costs: Sequence = ()
    """Of each line, or None; without any, no line has a cost."""
    refunds: Sequence = ()
    """(refund id, made at, merchandise amount, tax, shipping: 0 unless given), each of the order as a whole;
    an id twice is a refund of two lines."""
    line_refunds: Sequence = ()
    """(refund id, made at, merchandise amount, line number, cost that it gives back unless unknown)"""
    source: str = "sales_db"
    status: str = "completed"
    is_sale: bool = True
    is_test: bool = False
    currency: str = "USD"
    country_code: str | None = "US"
    customer: str | None = "ann"
    discount: str = "0"
    tax: str = "0"
    shipping: str = "0"
    fee: str = "0"
    channel: str | None = None
    """Unless given: the source's name."""
    attributes: str | None = None
    coupon: str | None = None
    reason: str | None = None
    """Of its refunds."""
    updated_at: datetime | None = None
    read_at: datetime | None = None
    """When this version was received, for files; live sources have the folder's."""

    def __post_init__(self):
        self.ordered_at = instant(self.ordered_at)

    def skus(self):
        """The SKU of each line."""
        if self.products is not None:
            return list(self.products)
        return [
            f"{category}-{number}".lower()
            for number, (category, *_) in enumerate(self.lines, start=1)
        ]

    @property
    def rows(self):
        """Its lines as columns of `order_lines`; the first has the discount and the tax."""
        rows = []
        skus = self.skus()
        discount = money(self.discount)
        tax = money(self.tax)
        for number, (category, quantity, gross) in enumerate(self.lines, start=1):
            cost = self.unit_costs[number - 1] if self.unit_costs else None
            if cost is not None:
                cost = money(Decimal(cost) * Decimal(quantity))
            row = {
                "line_number": number,
                "sku": skus[number - 1],
                "product_name": f"{category} {number}",
                "category": category,
                "quantity": money(quantity),
                "unit_price": money(gross),
                "gross_amount": money(gross),
                "discount_amount": discount,
                "amount_after_discount": money(gross) - discount,
                "tax_amount": tax,
                "cost_amount": cost,
            }
            rows.append(row)
            discount = ZERO
            tax = ZERO
        return rows


@dataclass
class Payment:
    """A movement of money, as one read found it."""

    payment_id: str
    order_id: str | None
    processed_at: datetime
    amount: str
    fee: str | None = None
    payout_id: str | None = None
    kind: str = "charge"
    gateway: str | None = "cards"
    source: str = "shopify"
    currency: str = "USD"
    is_test: bool = False
    read_at: datetime | None = None
    """When this version was received, for files; live sources have the folder's."""

    def row(self, run_id, read_at):
        """Its row of `payments`."""
        row = asdict(self)
        fee = row.pop("fee")
        row["amount"] = money(self.amount)
        row["business_date"] = business_date(self.processed_at)
        row["read_at"] = self.read_at or read_at
        row["run_id"] = run_id
        row |= dict.fromkeys(("fee_amount", "net_amount", "fee_read_at"))
        if fee is not None:
            row["fee_amount"] = money(fee)
            row["net_amount"] = row["amount"] - row["fee_amount"]
            row["fee_read_at"] = row["read_at"]
        return row


@dataclass
class Payout:
    """A payout, as one read found it."""

    payout_id: str
    issued_on: date
    amount: str
    status: str = "paid"
    source: str = "shopify"
    currency: str = "USD"
    read_at: datetime | None = None

    def row(self, run_id, read_at):
        """Its row of `payouts`."""
        received = {
            "read_at": self.read_at or read_at,
            "run_id": run_id,
        }
        return asdict(self) | received | {"amount": money(self.amount)}


@dataclass
class Folder:
    """What one source's transform leaves."""

    orders: Sequence = ()
    source: str = "sales_db"
    read_at: datetime | str = MORNING
    removed: Sequence = ()
    orphans: Sequence = ()
    """(order id, refund id, made at, merchandise amount) of refunds whose order is unknown."""
    rates: Sequence = ()
    payments: Sequence = ()
    payouts: Sequence = ()
    products: Sequence = ()
    customers: Sequence | None = None
    rejected: Sequence = ()
    files: Sequence = ()
    currency_totals: Sequence = ()
    """(file, currency, and the amounts of the source, loaded, superseded, rejected)"""
    totals: dict = field(default_factory=dict)

    def __post_init__(self):
        self.read_at = instant(self.read_at)

    def publish(self, root, day, run_id="run"):
        """Write the folder below `root` and return its manifest."""
        run = {
            "business_date": day,
            "source": self.source,
            "run_id": run_id,
        }
        tables = self._tables(run)
        name = hashlib.sha256(f"{run}{self.read_at}".encode()).hexdigest()[:8]
        with staging.publish(f"file://{root}/{name}") as draft:
            columns = {}
            for table in ORDERS.files:
                if not tables[table] and table not in ALWAYS_THERE:
                    continue
                staged = staged_columns(ORDERS, table)
                schema = parquet_schema(staged)
                rows = pa.Table.from_pylist(tables[table], schema=schema)
                pq.write_table(rows, draft.path / f"{table}.parquet")
                columns[f"{table}.parquet"] = schema.names
            rejected = len(self.rejected)
            read = sum(len(tables[name]) for name in READ)
            amount = str(total(tables["order_lines"], "gross_amount"))
            totals = {
                "rows_read": read + rejected,
                "rows_accepted": read,
                "rows_rejected": rejected,
                "rows_superseded": 0,
                "source_orders": len(self.orders),
                "source_amount": amount,
                "orders": len(self.orders),
                "amount": amount,
                "run_id": run_id,
            }
            draft.seal(
                source=self.source,
                business_date=day,
                rows=read,
                columns=columns,
                read_at=self.read_at,
                window_start=self.read_at - timedelta(days=1),
                window_end=self.read_at,
                control_totals=totals | self.totals,
            )
        return staging.read_manifest(f"file://{root}/{name}")

    def _tables(self, run):
        tables = {name: [] for name in ORDERS.files}
        for order in self.orders:
            self._add(order, tables, run["run_id"])
        of_source = {
            "source": self.source,
            "read_at": self.read_at,
        }
        for order_id in self.removed:
            tables["order_versions"].append(of_source | {"order_id": order_id})
        for order_id, *refund in self.orphans:
            of_order = of_source | {"order_id": order_id, "channel": self.source}
            tables["order_versions"].append(of_order)
            tables["refunds"].append(
                _refund(*refund) | of_order | {"run_id": run["run_id"]}
            )
        for rate_date, currency, rate in self.rates:
            exact = Decimal(rate).quantize(Decimal("1e-8"))
            row = {
                "rate_date": rate_date,
                "currency": currency,
                "rate": exact,
            }
            tables["exchange_rates"].append(row)
        for name, entries in (("payments", self.payments), ("payouts", self.payouts)):
            tables[name] = [each.row(run["run_id"], self.read_at) for each in entries]
        tables["products"] += self.products
        if self.customers is not None:
            tables["customers"] = list(self.customers)
        for number, row in enumerate(self.rejected, start=1):
            tables["rejected_rows"].append(run | {"row_number": number} | row)
        for row in self.files:
            tables["loaded_files"].append(run | {"warnings": []} | row)
        for file, currency, *amounts in self.currency_totals:
            row = run | {
                "file": file,
                "currency": currency,
                "read_at": self.read_at,
            }
            for outcome, amount in zip(OUTCOMES, amounts, strict=True):
                row[f"{outcome}_amount"] = money(amount)
            tables["control_totals"].append(row)
        return tables

    def _add(self, order, tables, run_id):
        read_at = order.read_at or self.read_at
        by_file = order.source not in ("sales_db", "storefront")
        header = {name: getattr(order, name) for name in OF_ORDER} | {
            "business_date": business_date(order.ordered_at),
            "channel": order.channel or order.source,
            "customer_hash": order.customer,
            "updated_at": order.updated_at or order.ordered_at,
            "read_at": read_at,
            "run_id": run_id,
        }
        lines = [header | row for row in order.rows]
        tables["order_lines"] += lines
        of_order = {
            "attributes": order.attributes,
            "coupon_code": order.coupon,
            "item_count": len(lines),
            "tax_amount": money(order.tax),
            "shipping_amount": money(order.shipping),
            "fee_amount": money(order.fee),
            "gross_amount": total(lines, "gross_amount"),
            "discount_amount": total(lines, "discount_amount"),
        }
        tables["orders"].append(header | of_order)
        version = header["updated_at"] if by_file else None
        tables["order_versions"].append(header | {"version_updated_at": version})
        known = set(column_of(tables["customers"], "customer_hash"))
        if order.customer and order.customer not in known:
            tables["customers"].append(header)
        times = Counter()
        for refund_id, made_at, *amounts in order.refunds:
            refund = _refund(refund_id, made_at, *amounts)
            refund["line_number"] = times[refund_id]
            tables["refunds"].append(_of_order(order, header, refund))
            times[refund_id] += 1
        for refund_id, made_at, amount, number, *cost in order.line_refunds:
            refund = _refund(refund_id, made_at, amount)
            refund["cost_amount"] = money(cost[0]) if cost else None
            line = lines[number - 1]
            for name in ("line_number", "sku", "category"):
                refund[name] = line[name]
            tables["refunds"].append(_of_order(order, header, refund))


def _of_order(order, header, refund):
    """A refund's row with what its order says."""
    same = {name: header[name] for name in ("currency", "is_sale", "is_test")}
    of_order = {
        "reason": order.reason,
        "order_business_date": header["business_date"],
    }
    return header | refund | same | of_order


def _refund(refund_id, made_at, amount, tax="0", shipping="0"):
    """A refund's row, without what its order says; without order it counts in dollars."""
    return {
        "refund_id": refund_id,
        "line_number": 0,
        "business_date": business_date(made_at),
        "category": "unallocated",
        "currency": "USD",
        "merchandise_amount": money(amount),
        "tax_amount": money(tax),
        "shipping_amount": money(shipping),
        "is_sale": True,
        "is_test": False,
        "refunded_at": made_at,
    }


def delivered_file(name, received="2026-03-04 09:00", **facts):
    """A row of `loaded_files`: a file without orders, unless given."""
    row = {
        "file": name,
        "sha256": f"{name} of {received}",
        "order_ids": [],
    }
    return row | {"received_at": at(received)} | facts


def read_folders(file):
    """The folders of a YAML file, by name; fields as in Folder and Order."""
    written = yaml.safe_load(Path(__file__).with_name(file).read_text())
    folders = {}
    for name, of_name in written.items():
        folders[name] = [_folder(each) for each in of_name]
    return folders


def _folder(written):
    orders = []
    for order in written.pop("orders", ()):
        orders.append(Order(**{"source": written["source"]} | order))
    for name, entry in (("payments", Payment), ("payouts", Payout)):
        rows = []
        for row in written.pop(name, ()):
            rows.append(entry(**{"source": written["source"]} | row))
        written[name] = rows
    return Folder(orders, **written)


def money(text):
    return Decimal(text).quantize(Decimal("0.0001"))


def total(rows, column):
    return sum((row[column] for row in rows), ZERO)


def staged_rows(spec, root, tables, *, day, read_at, run_id="run"):
    """Write a loadable folder of a domain with one source, such as the catalogue."""
    [source] = spec.sources()
    rows = len(tables[spec.counted])
    rejected = len(tables.get("rejected_rows", ()))
    uri = f"file://{root}/{source}/{run_id}/{read_at:%Y%m%dT%H%M}"
    with staging.publish(uri) as draft:
        for name, stored in tables.items():
            write_rows(draft.path, name, stored)
        draft.seal(
            source=source,
            business_date=day,
            rows=rows,
            read_at=read_at,
            window_start=at(f"{day} 05:00"),
            window_end=read_at + timedelta(days=27),
            control_totals={
                spec.counted: rows,
                "source_orders": rows,
                "rows_read": rows + rejected,
                "rows_accepted": rows,
                "rows_rejected": rejected,
                "rows_superseded": 0,
            },
        )
    return staging.read_manifest(uri)


def daily_sales(day, source, gross, discounts=0, returns=0, **values):
    """A row of `daily_sales`, whose amounts in reporting currency are the same unless given."""
    row = {
        "business_date": day,
        "source": source,
        "channel": source,
        "category": "Toys",
        "country_code": "US",
        "currency": "USD",
        "order_lines": 1,
        "units": 1,
    }
    for name, amount in sales_figures(gross, discounts, returns).items():
        row[name] = amount
        row[f"{name}_reporting"] = amount
    return row | values


def daily_summary(day, gross, discounts=0, returns=0, **values):
    """A row of `daily_summary`: a complete day."""
    row = {"business_date": day, "complete": True}
    return row | sales_figures(gross, discounts, returns) | values


def sales_figures(gross, discounts, returns):
    return {
        "gross_sales": gross,
        "discounts": discounts,
        "returns": returns,
        "net_sales": gross - discounts - returns,
    }


def picture(sku, seen, run_id="run", **values):
    """A row of `product_pictures` without a picture, unless given."""
    row = {
        "sku": sku,
        "name": sku.title(),
        "category": "Toys",
        "state": "no_picture",
    }
    return (
        row
        | {
            "first_seen_at": seen,
            "last_seen_at": seen,
            "run_id": run_id,
        }
        | values
    )


def rejection(source, day, run_id="run", **values):
    """A row of `rejected_rows`."""
    row = {
        "business_date": day,
        "source": source,
        "run_id": run_id,
        "row_number": 1,
    }
    return row | {"reason": "missing_value"} | values


def forecast(series, day, made_at, **values):
    """A row of `sales_forecasts`: 10.00 on a day."""
    row = {"series": series, "target_date": day, "model": "median"}
    for name in ("forecast", "lower_80", "upper_80", "lower_95", "upper_95"):
        row[name] = money("10")
    return row | {"made_at": made_at, "run_id": "forecast"} | values
