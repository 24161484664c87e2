"""The website: the funnel of the day, orders matched to web events, and products viewed but not purchased.
The DAG `user_events_daily` loads the tables behind it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field

from ecommerce.core import text
from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.sales.report.figures.base import Part, Query, Row

STEPS = {
    "session": "Sessions",
    "view_item": "Viewed a product",
    "add_to_cart": "Added to the cart",
    "begin_checkout": "Began the checkout",
    "purchase": "Purchased",
}
"""The steps of the funnel in their order, and their labels."""

IS_TRACKED = Decimal("0.5")
"""A source with a smaller share of matched orders in 28 days does not sell on the website."""
ALARMING_DROP, FEWEST = Decimal("0.2"), 10
"""The report warns of broken tracking when the matched share of at least so many orders drops by so much."""
MOST_VIEWED = 5


class Step(Part):
    """Sessions of people that reached one step, on this day, the day before and the week before (None: no
    data)."""

    step: str
    sessions: int
    day_before: int | None = None
    week_before: int | None = None


class Device(Part):
    """The sessions of people with one kind of device, and those of them that purchased."""

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


def website_of(query: Query, day: date, first: date) -> Website | None:
    """Return the website's figures of `day`; None where no events were loaded since `first`."""
    rows = query("funnel", first=first)
    if not rows:
        return None
    if day not in {row["business_date"] for row in rows}:
        return Website()
    today = [row for row in rows if row["business_date"] == day and row["step"]]
    one = timedelta(days=1)
    orders = query(
        "tracked_orders", first=first, before_first=first - one, day_after=day + one
    )
    return Website(
        steps=_steps(rows, day),
        bot_sessions=sum(
            row["bot_sessions"] for row in today if row["step"] == "session"
        ),
        devices=_devices(today),
        tracked=tracked(orders, day),
        viewed=[
            Viewed(**row) for row in query("viewed_not_purchased", most=MOST_VIEWED)
        ],
    )


def tracked(rows: Sequence[Row], day: date) -> list[Tracked]:
    """Return the matched orders of each source that sells on the website. `rows`: orders and seen by day and
    source, of the days that have events."""
    sources = []
    for source in sorted({row["source"] for row in rows}):
        of_source = [row for row in rows if row["source"] == source]
        today = [row for row in of_source if row["business_date"] == day]
        before = [row for row in of_source if row["business_date"] < day]
        orders, seen, share = _sums(today)
        usual = None
        if before:
            # Tracking may be broken on this day.
            _, _, share = _sums(before)
            usual = share
        if share >= IS_TRACKED:
            row = Tracked(source=source, orders=orders, seen=seen, usual=usual)
            sources.append(row)
    return sources


def warnings(website: Website | None, day: date) -> list[DataWarning]:
    """Return what is wrong with the web events of `day`."""
    if website is None:
        return []
    if not website.steps:
        return [data_warning("events_not_loaded", day=str(day))]
    return [
        data_warning(
            "tracking_broken",
            matched=each.seen,
            orders=each.orders,
            source=text.source_name(each.source),
            share=text.share(Decimal(each.seen), Decimal(each.orders)),
            usual=text.share(each.usual),
        )
        for each in website.tracked
        if each.usual is not None
        and each.orders >= FEWEST
        and Decimal(each.seen) / each.orders < each.usual - ALARMING_DROP
    ]


def _steps(rows: Iterable[Row], day: date) -> list[Step]:
    sessions: dict[tuple[date, str], int] = defaultdict(int)
    for row in rows:
        sessions[row["business_date"], "session"] += (
            0  # a day without a session has a figure, too
        )
        if row["step"]:
            sessions[row["business_date"], row["step"]] += row["sessions"]
    before, week = day - timedelta(days=1), day - timedelta(days=7)
    return [
        Step(
            step=step,
            sessions=sessions[day, step],
            day_before=sessions.get((before, step)),
            week_before=sessions.get((week, step)),
        )
        for step in STEPS
        if (day, step) in sessions
    ]


def _devices(today: Iterable[Row]) -> list[Device]:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in today:
        sums[row["device"]][row["step"]] += row["sessions"]
    devices = [
        Device(device=device, sessions=steps["session"], purchases=steps["purchase"])
        for device, steps in sums.items()
        if steps["session"]
    ]
    return sorted(devices, key=lambda each: (-each.sessions, each.device))


def _sums(rows: Sequence[Row]) -> tuple[int, int, Decimal]:
    """Return the orders, those that were seen, and their share."""
    orders = sum(row["orders"] for row in rows)
    seen = sum(row["seen"] for row in rows)
    return orders, seen, round(Decimal(seen) / (orders or 1), 4)
