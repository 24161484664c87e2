"""The website: sessions by the step of the funnel that they reached, by device, products that were viewed
but not purchased, and orders matched to web events. Sessions of bots are left out."""

from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries

MOST_VIEWED = 5


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

    steps: list[Step] = []
    bot_sessions: int = 0
    devices: list[Device] = []
    tracked: list[Tracked] = []
    viewed: list[Viewed] = []


class WebsiteOfDay(Part):
    """`website` is None where no web events were loaded in the last 28 days."""

    website: Website | None = None


def read(queries: DayQueries) -> WebsiteOfDay:
    """Return the day of the website."""
    steps = queries.rows("website_steps")
    if not steps:
        return WebsiteOfDay()
    # The events of this day were not read.
    if steps[0]["step"] is None:
        return WebsiteOfDay(website=Website())
    viewed = queries.rows("viewed_not_purchased", most=MOST_VIEWED)
    website = Website(
        steps=Step.list_of(steps),
        bot_sessions=steps[0]["bot_sessions"],
        devices=Device.list_of(queries.rows("website_devices")),
        tracked=Tracked.list_of(queries.rows("matched_orders")),
        viewed=Viewed.list_of(viewed),
    )
    return WebsiteOfDay(website=website)
