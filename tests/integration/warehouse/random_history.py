"""The days of a shop that moved: a random history, and its rows in a warehouse."""

import random
from datetime import date, timedelta
from decimal import Decimal

from tests.integration.made_up_sales import SALES_COLUMNS
from tests.oracle_comparisons import Export, History, days_of

SUMMARY_AMOUNTS = (
    "units",
    "gross_sales",
    "discounts",
    "returns",
    "net_sales",
    "tax",
    "shipping",
)
SUMMARY_COLUMNS = (
    "business_date",
    "orders",
    "customers",
    "new_customers",
    "unconverted_orders",
    *SUMMARY_AMOUNTS,
    "average_order_value",
    "cost_of_goods",
    "sales_with_cost",
    "complete",
    "missing_sources",
    "empty_sources",
)
AUDIT_COLUMNS = (
    "business_date, source, run_id, status, read_at, window_start, window_end"
)
ZONE = "America/New_York"
FIRST = date(2023, 1, 10)
MOVED = date(2024, 3, 4)
"""The first day of the daily runs, a Monday; the export ends on a Saturday up to nine days before."""
LAST = date(2025, 4, 2)


def random_history(seed, first=FIRST, last=LAST):
    """A shop whose old system, closed on Sundays, was exported, and a smaller one that sold meanwhile. Each
    export may lack figures. Days are incomplete, without sales, or not loaded."""
    chance = random.Random(seed)
    moved = MOVED - timedelta(days=chance.choice([2, 9]))
    main = Export(first, moved)
    till = Export(first + timedelta(days=25), MOVED + timedelta(days=60))
    lacking = {}
    for name in ("main", "till"):
        lacking[name] = [
            each
            for each in ("returns", "discounts", "tax", "shipping")
            if chance.random() < 0.5
        ]
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
    for day in chance.sample(sorted(summary), 12):
        summary[day] |= {"complete": False, "empty_sources": ["storefront"]}
    return History(summary, [main, till])


def _no_sales():
    amounts = dict.fromkeys(SUMMARY_AMOUNTS, Decimal(0))
    counts = {"orders": 0, "customers": 0, "new_customers": 0}
    return amounts | counts | {"average_order_value": None}


def _sell(chance, row, lacking):
    """Add a source's sales to a row of daily_summary. Returns those that daily_sales has of the source."""
    sales = {}
    for name, most in (
        ("gross_sales", 90_000_000),
        ("discounts", 9_000_000),
        ("returns", 9_000_000),
        ("tax", 9_000_000),
        ("shipping", 900_000),
    ):
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
    share = chance.choice([None, "0.6", "0.95", "0.949999", "1", "1.04", "1.06"])
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
        values = {"empty_sources": []} | row | {"unconverted_orders": 0}
        is_missing = not row["complete"] and not values["empty_sources"]
        missing = ["storefront"] if is_missing else []
        values |= {"business_date": f"'{day}'", "missing_sources": missing}
        for name in ("average_order_value", "cost_of_goods", "sales_with_cost"):
            if row[name] is None:
                values[name] = "NULL"
        rows.append(
            "({})".format(", ".join(str(values[name]) for name in SUMMARY_COLUMNS))
        )
    shop.insert("daily_summary", ", ".join(SUMMARY_COLUMNS), rows)
    for name, export in zip(("old_shop", "till"), history.exports, strict=False):
        insert_export(shop, name, export)
    # A live source is none of an export, whatever it lacks.
    live = {MOVED: {"gross_sales": Decimal(5), "discounts": 0, "returns": 0}}
    insert_sales(shop, "sales_db", live)


def insert_export(shop, name, export):
    """Insert an export's rows of daily_sales and its load."""
    insert_sales(shop, name, export.sales)
    start = f"'{export.first} 00:00:00 {ZONE}'"
    end = f"'{export.last + timedelta(days=1)} 00:00:00 {ZONE}'"
    read_at = f"'{export.last + timedelta(days=2)} 12:00:00+00'"
    load = f"'{export.first}', '{name}', 'export', 'history', {read_at}, {start}, {end}"
    shop.insert("load_audit", AUDIT_COLUMNS, [f"({load})"])


def insert_sales(shop, source, sales):
    """Insert sales by day: gross_sales, discounts and returns. Half of a day's are of another category."""
    rows = []
    for day, amounts in sales.items():
        gross = amounts["gross_sales"]
        first = (gross / 2).quantize(Decimal("0.0001"))
        for category, part, discounts, returns in (
            ("Toys", first, amounts["discounts"], 0),
            ("Kitchen", gross - first, 0, amounts["returns"]),
        ):
            net = part - discounts - returns
            sums = f"{part}, {discounts}, {returns}, {net}"
            key = f"'{day}', '{source}', 'web', '{category}', 'US', 'USD'"
            rows.append(f"({key}, 1, 1, {sums}, {sums})")
    shop.insert("daily_sales", SALES_COLUMNS, rows)
