"""`figures.csv`: a report's figures as one long table."""

import csv
import io
from itertools import chain

from ecommerce.core.text import inert
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.headline import RATES
from ecommerce.sales.report.texts import summary
from ecommerce.sales.report.texts.sections import SECTIONS

COLUMNS = (
    "business_date",
    "section",
    "name",
    "figure",
    "value",
    "currency",
    "complete",
)
_NOT_MONEY = {
    *RATES,
    "orders",
    "customers",
    "new_customers",
    "returning_customers",
    "units",
    "refunds",
    "sessions",
    "expected_share",
    "gross_margin",
    "cost_coverage",
}
"""Figures without a currency."""


def figures_csv(figures: Figures) -> str:
    """Return the figures as one long table with `COLUMNS`. Values are plain decimals; cells that a
    spreadsheet would take for a formula begin with an apostrophe. `complete` is `true` or `false`: of the
    trend's own day in its rows, of the business day in all others."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    trend = {str(day.business_date): day.complete for day in figures.trend}
    sections = [section.cells(figures) for section in SECTIONS]
    for name, row_name, figure, value in chain(*sections, summary.cells(figures)):
        complete = figures.quality.complete
        if name == "trend":
            complete = trend[row_name]
        row = [
            figures.business_date,
            name,
            inert(row_name),
            figure,
            value,
            _currency(figures, name, row_name, figure),
            str(complete).lower(),
        ]
        writer.writerow(row)
    return stream.getvalue()


def _currency(figures: Figures, section: str, name: str, figure: str) -> str:
    if figure in _NOT_MONEY:
        return ""
    return name if section == "unconverted" else figures.currency
