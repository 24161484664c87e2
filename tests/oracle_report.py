"""What the daily report must say, computed in plain Python from the oracle's orders, lines and refunds.

It follows docs/DEFINITIONS.md and shares no code with the pipeline: `differences(oracle, figures)` recomputes
what a report states of a day and what it compares it with.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracle import ZERO, rounded
from tests.oracle_day import Expected

NEARLY = Decimal("0.005")
"""The aggregates round each currency's amount, so that a sum of them may be so far from the rounded sum."""
HEADLINE = (
    "orders",
    "units",
    "customers",
    "gross_sales",
    "discounts",
    "returns",
    "net_sales",
    "tax",
    "shipping",
    "average_order_value",
    "new_customers",
)
SECTIONS = {"category": "categories", "country": "countries", "channel": "channels"}

# Each part yields what a figure is called, what the report says, what it must say.


def differences(oracle, figures):
    """Where the report of a day says something else than the oracle; empty where it does not."""
    expected = Expected(oracle, figures.business_date)
    parts = (
        _headline,
        _rates,
        _trend,
        _month,
        _breakdowns,
        _changes,
        _movers,
        _reasons,
    )
    differing = []
    for part in parts:
        for name, stated, true in part(figures, expected):
            if not _same(stated, true):
                differing.append(f"{name}: {stated} instead of {true}")
    return differing


def _headline(figures, true):
    for name in (*HEADLINE, "returning_customers"):
        yield from _compared(name, figures.headline[name], true)
    averaged = len(true.history.averaged(true.day))
    yield "averaged days", figures.averaged_days, averaged


def _compared(name, figure, true):
    expected = true.history.comparison(name, true.day)
    for field in ("value", "day_before", "week_before", "year_before", "average"):
        yield f"{name}, {field}", getattr(figure, field), expected[field]


def _rates(figures, true):
    for name in ("discount_rate", "return_rate", "repeat_share"):
        expected = true.history.comparison(name, true.day)
        rate = figures.rates[name]
        value = hundredfold(expected["value"])
        yield name, hundredfold(rate.value), value
        average = hundredfold(expected["average"])
        yield f"{name}, average", hundredfold(rate.average), average


def _trend(figures, true):
    days = [true.day - timedelta(back) for back in range(27, -1, -1)]
    yield "days of the trend", [each.business_date for each in figures.trend], days
    for each in figures.trend:
        day = each.business_date
        net_sales = true.summary[day]["net_sales"] if day in true.summary else None
        yield f"trend {day}", each.net_sales, net_sales
        average = true.history.comparable(day)["weekday_average"]
        yield f"weekday mean {day}", each.weekday_mean, average


def _month(figures, true):
    for name in ("now", "last_month", "last_year"):
        span = getattr(figures.month, name)
        expected = true.history.month(name, true.day)
        days = expected["first_day"], expected["last_day"]
        yield f"{name}, days", (span.first, span.last), days
        for figure in ("net_sales", "orders"):
            yield f"{name}, {figure}", getattr(span, figure), expected[figure]
        if name == "now":
            unfinished = expected["unfinished_days"]
            yield "unfinished days", figures.month.unfinished, unfinished


def _breakdowns(figures, true):
    for kind, section in SECTIONS.items():
        reported = {
            row.name: row.net_sales
            for row in getattr(figures, section)
            if row.net_sales
        }
        yield from _amounts(
            section,
            reported,
            true.sales.net_sales(kind, true.day),
        )


def _changes(figures, true):
    changes = figures.changes
    yield "base", changes and changes.base, true.base
    if changes is None or true.base is None:
        return
    yield "currencies left out", changes.unconverted, true.excluded
    began, ended = true.sales.moved_channels(true.day, true.base)
    moved = sorted(began), sorted(ended)
    yield "channels", (changes.began, changes.ended), moved
    total = true.summary[true.day]["net_sales"] - true.summary[true.base]["net_sales"]
    for kind, section in SECTIONS.items():
        reported = getattr(changes, section)
        if not true.excluded:
            change = sum(each.now - each.before for each in reported)
            yield f"changes of {section}, exactly", f"{change:.4f}", f"{total:.4f}"
        sizes = [abs(each.now - each.before) for each in reported]
        yield f"changes of {section}, sorted", sizes, sorted(sizes, reverse=True)
        now = {each.name: each.now for each in reported if each.now}
        amounts = true.sales.net_sales(kind, true.day, true.excluded)
        yield from _amounts(f"{section} now", now, amounts)
        before = {each.name: each.before for each in reported if each.before}
        amounts = true.sales.net_sales(kind, true.base, true.excluded)
        yield from _amounts(f"{section} before", before, amounts)


def _movers(figures, true):
    if figures.changes is None or true.base is None:
        return
    before = true.sales.products(true.base, true.excluded)
    now = true.sales.products(true.day, true.excluded)
    for name, sign in (("rising", 1), ("falling", -1)):
        changes = [
            sign * (now[sku]["sales"] - before[sku]["sales"]) for sku in {*before, *now}
        ]
        largest = sorted((value for value in changes if value > 0), reverse=True)[:5]
        reported = getattr(figures.changes, name)
        yield (
            f"{name}, changes",
            [sign * (each.now - each.before) for each in reported],
            largest,
        )
        for each in reported:
            yield f"{each.sku} now", each.now, now[each.sku]["sales"]
            yield f"{each.sku} before", each.before, before[each.sku]["sales"]


def _reasons(figures, true):
    reported = {
        each.reason: (each.refunds, each.amount) for each in figures.return_reasons
    }
    expected = true.returned()
    yield "reasons", sorted(map(str, reported)), sorted(map(str, expected))
    for reason in reported.keys() & expected.keys():
        yield f"refunds, {reason}", reported[reason], expected[reason]
    together = sum((each.amount for each in figures.return_reasons), ZERO)
    yield (
        "returns of all reasons, exactly",
        f"{together:.4f}",
        f"{true.summary[true.day]['returns']:.4f}",
    )


def _amounts(name, reported, true):
    some = {each: value for each, value in true.items() if rounded(value)}
    yield name, sorted(reported), sorted(some)
    for each in reported.keys() & some.keys():
        yield f"{name}, {each}", reported[each], some[each]


def hundredfold(value):
    # Of a rate half a hundredth is not near.
    return None if value is None else value * 100


def _same(reported, true):
    numbers = (Decimal, int, Fraction)
    if isinstance(reported, numbers) and isinstance(true, numbers):
        return abs(Fraction(reported) - Fraction(true)) < NEARLY
    if (
        isinstance(reported, Sequence)
        and isinstance(true, Sequence)
        and not isinstance(reported, str)
    ):
        return len(reported) == len(true) and all(map(_same, reported, true))
    return bool(reported == true)
