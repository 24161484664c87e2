"""The month so far: next to earlier months, and against the month's targets."""

from ecommerce.core import text
from ecommerce.core.text import whole_amount
from ecommerce.reporting.sections import Section, name, number, table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.month import Month, MonthToDate, Span, Target


def tables(figures: Figures) -> list[Section]:
    """Return the month so far next to the last month and the same month of last year, up to the same day, and
    against the target."""
    month = figures.month
    if month is None:
        return [
            table("month", "Month to date", [], [], empty="Not known for this day.")
        ]
    now = month.now.net_sales
    currency = figures.currency
    rows = []
    for span in _known_spans(month):
        change = "" if span is month.now else text.change(now, span.net_sales)
        net_sales = text.amount(span.net_sales, currency)
        rows.append([_span_name(span), net_sales, change, text.count(span.orders)])
    remarks = _remarks(month)
    target = shop_target(figures)
    if target:
        to_date = text.amount(target.target_to_date, currency)
        change = text.change(now, target.target_to_date)
        rows.append(["Target to date", to_date, change, ""])
        rows.append(["Landing", text.amount(target.landing, currency), "", ""])
        share = text.share(target.landing, target.target)
        whole = whole_amount(target.target, currency)
        remarks.append(f"Landing: {share} of the month's target of {whole}.")
    return [
        table(
            "month",
            "Month to date",
            [name(""), number("Net sales"), number("This month vs"), number("Orders")],
            rows,
            empty="",
            note=f"net sales in {currency}",
            remarks=remarks,
        )
    ]


def shop_target(figures: Month) -> Target | None:
    """Return the target of the whole shop; None without one."""
    for target in figures.targets:
        if target.channel == "total":
            return target
    return None


def _remarks(month: MonthToDate) -> list[str]:
    remarks = [f"Days 1 to {month.now.last.day} of each month."]
    if month.unfinished:
        remarks.append(f"Incomplete or not loaded: {month.unfinished} of them.")
    known = _known_spans(month)
    for span in known:
        if span.days_without_sales:
            days = text.number_of(span.days_without_sales, "day")
            remarks.append(f"{_span_name(span)}: {days} without sales.")
    for span in (month.last_month, month.last_year):
        if span not in known:
            remarks.append(f"{_span_name(span)}: not every day is loaded and complete.")
    return remarks


def _known_spans(month: MonthToDate) -> list[Span]:
    spans = (month.now, month.last_month, month.last_year)
    return [span for span in spans if span.net_sales is not None]


def _span_name(span: Span) -> str:
    return f"{text.short_month(span.first)} {span.first.year}"
