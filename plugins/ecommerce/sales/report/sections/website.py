"""The website: sessions by the step of the funnel that they reached, by device, products that were viewed
but not purchased, and orders matched to web events. Sessions of bots are left out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ecommerce.core import text
from ecommerce.reporting.charts import Bar, Chart
from ecommerce.reporting.parts import Part
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
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.report.sections.base import Cell, cells_of, ranked_bars
from ecommerce.sales.report.sections.headline import base_name
from ecommerce.sales.report.sections.products import product_name

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures

STEPS = {
    "session": "Sessions",
    "view_item": "Viewed a product",
    "add_to_cart": "Added to the cart",
    "begin_checkout": "Began the checkout",
    "purchase": "Purchased",
}
"""The labels of the steps, in their order."""
MOST_VIEWED = 5
NOT_LOADED = "No web events were loaded in the last 28 days."
DAY_NOT_LOADED = "The web events of this day are not loaded."
CHART = "funnel.svg"


class Step(Part):
    """The sessions that reached a step of the funnel, on the day, the day before and the week before; None
    where the events of that day are not loaded."""

    step: str
    sessions: int
    day_before: int | None
    week_before: int | None


class Device(Part):
    """The sessions of one kind of device, and those with a purchase."""

    device: str
    sessions: int
    purchases: int


class Tracked(Part):
    """The day's orders of one source, and how many have a purchase event (`seen`). `usual`: the share in the
    28 days before, None without events of them."""

    source: str
    orders: int
    seen: int
    usual: Decimal | None = None


class Viewed(Part):
    """A product that `visitors` viewed on this day, and none purchased."""

    sku: str
    name: str | None
    visitors: int


class Website(Part):
    """One day of the website; without `steps`, the events of this day are not loaded."""

    steps: list[Step] = Field(default_factory=list)
    bot_sessions: int = 0
    devices: list[Device] = Field(default_factory=list)
    tracked: list[Tracked] = Field(default_factory=list)
    viewed: list[Viewed] = Field(default_factory=list)


class WebsiteOfDay(Part):
    """`website` is None where no web events were loaded in the last 28 days."""

    website: Website | None = None


def read(queries: DayQueries) -> dict[str, Any]:
    """Return the fields of `WebsiteOfDay`."""
    steps = queries.rows("website_steps")
    if not steps:
        return {}
    # The events of this day were not read.
    if steps[0]["step"] is None:
        return {"website": Website()}
    viewed = queries.rows("viewed_not_purchased", most=MOST_VIEWED)
    website = Website(
        steps=[Step.of(row) for row in steps],
        bot_sessions=steps[0]["bot_sessions"],
        devices=[Device.of(row) for row in queries.rows("website_devices")],
        tracked=[Tracked.of(row) for row in queries.rows("matched_orders")],
        viewed=[Viewed.of(row) for row in viewed],
    )
    return {"website": website}


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


def cells(figures: Figures) -> Iterator[Cell]:
    """Yield the funnel for `figures.csv`."""
    steps = figures.website.steps if figures.website else []
    return cells_of("funnel", steps, "step", "sessions")


def _funnel(figures: Figures, site: Website) -> Section:
    first = site.steps[0].sessions
    previous = {}
    last = first
    for step in site.steps:
        previous[step.step] = last
        last = step.sessions
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
    def bar(step: Step) -> Bar:
        share = text.share(step.sessions, steps[0].sessions)
        sessions = text.count(step.sessions)
        return Bar(
            STEPS[step.step],
            step.sessions,
            sessions,
            share,
        )

    return ranked_bars(CHART, "Sessions by the step that they reached", steps, (), bar)


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
