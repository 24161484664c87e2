"""Figures of periods for the tests of everything that shows them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.periods import parse_period
from ecommerce.sales.periods.figures import (
    Cohort,
    Compared,
    Costs,
    Expected,
    FunnelStep,
    NextPeriod,
    PaidOut,
    PeriodDay,
    PeriodFigures,
    PeriodProduct,
    PeriodRow,
    PeriodTarget,
    Repeat,
    RestatedDay,
)
from ecommerce.sales.report.figures.returns import ReturnReason
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.report_archive import Provenance

D = Decimal
GERMANY = Slice(country=("DE", "AT"))
ORIGIN = Provenance(
    dag_id="weekly_report",
    run_id="scheduled__2026-11-30",
    code_version="3f2a91c",
    timezone="America/New_York",
    generated_at=datetime(2026, 11, 30, 11, 2, 5, tzinfo=UTC),
)
VALUES = {
    "net_sales": ("142300.50", "136804.12", "118250.00"),
    "orders": ("1204", "1150", "1010"),
    "average_order_value": ("131.20", "128.02", "125.10"),
    "customers": ("1101", "1060", "930"),
    "gross_sales": ("158120.10", "147002.55", "129000.00"),
    "discounts": ("9800.40", "5120.30", "6100.00"),
    "returns": ("6019.20", "5078.13", "4650.00"),
    "units": ("2960", "2811", "2405"),
    "new_customers": ("604", "580", "530"),
    "returning_customers": ("497", "480", "400"),
    "tax": ("17012.22", "16355.00", "14200.00"),
    "shipping": ("2510.00", "2402.00", "2100.00"),
}
CHANNELS = {
    "shopify": ("61200.20", "55100.00"),
    "sales_db": ("45100.30", "47204.12"),
    "storefront": ("25900.00", "24500.00"),
    "agora": ("10100.00", "10000.00"),
}
COUNTRIES = {
    "US": ("92300.50", "91604.12"),
    "DE": ("31000.00", "24100.00"),
    "AT": ("10800.00", "12900.00"),
    "GB": ("8200.00", "8200.00"),
}
CATEGORIES = {
    "Lighting": ("70100.00", "61000.00"),
    "Textiles": ("50000.50", "52804.12"),
    "Kitchen": ("25200.00", "25000.00"),
    "unallocated": ("-3000.00", "-2000.00"),
}
SHOPS = {"shopify_de": ("61200.20", "55100.00"), "sales_db": ("81100.30", "81704.12")}
PRODUCTS = {
    "LAMP-1": ("Pendant lamp", "Lighting", "21000.00", "14500.00"),
    "SHEET-2": ("Linen sheet, queen", "Textiles", "12500.00", "13900.00"),
    "KNIFE-3": ("Chef's knife, 20 cm", "Kitchen", "9100.00", "9000.00"),
}


def week(**changes):
    """Return the week 2026-W48 of the whole shop with everything that a report can have."""
    return make("2026-W48", **changes)


def month(**changes):
    """Return the month 2026-11 of the whole shop."""
    return make("2026-11", **changes)


def sliced_day(**changes):
    """Return the day 2026-11-28 of Germany and Austria."""
    return make("2026-11-28", **sliced() | changes)


def sliced_week(**changes):
    """Return the week of Germany and Austria."""
    return make("2026-W48", **sliced() | changes)


def first_week():
    """Return a week without anything to compare with, to forecast or to aim at."""
    headline = {name: Compared(value=D(value)) for name, (value, *_) in VALUES.items()}
    changes = {"headline": headline, "expected": None, "next_period": None}
    for part in ("channels", "countries", "categories", "shops", "products"):
        rows = getattr(week(), part)
        changes[part] = [row.model_copy(update={"before": None}) for row in rows]
    return week(**changes, rising=[], falling=[], target=None, restated=[])


def incomplete_week():
    """Return a week whose Saturday lacks a source and whose Sunday is not known."""
    days = week().days
    lacking = {"complete": False, "missing_sources": ["shopify"]}
    unknown = {"complete": False, "net_sales": None, "orders": None}
    days = [
        *days[:5],
        days[5].model_copy(update=lacking),
        days[6].model_copy(update=unknown),
    ]
    return week(days=days)


def empty_week():
    """Return a week of a slice without orders, after one with some."""
    headline = {}
    for name in HEADLINE:
        headline[name] = Compared(value=D(0), before=D(VALUES[name][1]))
    headline["average_order_value"] = Compared(value=None, before=D("128.02"))
    days = [
        day.model_copy(update={"net_sales": D(0), "orders": 0}) for day in week().days
    ]
    nothing = {part: [] for part in ("channels", "countries", "categories", "shops")}
    return sliced_week(
        headline=headline,
        days=days,
        products=[],
        rising=[],
        return_reasons=[],
        **nothing,
    )


def negative_week():
    """Return a week with more returns than sales, after another one."""
    headline = dict(week().headline)
    headline["net_sales"] = Compared(value=D("-5200.10"), before=D("-310.00"))
    return week(headline=headline, target=None)


def crowded_month():
    """Return a month with hostile and long names, many rows and 12-digit amounts."""
    factor = D("1000000.01")
    names = [f"Kategorie {'sehr ' * 6}lang {number}" for number in range(30)]
    names[0] = "Pot <script>{{ 7 * 7 }} #box[x]"
    names[1] = "W" * 90
    rows = []
    for place, name in enumerate(names):
        rows.append(period_row(name, D(9000 - place) * factor, D(8000) * factor))
    products = []
    for place, name in enumerate(names[:10]):
        products.append(product(f"SKU-{place}", name, names[2], D(7000) * factor, D(1)))
    headline = {}
    for name, values in VALUES.items():
        headline[name] = compared(*[str(D(value) * factor) for value in values])
    reasons = [
        ReturnReason(reason=f"{name} because", refunds=3, amount=D(77))
        for name in names
    ]
    return month(
        headline=headline,
        categories=rows,
        channels=rows,
        products=products,
        rising=products[:5],
        falling=products[5:],
        return_reasons=reasons,
    )


def sliced():
    """Return the fields that a slice has in place of those of the whole shop."""
    return {
        "only": GERMANY,
        "target": None,
        "restated": [],
        "payouts": [],
        "funnel": [],
        "repeat": None,
        "cohort": None,
        "costs": None,
        "expected": None,
        "next_period": None,
        "countries": rows_of({name: COUNTRIES[name] for name in ("DE", "AT")}),
    }


def make(period_text, **changes):
    """Return the figures of a period with other fields."""
    period = parse_period(period_text)
    following = period.next
    fields = {
        "kind": period.kind,
        "first": period.first,
        "last": period.last,
        "only": WHOLE,
        "currency": "USD",
        "headline": {name: compared(*values) for name, values in VALUES.items()},
        "days": days_of(period),
        "channels": rows_of(CHANNELS),
        "categories": rows_of(CATEGORIES, orders=None),
        "countries": rows_of(COUNTRIES),
        "shops": rows_of(SHOPS),
        "products": [product(sku, *values) for sku, values in PRODUCTS.items()],
        "rising": [product("LAMP-1", *PRODUCTS["LAMP-1"])],
        "falling": [product("SHEET-2", *PRODUCTS["SHEET-2"])],
        "repeat": Repeat(customers=120, repeated=23),
        "cohort": Cohort(month=period.last.replace(day=1), customers=431, repeated=31),
        "costs": Costs(
            cost_of_goods=D("88000.00"),
            sales_with_cost=D("141000.00"),
            coverage=D("0.99"),
            fees=D("3120.45"),
            sales_with_fees=D("120300.00"),
            fee_coverage=D("0.845"),
        ),
        "payouts": [
            PaidOut(
                source="shopify",
                currency="USD",
                payouts=5,
                amount=D("58010.11"),
                unexplained=D("-12.50"),
            )
        ],
        "return_reasons": [
            ReturnReason(reason="arrived_broken", refunds=31, amount=D("3510.20")),
            ReturnReason(reason=None, refunds=14, amount=D("2509.00")),
        ],
        "funnel": [
            FunnelStep(step="session", sessions=40100, before=38900),
            FunnelStep(step="view_item", sessions=27000, before=26500),
            FunnelStep(step="purchase", sessions=1100, before=1080),
        ],
        "expected": Expected(
            measure="net_sales",
            forecast=D("138100.00"),
            actual=D("142300.50"),
            days=len(period.days),
        ),
        "next_period": NextPeriod(
            first=following.first,
            last=following.last,
            measure="net_sales",
            forecast=D("150900.00"),
            days=len(following.days),
        ),
        "target": PeriodTarget(target=D("138000.00")),
        "restated": [
            RestatedDay(day=period.first, mailed=D("18716.13"), now=D("20373.40"))
        ],
        "provenance": ORIGIN,
    }
    return PeriodFigures(**fields | changes)


def compared(value, before=None, year_before=None):
    """Return a headline figure of texts."""
    known = {"before": before, "year_before": year_before}
    bases = {name: D(base) for name, base in known.items() if base is not None}
    return Compared(value=D(value), **bases)


def days_of(period):
    """Return days that differ."""
    days = []
    for place, day in enumerate(period.days):
        sales = D(18000) + D(place % 7) * D("811.25")
        forecast = D(19000) + D(place % 5) * 300
        days.append(
            PeriodDay(
                day=day,
                complete=True,
                net_sales=sales,
                orders=150 + place,
                forecast=forecast,
            )
        )
    return days


def rows_of(amounts, orders=301):
    """Return the rows of a dimension, from net sales and those before by name."""
    return [
        period_row(name, D(now), D(before), orders)
        for name, (now, before) in amounts.items()
    ]


def period_row(name, net_sales, before=None, orders=301):
    """Return a row of a dimension."""
    return PeriodRow(
        name=name,
        orders=orders,
        units=D(700),
        gross_sales=net_sales + 900,
        discounts=D(500),
        returns=D(400),
        net_sales=net_sales,
        before=before,
    )


def product(sku, name, category, sales, before):
    """Return a product."""
    return PeriodProduct(
        sku=sku,
        name=name,
        category=category,
        units=D(120),
        sales=D(sales),
        before=D(before),
    )


def folder(report):
    """Return the local folder of an archived report."""
    return Path(report.uri.removeprefix("file://"))
