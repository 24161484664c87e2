"""The pages of the report as finished texts, the only input of the PDF's and the web page's templates."""

from datetime import timedelta
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section
from ecommerce.sales.report import chart_files
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.view import forecast_tables, notices, quality_tables, sales_tables
from ecommerce.sales.report.view.findings import sentences
from ecommerce.sales.report.view.headline import (
    TILES,
    figures_table,
    footnotes,
    summary,
    tiles,
    without_sales,
)

_AVERAGE = "Average order value: gross sales less discounts, divided by orders."
_DEFINED = "All definitions: docs/DEFINITIONS.md."


def page_texts(figures: Figures) -> dict[str, Any]:
    """Return everything that a page shows, for any template.

    The top of the report (`title`, `day`, `long_day`, `scope`, `footer`, `notices`, `findings`, `tiles`,
    `small_tiles`, `expected`, `footnote`); `changed`, the change of net sales in half a line, and
    `changed_since`, the day it is since, or nothing; `sections` in reading order (see `reporting.sections`);
    `annex`: its `title`, a `note` and the id of its first section; `charts`, the alternative texts of the
    drawn charts by file name; and `pictures`, files of product pictures by SKU, which the caller may fill.
    """
    day, zone, every = figures.business_date, figures.provenance.timezone, tiles(figures)
    hours = (figures.provenance.window_end - figures.provenance.window_start) / timedelta(hours=1)
    clocks = "" if hours == 24 else f" ({hours:g} hours)"  # on a day on which the clocks change
    return {
        "title": f"Daily sales report {day}",
        "day": day.isoformat(),
        "long_day": text.long_day(day),
        "footer": f"Daily sales report · business day {day} ({zone})",
        "scope": [f"Amounts in {figures.currency}", f"Midnight to midnight{clocks}, {zone}"],
        "notices": notices.notices(figures),
        "findings": sentences(figures),
        "tiles": every[:TILES],
        "small_tiles": every[TILES:],
        "expected": forecast_tables.verdict_line(figures),
        "footnote": " ".join([*(footnotes(figures) or [_AVERAGE]), *without_sales(figures), _DEFINED]),
        "changed": sales_tables.change_words(figures),
        "changed_since": text.short_day(figures.changes.base) if figures.changes else "",
        "sections": _sections(figures),
        "annex": {"title": "Annex", "note": "details and data quality", "first": "figures"},
        "charts": chart_files.alternatives(figures),
        "pictures": {},
    }


def _sections(figures: Figures) -> list[Section]:
    breakdowns, website = sales_tables.breakdowns(figures), sales_tables.website(figures)
    customers = ("customers", "new_customers", "returning_customers", "repeat_share")
    rates = ("discounts", "discount_rate", "returns", "return_rate")
    repeat = "repeat share: returning ÷ all customers"
    return [
        sales_tables.trend(figures),
        forecast_tables.expected(figures),
        forecast_tables.month(figures),
        *breakdowns[:3],
        sales_tables.products(figures),
        *sales_tables.contributions(figures),
        summary(figures, "customers", "Customers", customers, note=repeat),
        summary(figures, "rates", "Discounts and returns", rates, note="rates in % of gross sales"),
        sales_tables.return_reasons(figures),
        *website[:2],
        forecast_tables.outlook(figures),
        # The annex
        figures_table(figures),
        forecast_tables.series(figures),
        *breakdowns[3:],
        *website[2:],
        *quality_tables.sections(figures),
    ]
