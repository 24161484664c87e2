"""The days of a shop that moved: a random history, and its rows in a warehouse."""

import random
from datetime import date, timedelta
from decimal import Decimal

from tests.integration.warehouse.loadable import daily_sales
from tests.oracle_comparisons import NOT_EXPORTED, Export, History, days_of

FIRST = date(2023, 1, 10)
MOVED = date(2024, 3, 4)
"""The first day of the daily runs, a Monday; the export ends on a Saturday up to nine days before."""
LAST = date(2025, 4, 2)

MOST = {
    "gross_sales": 90_000_000,
    "discounts": 9_000_000,
    "returns": 9_000_000,
    "tax": 9_000_000,
    "shipping": 900_000,
}
"""The largest amount of a source's day, in ten-thousandths."""


def random_history(seed, first=FIRST, last=LAST):
    """A shop whose old system, closed on Sundays, was exported, and a smaller one that sold meanwhile. Each
    export may lack figures. Days are incomplete, without sales, or not loaded."""
    chance = random.Random(seed)
    moved = MOVED - timedelta(days=chance.choice([2, 9]))
    main = Export(first, moved)
    till = Export(first + timedelta(days=25), MOVED + timedelta(days=60))
    lacking = {}
    for name in ("main", "till"):
        lacking[name] = []
        for figure in NOT_EXPORTED:
            if chance.random() < 0.5:
                lacking[name].append(figure)
    summary = {}
    for day in days_of(first, last):
        row = _no_sales()
        is_loaded = False
        if main.first <= day <= main.last and day.weekday() != 6:
            main.sales[day] = _sell(chance, row, lacking["main"])
            is_loaded = True
        if till.first <= day <= till.last and chance.random() < 0.1:
            till.sales[day] = _sell(chance, row, lacking["till"])
            is_loaded = True
        if day >= MOVED and chance.random() > 0.03:
            is_loaded = True
            if chance.random() > 0.08:
                _sell(chance, row, [])
        if is_loaded:
            row["complete"] = chance.random() > 0.05
            row |= _costs(chance, row["net_sales"])
            summary[day] = row
    days = sorted(summary)
    # Also the first days, from which customers are known.
    for day in days[: chance.choice([0, 2])] + chance.sample(days, 12):
        summary[day] |= {"complete": False, "empty_sources": ["storefront"]}
    return History(summary, [main, till])


def _no_sales():
    row = dict.fromkeys(("orders", "customers", "new_customers"), 0)
    row |= dict.fromkeys(("units", "net_sales", *MOST), Decimal(0))
    return row | {"average_order_value": None}


def _sell(chance, row, lacking):
    """Add a source's sales to a row of daily_summary. Returns those that daily_sales has of the source."""
    sales = {}
    for name, most in MOST.items():
        amount = Decimal(chance.randint(1, most)).scaleb(-4)
        # A day has no return by chance, too.
        if name in lacking or (chance.random() < 0.1 and name != "gross_sales"):
            amount = Decimal(0)
        sales[name] = amount
        row[name] += amount
    customers = chance.randint(1, 60)
    row["orders"] += customers + chance.randint(0, 5)
    row["customers"] += customers
    row["new_customers"] += chance.randint(0, customers)
    row["units"] += Decimal(chance.randint(10, 5000)).scaleb(-1)
    row["net_sales"] = row["gross_sales"] - row["discounts"] - row["returns"]
    if chance.random() > 0.05:
        row["average_order_value"] = Decimal(chance.randint(1, 999_999)).scaleb(-4)
    return sales


def _costs(chance, net_sales):
    """Costs of none, some, just enough, nearly enough or all of a day's net sales, or of more than them."""
    shares = [None, "0.6", "0.95", "0.949999", "1", "1.04", "1.06", "2.2"]
    share = chance.choice(shares)
    if share is None:
        return {"cost_of_goods": None, "sales_with_cost": None}
    with_cost = (net_sales * Decimal(share)).quantize(Decimal("0.0001"))
    cost = with_cost * chance.randint(0, 110) / 100
    return {
        "cost_of_goods": cost.quantize(Decimal("0.0001")),
        "sales_with_cost": with_cost,
    }


def insert_history(shop, history):
    """Insert the rows of daily_summary, of the exports' daily_sales, and of their loads."""
    rows = []
    for day, row in history.summary.items():
        stored = {"business_date": day, "missing_sources": []} | row
        if not row["complete"] and "empty_sources" not in row:
            stored["missing_sources"] = ["storefront"]
        rows.append(stored)
    shop.insert("daily_summary", rows)
    for name, export in zip(("old_shop", "till"), history.exports, strict=True):
        insert_sales(shop, name, export.sales)
        shop.exported(name, export.first, export.last)
    # An export that was undone covers no day.
    shop.exported("undone", FIRST - timedelta(days=30), LAST)
    shop.undone("undone", FIRST - timedelta(days=30))
    # A live source is none of an export, whatever it lacks.
    live = {
        MOVED: {
            "gross_sales": Decimal(5),
            "discounts": 0,
            "returns": 0,
        }
    }
    insert_sales(shop, "sales_db", live)


def insert_sales(shop, source, sales):
    """Insert sales by day: gross_sales, discounts and returns. Half of a day's are of another category."""
    rows = []
    for day, amounts in sales.items():
        gross = amounts["gross_sales"]
        part = (gross / 2).quantize(Decimal("0.0001"))
        discounts = amounts["discounts"]
        returns = amounts["returns"]
        rows.append(
            daily_sales(
                day,
                source,
                part,
                discounts,
            )
        )
        kitchen = {"category": "Kitchen", "returns": returns}
        rows.append(
            daily_sales(
                day,
                source,
                gross - part,
                **kitchen,
            )
        )
    shop.insert("daily_sales", rows)
