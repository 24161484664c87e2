"""Figures of periods for the tests of everything that shows them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import yaml

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.periods import parse_period
from ecommerce.sales.periods.figures import (
    Cohort,
    Compared,
    Expected,
    NextPeriod,
    PeriodDay,
    PeriodFigures,
    PeriodProduct,
    PeriodRow,
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
FIGURES = yaml.safe_load(Path(__file__).with_name("figures.yaml").read_text())
VALUES = FIGURES["headline"]


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
        "countries": make("2026-W48").countries[1:3],
    }


def make(period_text, **changes):
    """Return the figures of a period with other fields."""
    period = parse_period(period_text)
    following = period.next
    products = []
    for sku, values in FIGURES["products"].items():
        products.append(product(sku, *values))
    fields = {
        "kind": period.kind,
        "first": period.first,
        "last": period.last,
        "only": WHOLE,
        "currency": "USD",
        "headline": {name: compared(*values) for name, values in VALUES.items()},
        "days": days_of(period),
        "channels": rows_of(FIGURES["channels"]),
        "categories": rows_of(FIGURES["categories"], orders=None),
        "countries": rows_of(FIGURES["countries"]),
        "shops": rows_of(FIGURES["shops"]),
        "products": products,
        "rising": products[:1],
        "falling": products[1:2],
        "cohort": Cohort(month=period.last.replace(day=1), customers=431, repeated=31),
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
        "restated": [
            RestatedDay(day=period.first, mailed=D("18716.13"), now=D("20373.40"))
        ],
        "provenance": ORIGIN,
    }
    return PeriodFigures(**FIGURES["others"] | fields | changes)


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
