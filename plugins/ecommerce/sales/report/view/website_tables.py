"""What the report says of the website: the funnel, and what stands beside it."""

from __future__ import annotations

from ecommerce.reporting.sections import Section, name, number, table
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.model import Figures


def sections(figures: Figures) -> list[Section]:
    """The funnel; with it devices, products that nobody bought, and orders that the events have seen."""
    found = website.page_texts(figures.website, figures.business_date)
    if found is None:
        empty = (
            "No web events were loaded in the last 28 days."
            if figures.website is None
            else "The web events of this day have not been read."
        )
        return [table("funnel", "Funnel", [], [], empty=empty)]
    return [
        table(
            "funnel",
            "Funnel",
            [name("Step"), *map(number, ("Sessions", *found["columns"]))],
            found["steps"],
            empty="Nobody visited.",
            note=found["note"],
            chart=chart_files.FUNNEL,
        ),
        table(
            "devices",
            "By device",
            [name("Device"), *map(number, ("Sessions", "Purchases", "Conversion"))],
            found["devices"],
            empty="Nobody visited.",
        ),
        table(
            "viewed",
            "Viewed but not purchased",
            [name("Product"), number("Visitors")],
            found["viewed"],
            empty="None.",
        ),
        table(
            "tracked",
            "Orders matched to web events",
            [name("Source"), *map(number, ("Orders", "Matched", "Share", "Usually"))],
            found["tracked"],
            empty="No source is sold on the website.",
        ),
    ]
