"""The website's part of the report: the funnel of the day, how many orders its events have seen, and what
people looked at and did not buy. It is read from the tables that `user_events_daily` loads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from ecommerce.core import text
from ecommerce.sales.report.figures.base import Part
from ecommerce.sales.report.figures.warnings import WRONG, Remark

STEPS = {
    "session": "Sessions",
    "view_item": "Viewed a product",
    "add_to_cart": "Added to the cart",
    "begin_checkout": "Began the checkout",
    "purchase": "Purchased",
}
"""The steps of the funnel in their order, and how people call them."""

IS_TRACKED = Decimal("0.5")
"""A source whose orders the events have seen less often than this, in 28 days, is not sold on the website."""
ALARMING_DROP = Decimal("0.2")
FEWEST = 10
"""When so large a share less than usual is seen, of so many orders, the report warns that tracking broke; of
a day without any session, where the day or the week before had so many, that no event was received."""
MOST_VIEWED = 5

Row = Mapping[str, Any]
Ask = Callable[..., list[dict[str, Any]]]


class Step(Part):
    """How many sessions of people reached one step. The others are None where that day has no such figure."""

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
    """How many of the day's orders of one source have a purchase event. `usual` is the share of those of the
    28 days before, None where no events of them are there."""

    source: str
    orders: int
    seen: int
    usual: Decimal | None = None


class Viewed(Part):
    """A product that `visitors` people looked at on this day and nobody bought."""

    sku: str
    name: str | None
    visitors: int


class Website(Part):
    """One day of the website. Without `steps`, this day's events have not been read, though others' have."""

    steps: list[Step] = Field(default_factory=list)
    bot_sessions: int = 0
    devices: list[Device] = Field(default_factory=list)
    tracked: list[Tracked] = Field(default_factory=list)
    viewed: list[Viewed] = Field(default_factory=list)


def read(ask: Ask, day: date, first: date) -> Website | None:
    """The website on `day` as the warehouse stands now; None where no events were read since `first`. `ask`
    runs a query of the report by its name."""
    rows = ask("funnel", first=first)
    if not rows:
        return None
    if day not in {row["business_date"] for row in rows}:
        return Website()
    today = [row for row in rows if row["business_date"] == day and row["step"]]
    one = timedelta(days=1)
    return Website(
        steps=_steps(rows, day),
        bot_sessions=sum(row["bot_sessions"] for row in today if row["step"] == "session"),
        devices=_devices(today),
        tracked=tracked(
            ask("tracked_orders", first=first, before_first=first - one, day_after=day + one), day
        ),
        viewed=[Viewed(**row) for row in ask("viewed_not_purchased", most=MOST_VIEWED)],
    )


def tracked(rows: Sequence[Row], day: date) -> list[Tracked]:
    """What the events have seen of each source that is sold on the website. `rows`: orders and seen by day
    and source, of the days that have events."""
    found = []
    for source in sorted({row["source"] for row in rows}):
        own = [row for row in rows if row["source"] == source]
        today = [row for row in own if row["business_date"] == day]
        before = [row for row in own if row["business_date"] < day]
        # By the days before: on this day tracking may have broken altogether.
        if _share(before or today) < IS_TRACKED:
            continue
        found.append(
            Tracked(
                source=source,
                orders=sum(row["orders"] for row in today),
                seen=sum(row["seen"] for row in today),
                usual=round(_share(before), 4) if before else None,
            )
        )
    return found


def warnings(website: Website | None, day: date) -> list[Remark]:
    """What is wrong with the website's events of `day`."""
    if website is None:
        return []
    if not website.steps:
        command = f"make backfill DAG=user_events_daily FROM={day} TO={day}"
        return [
            Remark(
                found="the web events of this day have not been read",
                meaning="there is no funnel of this day",
                action=f"see the DAG user_events_daily ({command})",
                weight=WRONG,
            )
        ]
    first = website.steps[0]
    if (
        not (first.sessions or website.bot_sessions)
        and max(first.day_before or 0, first.week_before or 0) >= FEWEST
    ):
        # The events server may have answered without a line: the events are still there, and tracking works.
        return [
            Remark(
                found="no web event of this day was received",
                meaning="there is no funnel of this day",
                action=f"make backfill DAG=user_events_daily FROM={day} TO={day} AGAIN=1 reads them again; "
                "if there are none, let the people who look after the website fix the tracking",
                weight=WRONG,
            )
        ]
    return [
        Remark(
            found=f"the web events have seen only {_seen(each, each.usual)}",
            meaning="tracking broke, and the funnel shows too little",
            action="let the people who look after the website mend the tracking",
            weight=WRONG,
        )
        for each in website.tracked
        if each.usual is not None
        and each.orders >= FEWEST
        and Decimal(each.seen) / each.orders < each.usual - ALARMING_DROP
    ]


def page_texts(website: Website | None, day: date) -> dict[str, Any] | None:
    """What the report prints of it, cell by cell; None where there is nothing to print."""
    if website is None or not website.steps:
        return None
    bots = text.count(website.bot_sessions)
    before, week = (text.short_day(day - timedelta(days=days)) for days in (1, 7))
    return {
        "note": f"sessions of people, by the step they reached; {bots} sessions of bots are not in it",
        "columns": ["Of all", "Of the step before", before, "Change", week, "Change"],
        "steps": _step_rows(website.steps),
        "devices": [
            [
                text.clean(each.device),
                text.count(each.sessions),
                text.count(each.purchases),
                text.share(Decimal(each.purchases), Decimal(each.sessions)),
            ]
            for each in website.devices
        ],
        "tracked": [
            [
                text.source_name(each.source),
                text.count(each.orders),
                text.count(each.seen),
                _percent(each),
                text.NOTHING if each.usual is None else text.share(each.usual, Decimal(1)),
            ]
            for each in website.tracked
        ],
        "viewed": [[text.clean(each.name or each.sku), text.count(each.visitors)] for each in website.viewed],
    }


def _steps(rows: Sequence[Row], day: date) -> list[Step]:
    sessions: dict[tuple[date, str], int] = {}
    for row in rows:
        # Where people had no session on a day, that is a figure, too.
        for step in {row["step"] or "session", "session"}:
            sessions.setdefault((row["business_date"], step), 0)
        if row["step"]:
            sessions[row["business_date"], row["step"]] += row["sessions"]
    return [
        Step(
            step=step,
            sessions=sessions[day, step],
            day_before=sessions.get((day - timedelta(days=1), step)),
            week_before=sessions.get((day - timedelta(days=7), step)),
        )
        for step in STEPS
        if (day, step) in sessions
    ]


def _devices(today: Sequence[Row]) -> list[Device]:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in today:
        sums[row["device"]][row["step"]] += row["sessions"]
    found = [
        Device(device=device, sessions=steps["session"], purchases=steps["purchase"])
        for device, steps in sums.items()
        if steps["session"]
    ]
    return sorted(found, key=lambda each: (-each.sessions, each.device))


def _step_rows(steps: Sequence[Step]) -> list[list[str]]:
    rows = []
    before = steps[0]
    for each in steps:
        bases = [None if base is None else Decimal(base) for base in (each.day_before, each.week_before)]
        rows.append(
            [
                STEPS[each.step],
                text.count(each.sessions),
                *(text.share(Decimal(each.sessions), Decimal(of.sessions)) for of in (steps[0], before)),
                *(
                    cell
                    for base in bases
                    for cell in (text.count(base), text.change(Decimal(each.sessions), base))
                ),
            ]
        )
        before = each
    return rows


def _share(rows: Iterable[Row]) -> Decimal:
    orders, seen = (sum(row[name] for row in rows) for name in ("orders", "seen"))
    return Decimal(seen) / orders if orders else Decimal(0)


def _seen(each: Tracked, usual: Decimal) -> str:
    orders = f"{text.count(each.seen)} of {text.count(each.orders)} orders of {text.source_name(each.source)}"
    return f"{orders} ({_percent(each)}, usually {text.share(usual, Decimal(1))})"


def _percent(each: Tracked) -> str:
    return text.share(Decimal(each.seen), Decimal(each.orders))
