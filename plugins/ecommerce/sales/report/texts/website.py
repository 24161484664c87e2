"""The website: sessions by the step of the funnel that they reached, by device, products that were viewed
but not purchased, and orders matched to web events. Sessions of bots are left out."""

from itertools import pairwise

from ecommerce.core import text
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Bar, Chart
from ecommerce.reporting.sections import (
    Section,
    TableColumn,
    column_table,
    counts,
    name,
    named,
    number,
    table,
)
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.website import Step, Website
from ecommerce.sales.report.texts.headline import base_name
from ecommerce.sales.report.texts.products import product_name

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
    return [
        _funnel(figures, site),
        _devices(site),
        _viewed(site) | {"annex": True},
        _tracked(site) | {"annex": True},
    ]


def _funnel(figures: Figures, site: Website) -> Section:
    first = site.steps[0].sessions
    previous = {site.steps[0].step: first}
    for before, step in pairwise(site.steps):
        previous[step.step] = before.sessions
    return column_table(
        "funnel",
        "Funnel",
        site.steps,
        named("Step", "step", STEPS.__getitem__),
        counts("Sessions", "sessions"),
        (number("Of all sessions"), lambda row: text.share(row.sessions, first)),
        (
            number("Of previous step"),
            lambda row: text.share(row.sessions, previous[row.step]),
        ),
        counts(base_name(figures, "day_before"), "day_before"),
        _changes("day_before"),
        counts(base_name(figures, "week_before"), "week_before"),
        _changes("week_before"),
        empty="No sessions.",
        note=f"sessions that reached each step; bot sessions excluded: {text.count(site.bot_sessions)}",
        chart=_chart(site.steps),
    )


def _chart(steps: list[Step]) -> Chart:
    rows = []
    for step in steps:
        sessions = text.count(step.sessions)
        share = text.share(step.sessions, steps[0].sessions)
        rows.append(Bar(STEPS[step.step], step.sessions, sessions, share))
    return charts.bars(CHART, "Sessions by the step that they reached", rows)


def _devices(site: Website) -> Section:
    return column_table(
        "devices",
        "By device",
        site.devices,
        (name("Device"), lambda row: terms.label(text.clean(row.device))),
        counts("Sessions", "sessions"),
        counts("Purchases", "purchases"),
        _shares("Conversion", "purchases", "sessions"),
        empty="No sessions.",
    )


def _viewed(site: Website) -> Section:
    return column_table(
        "viewed",
        "Viewed but not purchased",
        site.viewed,
        (name("Product"), product_name),
        counts("Visitors", "visitors"),
        empty="None.",
        note="products viewed on this day that no order of the day contains",
    )


def _tracked(site: Website) -> Section:
    return column_table(
        "tracked",
        "Orders matched to web events",
        site.tracked,
        named("Source", "source", text.source_name),
        counts("Orders", "orders"),
        counts("Matched", "seen"),
        _shares("Share", "seen", "orders"),
        (number("28 days"), lambda row: text.share(row.usual)),
        empty="No source sells on the website.",
        note="28 days: share in the 28 days before",
    )


def _shares(heading: str, part: str, whole: str) -> TableColumn:
    return number(heading), lambda row: text.share(
        getattr(row, part), getattr(row, whole)
    )


def _changes(base: str) -> TableColumn:
    return number("Change"), lambda row: text.change(row.sessions, getattr(row, base))
