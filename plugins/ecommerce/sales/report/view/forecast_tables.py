"""What the report says of time: the month so far, the day against its forecast, and the coming week."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, quiet, table, word
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures import forecast_comparison
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.month import Span


def month(figures: Figures) -> Section:
    """The month so far beside the last one and that of last year, up to the same day."""
    found = figures.month
    columns = [name(""), number("Net sales"), number("Change"), number("Orders")]
    if found is None:
        return table("month", "Month to date", columns, [], empty="Not known for this day.")
    spans = {"This month": found.now, "Last month": found.last_month, "Last year": found.last_year}
    known = {label: span for label, span in spans.items() if span.net_sales is not None}
    missing = [label.lower() for label in spans if label not in known]
    remarks = [text.span(found.now.first, found.now.last)]
    remarks[0] += "; the others to the same day." if len(known) > 1 else "."
    if found.unfinished:
        some = "1 day is" if found.unfinished == 1 else f"{text.count(found.unfinished)} days are"
        remarks.append(f"{some} not loaded or incomplete.")
    if closed := _without_sales(known):
        remarks.append(f"Days without sales: {closed}.")
    if missing:
        remarks.append(f"{' and '.join(missing).capitalize()}: not every day is loaded and complete.")
    return table(
        "month",
        "Month to date",
        columns,
        [_span(label, span, found.now, figures.currency) for label, span in known.items()],
        empty="",
        note="net sales",
        remarks=remarks,
    )


def expected(figures: Figures) -> Section:
    """The day's gross sales beside what was forecast of all sales; the verdict is in `expectation.line`."""
    total = expectation_total(figures)
    rows = []
    if total:
        actual, forecast, low, high, lowest, highest = (
            text.amount(getattr(total, each), figures.currency)
            for each in ("actual", "forecast", *forecast_comparison.BOUNDS)
        )
        rows = [
            ["This day", actual],
            ["Forecast", forecast],
            ["80 % interval", f"{low} \N{EN DASH} {high}"],
            ["95 % interval", f"{lowest} \N{EN DASH} {highest}"],
        ]
    return table(
        "expected",
        "Forecast",
        [name(""), number("Gross sales")],
        rows,
        empty="No forecast covers this day.",
        note="of gross sales",
        chart=chart_files.EXPECTED,
    )


def expectation_total(figures: Figures) -> forecast_comparison.Expected | None:
    """The forecast of all sales of the day."""
    every = figures.expectation.series if figures.expectation else ()
    return next((each for each in every if each.series == forecast_comparison.TOTAL), None)


def series(figures: Figures) -> Section:
    """Every series that has a forecast, beside what came."""
    found = forecast_comparison.page_texts(
        figures.expectation,
        figures.business_date,
        figures.currency,
        caveat=figures.caveat,
    )
    return table(
        "forecast",
        "Forecast and actual",
        [
            name("Series"),
            *map(number, ("Forecast", "80 % interval", "95 % interval", "This day")),
            word("Verdict"),
        ],
        found["rows"],
        empty=found["nothing"] or "No sales were forecast, and there were none.",
        note=found["note"],
        remarks=found["remarks"],
    )


def outlook(figures: Figures) -> Section:
    """The forecast of the coming days."""
    found, currency = figures.outlook, figures.currency
    days = found.days if found else []
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
    if found:
        note = (
            f"gross sales in {currency}; from what was known at {text.instant(found.made_at)}, "
            f"model {text.clean(found.model)}"
        )
    return table(
        "outlook",
        "The coming week",
        [name("Day"), number("Forecast"), quiet("80 % interval")],
        rows,
        empty="No forecast covers the next day.",
        note=note,
        chart=chart_files.OUTLOOK,
    )


def _without_sales(spans: Mapping[str, Span]) -> str:
    counts = {label.lower(): span.days_without_sales for label, span in spans.items()}
    return (
        ", ".join(f"{label} {text.count(days)}" for label, days in counts.items())
        if any(counts.values())
        else ""
    )


def _span(label: str, span: Span, now: Span, currency: str) -> list[str]:
    changed = "" if span is now else text.change(now.net_sales, span.net_sales)
    return [label, text.amount(span.net_sales, currency), changed, text.count(span.orders)]
