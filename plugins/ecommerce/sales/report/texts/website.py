"""The website: sessions by the step of the funnel that they reached, by device, products that were viewed
but not purchased, and orders matched to web events. Sessions of bots are left out."""

from ecommerce.core import text
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Bar, Chart
from ecommerce.reporting.sections import Section, rendered_table, table
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.website import Step
from ecommerce.sales.report.texts.headline import base_name

STEPS = {
    "session": "Sessions",
    "view_item": "Viewed a product",
    "add_to_cart": "Added to the cart",
    "begin_checkout": "Began the checkout",
    "purchase": "Purchased",
}
"""The labels of the steps, in their order."""
NOT_LOADED = "No web events were loaded in the last 28 days."
DAY_NOT_LOADED = "The web events of this day are not loaded."
CHART = "funnel.svg"


def tables(figures: Figures) -> list[Section]:
    """Return the funnel; with it devices, and for the annex products viewed but not purchased and orders
    matched to web events."""
    site = figures.website
    if site is None or not site.steps:
        empty = NOT_LOADED if site is None else DAY_NOT_LOADED
        return [table("funnel", "Funnel", [], [], empty=empty)]
    facts = {
        "site": site,
        "steps": STEPS,
        "day_before": base_name(figures, "day_before"),
        "week_before": base_name(figures, "week_before"),
        "label": terms.label,
    }
    return [
        rendered_table("tables/funnel.txt", facts, chart=_chart(site.steps)),
        rendered_table("tables/devices.txt", facts),
        rendered_table("tables/viewed.txt", facts) | {"annex": True},
        rendered_table("tables/tracked.txt", facts) | {"annex": True},
    ]


def _chart(steps: list[Step]) -> Chart:
    rows = []
    for step in steps:
        sessions = text.count(step.sessions)
        share = text.share(step.sessions, steps[0].sessions)
        rows.append(Bar(STEPS[step.step], step.sessions, sessions, share))
    return charts.bars(CHART, "Sessions by the step that they reached", rows)
