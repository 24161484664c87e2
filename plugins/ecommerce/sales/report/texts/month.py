"""The month so far: next to earlier months, and against the month's targets."""

from ecommerce.core import text
from ecommerce.core.templates import render_lines
from ecommerce.reporting.sections import Section, name, number, table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.month import Month, Target


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
    spans = (month.now, month.last_month, month.last_year)
    known = [span for span in spans if span.net_sales is not None]
    for span in known:
        change = "" if span is month.now else text.change(now, span.net_sales)
        net_sales = text.amount(span.net_sales, currency)
        title = f"{text.short_month(span.first)} {span.first.year}"
        rows.append([title, net_sales, change, text.count(span.orders)])
    target = shop_target(figures)
    if target:
        to_date = text.amount(target.target_to_date, currency)
        change = text.change(now, target.target_to_date)
        rows.append(["Target to date", to_date, change, ""])
        rows.append(["Landing", text.amount(target.landing, currency), "", ""])
    facts = {"month": month, "known": known, "target": target, "currency": currency}
    return [
        table(
            "month",
            "Month to date",
            [name(""), number("Net sales"), number("This month vs"), number("Orders")],
            rows,
            empty="",
            note=f"net sales in {currency}",
            remarks=render_lines("remarks/month.txt", facts),
        )
    ]


def shop_target(figures: Month) -> Target | None:
    """Return the target of the whole shop; None without one."""
    for target in figures.targets:
        if target.channel == "total":
            return target
    return None
