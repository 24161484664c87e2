"""The month so far: next to earlier months, and against the month's targets."""

from ecommerce.core.templates import render_lines
from ecommerce.reporting.sections import Section, rendered_table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.month import Month, Target


def tables(figures: Figures) -> list[Section]:
    """Return the month so far next to the last month and the same month of last year, up to the same day, and
    against the target."""
    month = figures.month
    spans = [month.now, month.last_month, month.last_year] if month else []
    facts = {
        "month": month,
        "known": [span for span in spans if span.net_sales is not None],
        "target": shop_target(figures),
        "currency": figures.currency,
    }
    remarks = render_lines("remarks/month.txt", facts)
    return [rendered_table("tables/month.txt", facts, remarks=remarks)]


def shop_target(figures: Month) -> Target | None:
    """Return the target of the whole shop; None without one."""
    for target in figures.targets:
        if target.channel == "total":
            return target
    return None
