"""A day with every kind of bad record among the good ones."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg

from demo.ledger import (
    PARTNER_FILES,
    SALES_DB,
    STOREFRONT,
    Line,
    Order,
)
from demo.seeders import exchange_rates
from demo.services.storefront import store as shop_store

HERE = Path(__file__).parent
DAY = date(2026, 9, 1)
NOON = datetime(2026, 9, 1, 16, tzinfo=UTC)
TEN = Decimal("10.00")


def order(
    channel,
    order_id,
    *lines,
    status="completed",
):
    """A good order of ours, with good and flawed lines."""
    return Order(
        channel=channel,
        order_id=order_id,
        partner="chaos" if channel == PARTNER_FILES else "",
        customer_id=None,
        email="eve@example.com" if channel == PARTNER_FILES else None,
        country_code="US",
        currency="USD",
        status=status,
        coupon_code=None,
        is_test=False,
        shipping=Decimal(0),
        fee=Decimal(0),
        lines=lines,
        ordered_at=NOON,
        updated_at=NOON,
        status_changed_at=NOON,
    )


def line(number, quantity="1", price=TEN, **values):
    amount = Decimal(quantity) * price if price.is_finite() else price
    product = {
        "sku": "KIT-001",
        "product_name": "Chef's knife, 20 cm",
        "category": "Kitchen",
    } | values
    return Line(
        number,
        unit_price=price,
        quantity=Decimal(quantity),
        gross=amount,
        discount=Decimal(0),
        tax=Decimal(0),
        **product,
    )


OURS = (
    order(
        SALES_DB,
        "BAD-1",
        line(1),
        line(2, "0", reject_reason="invalid_quantity"),
        line(3, "-2", reject_reason="invalid_quantity"),
        line(4, price=Decimal("NaN"), reject_reason="invalid_number"),
        line(5, price=Decimal("-10.00"), reject_reason="negative_price"),
    ),
    order(SALES_DB, "BAD-2", line(1), status="Lost In Space"),
    order(SALES_DB, "BAD-3"),
    order(
        STOREFRONT,
        "900",
        shop_line := line(9001),
        replace(shop_line, line_number=9002, reject_reason="invalid_quantity"),
    ),
    order(STOREFRONT, "910"),
    order(PARTNER_FILES, "C-02", line(1)),
    order(PARTNER_FILES, "C-08", line(1), status="abducted"),
    order(PARTNER_FILES, "C-09", line(1, product_name='Tea towel\nblue, "large"')),
    order(PARTNER_FILES, "C-11", line(1)),
    replace(
        order(PARTNER_FILES, "X-01", line(1)),
        partner="extra",
    ),
)


def spoil(company, snapshot):
    """Let every system show `snapshot`, the orders `OURS`, and the records that no run can read."""
    company.show(
        without_cad(
            replace(
                snapshot,
                orders=snapshot.orders + OURS,
            )
        )
    )
    spoil_database(company)
    spoil_storefront(company)
    spoil_files(company)
    spoil_rates(company)


def spoil_database(company):
    with psycopg.connect(company.dsn) as database:
        database.execute((HERE / "sales_db.sql").read_text())


def spoil_storefront(company):
    shown = shop_store.WooStore()
    shown.reload(company.folders.storefront)
    shown.orders[900].lines[1].quantity = Decimal(0)
    undated = shop_store.WooOrder(
        920,
        None,
        "completed",
        changes=[(NOON, "status")],
    )
    shown.orders[920] = undated
    shown.save(company.folders.storefront)


def repeated(body):
    """A page on which the storefront lists some orders twice."""
    orders = json.loads(body)
    return json.dumps([*orders, *orders[:3]]).encode()


def spoil_files(company):
    drop = company.folders.partner_drop
    for file in HERE.glob("*.csv"):
        shutil.copy(file, drop)
    whole = gzip.compress((HERE / f"extra_{DAY}.csv").read_bytes())
    (drop / f"cut_{DAY}.csv.gz").write_bytes(whole[:-9])


def without_cad(snapshot):
    """Canada's dollar has no rate, so that it stays unconverted."""
    rates = [rate for rate in snapshot.rates if rate.currency != "CAD"]
    return replace(snapshot, rates=tuple(rates))


def spoil_rates(company):
    """Canada's dollar has a rate that cannot be read, and one line is cut off."""
    file = company.folders.rates / exchange_rates.PATH
    header, newest, *older = file.read_text().splitlines()
    cells = newest.split(",")
    cells[header.split(",").index("CAD")] = "n.a."
    lines = [
        header,
        ",".join(cells),
        f"{DAY},1.1",
        *older,
    ]
    file.write_text("\n".join(lines) + "\n")
