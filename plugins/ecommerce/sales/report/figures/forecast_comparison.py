"""What was expected of the day: the weekly forecast of gross sales that was in force, and whether the day is
unusual. It is read from the table `sales_forecasts`, which `weekly_sales_forecast` loads.

All amounts are gross sales in reporting currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import Field

from ecommerce.core import text
from ecommerce.core.business_day import BusinessDay
from ecommerce.reporting import interval_verdict
from ecommerce.sales.report.figures.base import Part

TOTAL, CHANNEL, CATEGORY = "total", "channel", "category"
KINDS = (TOTAL, CHANNEL, CATEGORY)
BOUNDS = ("lower_80", "upper_80", "lower_95", "upper_95")
FIGURES = ("forecast", *BOUNDS, "actual")
"""The figures of one series; all are amounts."""
MOST_SERIES, MOST_NAMED = 20, 6
"""Rows of the table; series without a forecast that are named."""

Ask = Callable[..., list[dict[str, Any]]]


class Expected(Part):
    """One series' forecast, its intervals, and what came. `series`: `total`, `channel:<name>` or
    `category:<name>`. `verdict` is None where the day is not complete, or may not be."""

    series: str
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal
    actual: Decimal
    verdict: interval_verdict.Verdict | None = None


class Expectation(Part):
    """The forecast in force of one day: the total first, then channels and categories, the largest first.
    `made_at` (UTC) is the midnight in the shop before the first day of that forecast, and nothing later was
    known to it. `unforecast` are the series that sold and have no forecast. `without`: currencies without an
    exchange rate on this day, which neither the forecasts nor the actual sales have."""

    made_at: datetime
    model: str
    series: list[Expected]
    unforecast: list[str] = Field(default_factory=list)
    without: list[str] = Field(default_factory=list)


def read(ask: Ask, day: BusinessDay, actual: Mapping[str, Decimal]) -> Expectation | None:
    """The forecast in force of `day` beside what came, without verdicts; None where no forecast covers the
    day.

    Args:
        ask: runs a query of the report by its name.
        day: the report's.
        actual: gross sales of the day by series.
    """
    rows = ask("forecast", {"begins_at": day.start})
    if not rows:
        return None
    names = ("series", "forecast", *BOUNDS)
    found = [
        Expected(**{name: row[name] for name in names}, actual=actual.get(row["series"], Decimal(0)))
        for row in rows
    ]
    known = {each.series for each in found}
    return Expectation(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        series=sorted(found, key=lambda each: (_place(each.series), -each.forecast, each.series)),
        unforecast=sorted(
            (series for series, gross in actual.items() if gross and series not in known),
            key=lambda series: (_place(series), series),
        ),
    )


def without(
    expectation: Expectation, currencies: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Expectation:
    """`expectation` less the part that `currencies` have of each series, as they lack an exchange rate on the
    day: what came does not have them either.

    Args:
        rows: of `currency_shares.sql`, of the days that tell the part.
    """
    gross: dict[str, Decimal] = defaultdict(Decimal)
    excluded: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for series in (TOTAL, f"{CHANNEL}:{row['channel']}", f"{CATEGORY}:{row['category']}"):
            gross[series] += row["gross_sales"]
            excluded[series] += row["excluded"]

    def less(each: Expected) -> Expected:
        if gross[each.series] <= 0 or not excluded[each.series]:
            return each
        kept = 1 - excluded[each.series] / gross[each.series]
        values = {name: _cents(getattr(each, name) * kept) for name in ("forecast", *BOUNDS)}
        return each.model_copy(update=values)

    return expectation.model_copy(
        update={"series": [less(each) for each in expectation.series], "without": list(currencies)}
    )


def judged(expectation: Expectation | None, *, complete: bool) -> Expectation | None:
    """`expectation` with a verdict on each series; without any where the day is not complete."""
    if expectation is None:
        return None
    series = [each.model_copy(update={"verdict": verdict(each)}) for each in expectation.series]
    return expectation.model_copy(update={"series": series}) if complete else expectation


def verdict(each: Expected) -> interval_verdict.Verdict:
    """Whether what came is unusual."""
    return interval_verdict.verdict(
        each.actual, (each.lower_80, each.upper_80), (each.lower_95, each.upper_95)
    )


def line(expectation: Expectation | None, currency: str, caveat: str = "") -> dict[str, Any] | None:
    """What page one and the mail say of the whole day: `verdict`, `words`, and `tone` (1 above what was
    expected, -1 below, else 0); None where there is no forecast. `caveat`: why there is no verdict."""
    total = next((each for each in expectation.series if each.series == TOTAL), None) if expectation else None
    if total is None:
        return None
    actual, forecast, low, high = (
        text.amount(value, currency)
        for value in (total.actual, total.forecast, total.lower_80, total.upper_80)
    )
    changed = text.change(total.actual, total.forecast)
    words = (
        f"forecast of gross sales {forecast}{_without(expectation)}, 80 % interval {low} \N{EN DASH} {high}; "
    )
    if total.verdict is None:
        words += f"{actual} so far, and no verdict while {caveat}"
        return {"verdict": "No verdict", "words": words, "tone": 0}
    words += f"this day {actual}" + (f" ({changed})" if changed != text.NOTHING else "")
    return {"verdict": _in_words(total).capitalize(), "words": words, "tone": _tone(total)}


def page_texts(
    expectation: Expectation | None, day: date, currency: str, *, caveat: str = ""
) -> dict[str, Any]:
    """What the report's details print of it, cell by cell. `nothing` says why there is no table."""
    if expectation is None:
        return {"note": "", "rows": [], "nothing": f"No forecast covers {day}.", "remarks": []}
    # Of a series from which nothing is expected there is nothing to say, unless something came.
    series = [each for each in expectation.series if each.upper_95 or each.actual]
    more, unforecast = len(series) - MOST_SERIES, expectation.unforecast
    without = ", ".join(_name(each) for each in unforecast[:MOST_NAMED])
    if len(unforecast) > MOST_NAMED:
        without += f" and {text.count(len(unforecast) - MOST_NAMED)} more"
    return {
        "note": f"gross sales in {currency}; from what was known at {text.instant(expectation.made_at)}, "
        f"model {text.clean(expectation.model)}{_without(expectation)}",
        "rows": [_row(each, currency) for each in series[:MOST_SERIES]],
        "nothing": "",
        "remarks": [
            *([f"{caveat[:1].upper()}{caveat[1:]}, so there is no verdict."] if caveat else []),
            *([f"{text.count(more)} more series are in figures.csv."] if more > 0 else []),
            *([f"Without a forecast: {without}."] if without else []),
        ],
    }


def csv_rows(expectation: Expectation | None) -> Iterator[tuple[str, str, Decimal]]:
    """Series, figure and value of each cell of `figures.csv`."""
    for each in expectation.series if expectation else ():
        for figure in FIGURES:
            yield each.series, figure, getattr(each, figure)


def _without(expectation: Expectation | None) -> str:
    names = expectation.without if expectation else []
    return f", without {', '.join(map(text.clean, names))}" if names else ""


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _row(each: Expected, currency: str) -> list[str]:
    low, high, lowest, highest = (text.amount(getattr(each, name), currency) for name in BOUNDS)
    return [
        _name(each.series),
        text.amount(each.forecast, currency),
        f"{low} \N{EN DASH} {high}",
        f"{lowest} \N{EN DASH} {highest}",
        text.amount(each.actual, currency),
        text.NOTHING if each.verdict is None else _in_words(each),
    ]


def _in_words(each: Expected) -> str:
    """Such as `within the 80 % interval`, or `outside 95 % (lower)`."""
    if each.verdict in (None, "as expected"):
        return "within the 80 % interval" if each.verdict else ""
    outside = "95 %" if each.verdict == "very unusual" else "80 %"
    return f"outside {outside} ({'higher' if _tone(each) > 0 else 'lower'})"


def _tone(each: Expected) -> int:
    return (each.actual > each.upper_80) - (each.actual < each.lower_80)


def _name(series: str) -> str:
    kind, _, name = series.partition(":")
    if kind == TOTAL:
        return "All sales"
    return f"Channel {text.source_name(name)}" if kind == CHANNEL else f"Category {text.clean(name)}"


def _place(series: str) -> int:
    return KINDS.index(series.partition(":")[0])
