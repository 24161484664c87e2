"""Time: the sections on the month so far, the day against its forecast, and the coming week."""

from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ecommerce.core import text
from ecommerce.reporting.named_weeks import week_name
from ecommerce.reporting.sections import (
    Section,
    column_table,
    name,
    number,
    quiet,
    table,
    word,
)
from ecommerce.sales.report import chart_files
from ecommerce.sales.report.figures.base import CHANNEL, total
from ecommerce.sales.report.figures.forecast import (
    TOTAL,
    Expected,
    OutlookDay,
)
from ecommerce.sales.report.figures.model import Figures, Span, Target
from ecommerce.sales.report.findings import capital, left_out
from ecommerce.sales.report.view.sales_tables import money

MOST_SERIES, MOST_NAMED = 20, 7
"""Rows of the table; names of series without a forecast."""


def month(figures: Figures) -> Section:
    """Return the month so far next to the last month and the same month of last year, up to the same day."""
    month = figures.month
    if month is None:
        return table("month", "Month to date", [], [], empty="Not known for this day.")
    every = (month.now, month.last_month, month.last_year)
    known = [span for span in every if span.net_sales is not None]
    missing = [_month_name(span) for span in every if span not in known]
    remarks = [f"Days 1 to {month.now.last.day} of each month."]
    if month.unfinished:
        remarks.append(
            f"Incomplete or not loaded: {text.count(month.unfinished)} of them."
        )
    if any(span.days_without_sales for span in known):
        closed = [f"{_month_name(span)}: {span.days_without_sales}" for span in known]
        remarks.append(f"Days without sales in {', '.join(closed)}.")
    if missing:
        remarks.append(f"{text.listed(missing)}: not every day is loaded and complete.")

    rows = []
    for span in known:
        change = ""
        if span is not month.now:
            change = text.change(month.now.net_sales, span.net_sales)
        orders = text.count(span.orders)
        rows.append(_MonthRow(_month_name(span), span.net_sales, change, orders))
    if target := _shop_target(figures):
        reached = text.change(month.now.net_sales, target.target_to_date)
        rows.append(_MonthRow("Target to date", target.target_to_date, reached))
        landing = text.change(target.landing, target.target)
        rows.append(_MonthRow("Landing", target.landing, landing))
        whole = _with_currency(target.target, figures)
        remarks.append(f"The landing is compared with the month's target of {whole}.")
    return column_table(
        "month",
        "Month to date",
        rows,
        (name(""), lambda row: row.name),
        (number("Net sales"), money("net_sales", figures.currency)),
        (number("Change since"), lambda row: row.change),
        (number("Orders"), lambda row: row.orders),
        empty="",
        note=f"net sales in {figures.currency}",
        remarks=remarks,
    )


class _MonthRow(NamedTuple):
    """A row of *Month to date*: texts, and the amount in reporting currency."""

    name: str
    net_sales: Decimal | None
    change: str
    orders: str = ""


def target_sentence(figures: Figures) -> list[str]:
    """Return how far the month has reached the target of the whole shop, in one sentence. Nothing without
    one, or where more than a tenth of the month's days so far is incomplete or not loaded."""
    month = figures.month
    target = _shop_target(figures)
    if month is None or target is None:
        return []
    if month.unfinished * 10 > figures.business_date.day:
        return []
    reached = text.share(target.net_sales, target.target, places=0)
    whole = _with_currency(target.target, figures)
    behind = text.share(target.expected_share, places=0)
    landing = _with_currency(target.landing, figures)
    interval = ""
    if target.landing_lower_80 is not None and target.landing_upper_80 is not None:
        lower = _whole_amount(target.landing_lower_80)
        upper = _whole_amount(target.landing_upper_80)
        interval = f" (80 % interval {lower} to {upper})"
    return [
        f"{figures.business_date:%B} is at {reached} of its {whole} target with {behind} of the expected "
        f"sales behind it; expected landing {landing}{interval}."
    ]


def _shop_target(figures: Figures) -> Target | None:
    """Return the target of the whole shop; None without one."""
    for target in figures.targets:
        if target.channel == "total":
            return target
    return None


def _with_currency(amount: Decimal, figures: Figures) -> str:
    return f"{_whole_amount(amount)} {figures.currency}"


def _whole_amount(amount: Decimal) -> str:
    return text.count(amount.quantize(Decimal(1)))


def _month_name(span: Span) -> str:
    return f"{text.short_month(span.first)} {span.first.year}"


def verdict_line(figures: Figures) -> dict[str, Any] | None:
    """Return the forecast of the whole day for page one and the mail; None without a forecast.

    `verdict`; `words`; `changed`, the change against the forecast; `tone`: 1 above the interval, -1 below,
    else 0."""
    expectation, total = figures.expectation, figures.expected_total
    currency = figures.currency
    if expectation is None or total is None:
        return None
    actual = f"gross sales {text.with_currency(total.actual, currency)}"
    forecast = f"{text.amount(total.forecast, currency)}{left_out(expectation.without)} (80 % interval "
    forecast += f"{_interval(total, 80, currency)})"
    if total.verdict is None:
        caveat = figures.caveat
        words = f"{caveat}; {actual} so far, forecast {forecast}"
        return {"verdict": "No verdict", "words": words, "tone": 0, "changed": caveat}
    change = text.change(total.actual, total.forecast)
    stated = change != text.NOTHING
    return {
        "verdict": capital(verdict_words(total)),
        "words": f"{actual}, {f'{change} vs the ' if stated else ''}forecast of {forecast}",
        "tone": _tone(total),
        "changed": f"{change} vs forecast" if stated else "",
    }


def expected(figures: Figures) -> Section:
    """Return the day's gross sales with the forecast of all sales."""
    total, currency = figures.expected_total, figures.currency
    rows = []
    if total:
        rows = [
            ["This day", text.amount(total.actual, currency)],
            ["Forecast", text.amount(total.forecast, currency)],
            *(
                [f"{level} % interval", _interval(total, level, currency)]
                for level in (80, 95)
            ),
        ]
    return table(
        "expected",
        "Forecast",
        [name(""), number("Gross sales")],
        rows,
        empty="No forecast covers this day.",
        note=f"gross sales in {currency}",
        chart=chart_files.EXPECTED,
    )


def series(figures: Figures) -> Section:
    """Return every series with its intervals, the actual sales and the verdict."""
    expectation, currency = figures.expectation, figures.currency
    if expectation is None:
        empty = f"No forecast covers {figures.business_date}."
        return table("forecast", "Forecast and actual", [], [], empty=empty)
    every = [each for each in expectation.series if each.upper_95 or each.actual]
    remarks = []
    if figures.caveat:
        remarks.append(f"{capital(figures.caveat)}, so there is no verdict.")
    hidden = len(every) - MOST_SERIES
    if hidden > 0:
        remarks.append(f"{text.count(hidden)} more series are in figures.csv.")
    labels = [_label(each, " ") for each in expectation.unforecast]
    if labels:
        remarks.append(f"No forecast: {text.listed(labels, MOST_NAMED)}.")
    without = left_out(expectation.without)
    return column_table(
        "forecast",
        "Forecast and actual",
        every[:MOST_SERIES],
        (name("Series"), lambda each: _label(each.series)),
        (number("Forecast"), money("forecast", currency)),
        (number("80 % interval"), lambda each: _interval(each, 80, currency)),
        (number("95 % interval"), lambda each: _interval(each, 95, currency)),
        (number("This day"), money("actual", currency)),
        (word("Verdict"), lambda each: verdict_words(each) or text.NOTHING),
        empty="No sales were forecast, and there were none.",
        note=f"gross sales in {currency}; {_source(expectation, figures)}{without}",
        remarks=remarks,
    )


def outlook(figures: Figures) -> Section:
    """Return the forecast of the coming days."""
    outlook, currency = figures.outlook, figures.currency
    days = outlook.days if outlook else []
    rows = [
        [
            text.short_day(each.day),
            text.amount(each.forecast, currency),
            _interval(each, 80, currency),
        ]
        for each in days
    ]
    sums = {f"All {len(days)} days": days} if len(days) > 1 else {}
    if outlook and outlook.event and outlook.event_week:
        week = outlook.event_week
        sums[week_name(outlook.event, [each.day for each in week])] = week
    for label, parts in sums.items():
        rows.append([label, text.amount(total(parts, "forecast"), currency), ""])
    return table(
        "outlook",
        "The coming days",
        [name("Day"), number("Forecast"), quiet("80 % interval")],
        rows,
        empty="No forecast covers the coming days.",
        note=f"gross sales in {currency}; {_source(outlook, figures)}"
        if outlook
        else "",
        chart=chart_files.OUTLOOK,
    )


def verdict_words(each: Expected) -> str:
    """Return, for example, `within the 80 % interval` or `below the 95 % interval`; empty without a
    verdict."""
    if each.verdict in (None, "as expected"):
        return "within the 80 % interval" if each.verdict else ""
    outside = "95 %" if each.verdict == "very unusual" else "80 %"
    return f"{'above' if _tone(each) > 0 else 'below'} the {outside} interval"


def _tone(each: Expected) -> int:
    return (each.actual > each.upper_80) - (each.actual < each.lower_80)


def _interval(each: Expected | OutlookDay, level: int, currency: str) -> str:
    low, high = (
        text.amount(getattr(each, f"{side}_{level}"), currency)
        for side in ("lower", "upper")
    )
    return f"{low} \N{EN DASH} {high}"


def _label(series: str, colon: str = ": ") -> str:
    kind, _, label = series.partition(":")
    if kind == TOTAL:
        return "All sales"
    if kind == CHANNEL.name:
        return f"Channel{colon}{text.source_name(label)}"
    return f"Category{colon}{text.clean(label)}"


def _source(forecast: Any, figures: Figures) -> str:
    day = forecast.made_at.astimezone(ZoneInfo(figures.provenance.timezone)).date()
    return (
        f"from data before {text.short_day(day)}, model: {text.clean(forecast.model)}"
    )
