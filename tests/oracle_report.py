"""What the daily report must say, computed in plain Python from the oracle's orders, lines and refunds.

It follows docs/DEFINITIONS.md and shares no code with the pipeline: `differences(oracle, figures)` recomputes
the headline, the trend and the breakdowns of a day. The views behind the other sections have oracles of their
own in `integration/warehouse/`.
"""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracle import ZERO
from tests.oracle_comparisons import History
from tests.oracle_customers import of_ledger
from tests.oracle_sales import SalesOracle

NEARLY = Decimal("0.005")
"""The aggregates round each currency's amount, so that a sum of them may be so far from the rounded sum."""
SECTIONS = {"category": "categories", "country": "countries", "channel": "channels"}

# Each part yields what a figure is called, what the report says, what it must say.


def differences(oracle, figures):
    """Where the report of a day says something else than the oracle; empty where it does not."""
    history = History({row["business_date"]: row for row in oracle.daily_summary})
    compared = [
        *_headline(figures, history),
        *_trend(figures, history),
        *_breakdowns(figures, oracle),
    ]
    differing = []
    for name, stated, true in compared:
        if not _same(stated, true):
            differing.append(f"{name}: {stated} instead of {true}")
    return differing


def _headline(figures, history):
    day = figures.business_date
    for name, figure in figures.headline.items():
        expected = history.comparison(name, day)
        for field in ("value", "day_before", "week_before", "year_before", "average"):
            yield f"{name}, {field}", getattr(figure, field), expected[field]
    for name, rate in figures.rates.items():
        expected = history.comparison(name, day)
        yield name, hundredfold(rate.value), hundredfold(expected["value"])
        average = hundredfold(expected["average"])
        yield f"{name}, average", hundredfold(rate.average), average
    averaged = len(history.averaged(day))
    yield "averaged days", figures.averaged_days, averaged
    returns = sum((reason.amount for reason in figures.return_reasons), ZERO)
    total = history.days[day]["returns"]
    yield "returns of all reasons, exactly", f"{returns:.4f}", f"{total:.4f}"


def _trend(figures, history):
    shown = {point.business_date: point for point in figures.trend}
    days = [figures.business_date - timedelta(back) for back in range(27, -1, -1)]
    yield "days of the trend", list(shown), days
    for day, point in shown.items():
        net_sales = history.days.get(day, {}).get("net_sales")
        yield f"trend {day}", point.net_sales, net_sales
        average = history.comparable(day)["weekday_average"]
        yield f"weekday mean {day}", point.weekday_mean, average


def _breakdowns(figures, oracle):
    sales = SalesOracle(of_ledger(oracle))
    for kind, section in SECTIONS.items():
        reported = {row.name: row.net_sales for row in getattr(figures, section)}
        true = sales.net_sales(kind, figures.business_date)
        for name in reported.keys() | true.keys():
            stated = reported.get(name, ZERO)
            yield f"{section}, {name}", stated, true.get(name, ZERO)


def hundredfold(value):
    # Of a rate half a hundredth is not near.
    return None if value is None else value * 100


def _same(stated, true):
    numbers = (Decimal, int, Fraction)
    if isinstance(stated, numbers) and isinstance(true, numbers):
        return abs(Fraction(stated) - Fraction(true)) < NEARLY
    return stated == true
