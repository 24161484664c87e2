"""The orders of a small shop that reach every branch of the SQL."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from ecommerce.core.errors import CheckFailed
from ecommerce.sales import delivery
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.checks import run_checks
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
)

DAY = date(2026, 11, 18)
NOON = at("2026-11-18 17:00")
MORNING = at("2026-11-19 11:00")
ONE_DAY = timedelta(days=1)
EXPORT = "old_shop"
REFUNDED_AT = at("2026-11-18 20:00")
ATTRIBUTES = '{"sales_channel":"app","group":"B \\"2\\" é"}'


def priced(order_id: str, days_ago: int, *prices: str, **facts: Any) -> Order:
    """An order with a line of each price, of the SKUs toys-1, toys-2 and so on."""
    lines = [("Toys", "1", price) for price in prices]
    return Order(order_id, NOON - timedelta(days=days_ago), lines, **facts)


def delivered(
    name: str, orders: list[Order], received: datetime, *missing: str
) -> Folder:
    """A partner's file; the files of other partners are `missing`."""
    of_file = {
        "source": "partner_files",
        "channel": name.partition("_")[0],
        "read_at": received,
    }
    file = {
        "file": name,
        "sha256": f"{name} {received}",
        "received_at": received,
        "order_ids": [order.order_id for order in orders],
        "rows_read": len(orders) + 1,
        "rows_accepted": len(orders),
        "rows_rejected": 1,
        "source_orders": len(orders),
        "orders_loaded": len(orders),
        "warnings": ['{"kind":"note","text":"é \\"2\\""}'],
    }
    return Folder(
        [replace(order, **of_file) for order in orders],
        source="partner_files",
        read_at=received,
        files=[file],
        rejected=[
            {
                "reason": "invalid_number",
                "file": name,
                "raw": "x",
                "detail": "y",
                "order_id": "A9",
            }
        ],
        currency_totals=[
            (name, "USD", "10", "7", "1", "2"),
            (name, "", "3", "0", "0", "3"),
        ],
        totals={"missing_deliveries": list(missing)},
    )


def sell(shop: Shop) -> None:
    """Four weeks of orders, a day with everything at once, the same day again, an export, and its removal."""
    usual = [
        priced(
            f"1{number:03}",
            days_ago,
            "20.00",
            "8.00",
            price,
            customer=f"c{number % 3}",
            attributes=ATTRIBUTES,
        )
        for number, (days_ago, price) in enumerate(
            (days_ago, price)
            for days_ago in (1, 2, 3, 7, 8, 14, 21, 28)
            for price in ("5.00", "9.33", "300.00")
        )
    ]
    usual.append(
        priced(
            "1999", 1, "10.00", refunds=[("r0", NOON - ONE_DAY, "2.50")], customer="ann"
        )
    )
    rates = [
        (DAY - timedelta(days=30), "USD", "1.08"),
        *((DAY - timedelta(days=days), "USD", f"1.0{days}") for days in range(5)),
        (DAY - timedelta(days=3), "GBP", "0.87654321"),
        (DAY - ONE_DAY, "JPY", "161.5"),
    ]
    products = [
        {
            "sku": f"toys-{number}",
            "name": f"Toys {number}",
            "category": "Toys",
            "updated_at": NOON - ONE_DAY,
        }
        for number in (1, 2, 3)
    ]
    shop.load(
        Folder(usual, read_at=MORNING - ONE_DAY, products=products),
        delivered(
            f"acme_{DAY - ONE_DAY}.csv",
            [priced("A1", 1, "19.00"), priced("A2", 1, "21.00")],
            NOON - ONE_DAY,
            "bolt",
        ),
        Folder(source="exchange_rates", rates=rates, read_at=MORNING - ONE_DAY),
        day=DAY - ONE_DAY,
        run_id="before",
        missing_sources=["storefront"],
        off_sources=["shopify"],
    )
    days = [DAY - timedelta(days=days) for days in range(2, 35)]
    sources = ("sales_db", "storefront", "partner_files", "exchange_rates")
    shop.insert(
        "load_audit",
        "business_date, source, run_id, status, read_at, window_end, source_orders, orders_loaded",
        [
            f"('{day}', '{source}', 'run-{day}', 'success', TIMESTAMP '{day + ONE_DAY} 11:00:00+00', "
            f"TIMESTAMP '{day + ONE_DAY} 11:00:00+00', 3, 3)"
            for day in days
            for source in sources
        ],
    )
    today = [
        priced(
            "2000",
            0,
            "19.99",
            "7.49",
            "700.00",
            discount="10",
            tax="7.2",
            shipping="5",
            customer="c1",
        ),
        priced(
            "2001", 0, "30.00", customer="new", country_code="DE", attributes=ATTRIBUTES
        ),
        priced("2002", 0, "500.00", customer="x", status="cancelled", is_sale=False),
        priced("2003", 0, "700.00", customer="y", is_test=True),
        priced(
            "2004",
            0,
            "12.34",
            currency="GBP",
            country_code=None,
            customer=None,
            channel="app",
        ),
        priced("2005", 0, "1000.00", currency="BRL", customer="br"),
        priced("2006", 0, "50.00", discount="99999.00", customer="far"),
        priced(
            "2007",
            0,
            "50.00",
            refunds=[("r9", REFUNDED_AT, "60.00"), ("r9", REFUNDED_AT, "1.00")],
        ),
        priced("2008", 0, "50.00", status="mystery"),
        Order("2011", NOON, [("bags", "1", "20.00")]),  # one SKU by four names
        Order("2012", NOON, [("BAGS", "1", "20.00")]),
        Order("2013", NOON, [("Bags", "1", "20.00")]),
        Order("2014", NOON, [("BAgs", "1", "20.00")]),
        Order(
            "2009",
            NOON,
            [("Garden", "0", "0.00"), ("uncategorised", "2.5", "40.00")],
            shipping="-7.00",
        ),
    ]
    folder = Folder(
        today,
        read_at=MORNING,
        removed=["1001", "9999"],
        orphans=[("8888", "r7", REFUNDED_AT, "3.00")],
        rejected=[
            *(
                {"reason": "invalid_number", "raw": f"row {number}", "detail": "x"}
                for number in range(5)
            ),
            {
                "reason": "missing_value",
                "raw": '{"customer_id": 1}',
                "order_id": "2010",
            },
        ],
        products=[
            {
                "sku": "toys-1",
                "name": "Toys one",
                "category": "Toys",
                "updated_at": NOON,
            },
            {
                "sku": "toys-2",
                "name": "Toys two",
                "category": "Games",
                "updated_at": NOON - ONE_DAY,
            },
            {"sku": "toys-3", "name": None, "category": None, "updated_at": None},
            {"sku": "lamp", "name": "Lamp", "category": None, "updated_at": None},
        ],
        currency_totals=[
            (None, "USD", "1300", "1200", "0", "50"),
            (None, "GBP", "12.34", "12.34", "0", "0"),
        ],
        totals={"source_orders": 11, "source_amount": "1400.00"},
    )
    web = [
        priced("s1", 0, "20.00", source="storefront", customer="new2"),
        priced(
            "s2",
            0,
            "108.00",
            source="storefront",
            currency="EUR",
            refunds=[("r2", REFUNDED_AT, "30.00")],
        ),
        priced("s3", 0, "500.00", source="storefront", currency="JPY"),
    ]
    yen = [
        priced(f"A{number}", 0, "19.00", "7.50", currency="JPY") for number in (3, 4)
    ]
    shop.load(
        folder,
        Folder(web, source="storefront", read_at=MORNING),
        delivered(f"acme_{DAY}.csv", yen, MORNING),
        Folder(
            source="exchange_rates",
            rates=[(DAY, "USD", "1.25"), (DAY, "JPY", "1")],
            read_at=MORNING,
        ),
        day=DAY,
        run_id="day",
        off_sources=["shopify"],
    )
    mail(shop, DAY - ONE_DAY)
    mail(shop, DAY)
    changed = [
        replace(
            today[0],
            ordered_at=NOON - ONE_DAY,
            refunds=[("r1", NOON, "5.00")],
            customer="c2",
            reason="too big",
        ),
        replace(today[3], is_test=False),
        replace(usual[0], status="cancelled", is_sale=False),
        replace(usual[-1], lines=[("Toys", "1", "11.00")]),
    ]
    later = MORNING + timedelta(hours=3)
    shop.load(
        Folder(changed, read_at=later, removed=["2001"]),
        delivered(f"acme_{DAY - ONE_DAY}.csv", [priced("A2", 1, "22.00")], later),
        Folder(
            source="exchange_rates",
            rates=[(DAY, "GBP", "0.9"), (DAY, "USD", "1.2")],
            read_at=later,
        ),
        Folder(source="shopify", read_at=later),
        day=DAY,
        run_id="again",
    )
    shop.load(
        delivered(
            f"acme_{DAY - ONE_DAY}.csv",
            [priced("A1", 1, "19.00"), priced("A2", 1, "21.00")],
            NOON,
        ),
        day=DAY,
        run_id="older",
    )
    check(shop, ORDERS, "day", "again")


def mail(shop: Shop, day: date) -> None:
    """Mail the report of a day."""
    hash_of_figures = hashlib.sha256(str(day).encode()).hexdigest()
    assert delivery.claim_delivery(day, hash_of_figures, f"<{day}@x>", MORNING)
    headline = {"net_sales": "1.50", "orders": "3", "average_order_value": None}
    report = {
        "business_date": str(day),
        "figures_hash": hash_of_figures,
        "headline": headline,
    }
    delivery.mark(report | {"figures_at": MORNING.isoformat()})


def check(shop: Shop, spec: Any, *run_ids: str) -> None:
    """Run the checks of the days, whatever they find."""
    days = [DAY - timedelta(days=number) for number in range(4)]
    for run_id in run_ids:
        try:
            run_checks(
                days,
                spec=spec,
                business_date=DAY,
                run_id=run_id,
                warehouse=shop.warehouse,
            )
        except CheckFailed as error:
            print("checks:", error)
