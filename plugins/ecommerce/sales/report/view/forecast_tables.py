"""Time: the sections on the month so far, the day against its forecast, and the coming week."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, quiet, table, word
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.forecast_comparison import BOUNDS, CHANNEL, TOTAL, Expectation, Expected
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.month import Span

MOST_SERIES, MOST_NAMED = 20, 7
"""Rows of the table; names of series without a forecast."""


def month(figures: Figures) -> Section:
    """Return the month so far next to the last month and the same month of last year, up to the same day."""
    month = figures.month
    columns = [name(""), number("Net sales"), number("Change"), number("Orders")]
    if month is None:
        return table("month", "Month to date", columns, [], empty="Not known for this day.")
    spans = {"This month": month.now, "Last month": month.last_month, "Last year": month.last_year}
    known = {label: span for label, span in spans.items() if span.net_sales is not None}
    missing = [label.lower() for label in spans if label not in known]
    remarks = [text.span(month.now.first, month.now.last)]
    remarks[0] += "; the others to the same day." if len(known) > 1 else "."
    if month.unfinished:
        some = "1 day is" if month.unfinished == 1 else f"{text.count(month.unfinished)} days are"
        remarks.append(f"{some} not loaded or incomplete.")
    if closed := _without_sales(known):
        remarks.append(f"Days without sales: {closed}.")
    if missing:
        remarks.append(f"{text.listed(missing).capitalize()}: not every day is loaded and complete.")
    return table(
        "month",
        "Month to date",
        columns,
        [_span(label, span, month.now, figures.currency) for label, span in known.items()],
        empty="",
        note=f"net sales in {figures.currency}",
        remarks=remarks,
    )


def verdict_line(figures: Figures) -> dict[str, Any] | None:
    """Return the forecast of the whole day for page one and the mail; None without a forecast.

    `verdict`; `words`; `changed`, the change against the forecast; `tone`: 1 above the interval, -1 below,
    else 0."""
    expectation, currency, caveat = figures.expectation, figures.currency, figures.caveat
    total = expectation.total if expectation else None
    if expectation is None or total is None:
        return None
    actual, forecast, low, high = (
        text.amount(value, currency)
        for value in (total.actual, total.forecast, total.lower_80, total.upper_80)
    )
    words = (
        f"forecast of gross sales {forecast}{_without(expectation)}, 80 % interval {low} \N{EN DASH} {high}; "
    )
    if total.verdict is None:
        words += f"{actual} so far, and no verdict while {caveat}"
        return {"verdict": "No verdict", "words": words, "tone": 0, "changed": caveat}
    change = text.change(total.actual, total.forecast)
    words += f"this day {actual}" + (f" ({change})" if change != text.NOTHING else "")
    changed = "" if change == text.NOTHING else f"{change} vs forecast"
    verdict = verdict_words(total)
    return {
        "verdict": verdict[:1].upper() + verdict[1:],
        "words": words,
        "tone": _tone(total),
        "changed": changed,
    }


def expected(figures: Figures) -> Section:
    """Return the day's gross sales with the forecast of all sales."""
    total = figures.expectation.total if figures.expectation else None
    rows = []
    if total:
        actual, forecast = (text.amount(value, figures.currency) for value in (total.actual, total.forecast))
        intervals = zip(("80 % interval", "95 % interval"), _intervals(total, figures.currency), strict=True)
        rows = [["This day", actual], ["Forecast", forecast], *map(list, intervals)]
    return table(
        "expected",
        "Forecast",
        [name(""), number("Gross sales")],
        rows,
        empty="No forecast covers this day.",
        note=f"gross sales in {figures.currency}",
        chart=chart_files.EXPECTED,
    )


def series(figures: Figures) -> Section:
    """Return the forecast and the actual sales of every series."""
    expectation, currency = figures.expectation, figures.currency
    intervals = ("80 % interval", "95 % interval")
    columns = [name("Series"), *map(number, ("Forecast", *intervals, "This day")), word("Verdict")]
    if expectation is None:
        empty = f"No forecast covers {figures.business_date}."
        return table("forecast", "Forecast and actual", columns, [], empty=empty)
    every = [each for each in expectation.series if each.upper_95 or each.actual]
    more = len(every) - MOST_SERIES
    without = text.listed(map(_label, expectation.unforecast), MOST_NAMED)
    caveat = figures.caveat
    return table(
        "forecast",
        "Forecast and actual",
        columns,
        [
            [
                _label(each.series),
                text.amount(each.forecast, currency),
                *_intervals(each, currency),
                text.amount(each.actual, currency),
                verdict_words(each) or text.NOTHING,
            ]
            for each in every[:MOST_SERIES]
        ],
        empty="No sales were forecast, and there were none.",
        note=f"gross sales in {currency}; data until {text.instant(expectation.made_at)}, "
        f"model {text.clean(expectation.model)}{_without(expectation)}",
        remarks=[
            *([f"{caveat[:1].upper()}{caveat[1:]}, so there is no verdict."] if caveat else []),
            *([f"{text.count(more)} more series are in figures.csv."] if more > 0 else []),
            *([f"Without a forecast: {without}."] if without else []),
        ],
    )


def outlook(figures: Figures) -> Section:
    """Return the forecast of the coming days."""
    outlook, currency = figures.outlook, figures.currency
    days = outlook.days if outlook else []
    rows = [
        [
            text.short_day(each.day),
            text.amount(each.forecast, currency),
            f"{text.amount(each.lower_80, currency)} \N{EN DASH} {text.amount(each.upper_80, currency)}",
        ]
        for each in days
    ]
    if len(days) > 1:
        total = sum((each.forecast for each in days), Decimal(0))
        rows.append([f"All {len(days)} days", text.amount(total, currency), ""])
    note = ""
    if outlook:
        data = f"data until {text.instant(outlook.made_at)}, model {text.clean(outlook.model)}"
        note = f"gross sales in {currency}; {data}"
    return table(
        "outlook",
        "The coming week",
        [name("Day"), number("Forecast"), quiet("80 % interval")],
        rows,
        empty="No forecast covers the next day.",
        note=note,
        chart=chart_files.OUTLOOK,
    )


def verdict_words(each: Expected) -> str:
    """Return, for example, `within the 80 % interval` or `outside 95 % (lower)`; empty without a
    verdict."""
    if each.verdict in (None, "as expected"):
        return "within the 80 % interval" if each.verdict else ""
    outside = "95 %" if each.verdict == "very unusual" else "80 %"
    return f"outside {outside} ({'higher' if _tone(each) > 0 else 'lower'})"


def _tone(each: Expected) -> int:
    return (each.actual > each.upper_80) - (each.actual < each.lower_80)


def _intervals(each: Expected, currency: str) -> tuple[str, str]:
    low, high, lowest, highest = (text.amount(getattr(each, bound), currency) for bound in BOUNDS)
    return f"{low} \N{EN DASH} {high}", f"{lowest} \N{EN DASH} {highest}"


def _label(series: str) -> str:
    kind, _, label = series.partition(":")
    if kind == TOTAL:
        return "All sales"
    return f"Channel {text.source_name(label)}" if kind == CHANNEL else f"Category {text.clean(label)}"


def _without(expectation: Expectation) -> str:
    return f", without {text.listed(map(text.clean, expectation.without))}" if expectation.without else ""


def _without_sales(spans: Mapping[str, Span]) -> str:
    days = {label.lower(): span.days_without_sales for label, span in spans.items()}
    return (
        ", ".join(f"{label} {text.count(count)}" for label, count in days.items())
        if any(days.values())
        else ""
    )


def _span(label: str, span: Span, now: Span, currency: str) -> list[str]:
    change = "" if span is now else text.change(now.net_sales, span.net_sales)
    return [label, text.amount(span.net_sales, currency), change, text.count(span.orders)]
