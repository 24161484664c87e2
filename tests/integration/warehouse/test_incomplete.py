"""Days that are incomplete although every source was read: a source is empty, or a partner is late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ecommerce.pages.views import quality as pages
from ecommerce.pages.views.quality import state
from ecommerce.sales.day_state import load_day_states
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.queries import read_figures
from ecommerce.sales.report.view.mail import subject
from ecommerce.sales.report.view.notices import alarms, notices
from ecommerce.sources import PARTNER_FILES, SALES_DB, SOURCES, STOREFRONT
from ecommerce.warehouse.checks import run_checks
from tests.integration.warehouse.conftest import MONDAY, ORIGIN
from tests.integration.warehouse.loadable import Folder, Order, at

NOON = at("2026-03-02 17:00")
TUESDAY = MONDAY + timedelta(days=1)
WEEK = timedelta(weeks=1)
LATER = at("2026-03-04 10:00")


def orders(weeks_ago, number):
    """So many orders of the storefront on the Monday so many weeks ago."""
    when = NOON - timedelta(weeks=weeks_ago)
    return [
        Order(f"{weeks_ago}-{each}", when, source=STOREFRONT) for each in range(number)
    ]


def load_all(shop, *folders, **options):
    """Load them, and nothing from the other sources."""
    given = {folder.source for folder in folders}
    shop.load(
        *folders,
        *(Folder(source=each) for each in SOURCES if each not in given),
        **options,
    )


def report(shop, **options):
    return read_figures(shop.warehouse, MONDAY, ORIGIN, **options)


def control_totals(shop):
    """What the page *Data quality* asks of the partners' files of Monday."""
    totals = pages.load_facts(shop.warehouse, MONDAY).totals
    return next(row for row in totals if row["source"] == PARTNER_FILES)


def warned(shop, run_id="run"):
    found = run_checks(
        [MONDAY],
        spec=ORDERS,
        business_date=MONDAY,
        run_id=run_id,
        warehouse=shop.warehouse,
    )
    return [
        str(each) for each in found if each.failing_rows and each.severity == "warn"
    ]


def test_a_source_without_an_order_where_there_always_are_many_is_unusually_empty(
    shop,
):
    before = [
        order
        for weeks, number in ((1, 25), (2, 20), (3, 31), (4, 22))
        for order in orders(weeks, number)
    ]
    load_all(shop, Folder(before, source=STOREFRONT), Folder([Order("1", NOON)]))

    found = report(shop)
    assert shop.by("daily_summary", "business_date", "complete")[MONDAY], (
        "every source was read"
    )
    assert not found.quality.complete
    assert found.quality.empty_sources == [STOREFRONT]
    (notice,) = [each for each in notices(found) if each["title"] == "INCOMPLETE"]
    assert notice["words"].startswith("Storefront has no orders.")
    assert alarms(found) == [
        "Storefront has no orders, and usually has 10 or more on such a day",
    ]
    assert warned(shop) == [
        "1 source has no orders on the day and usually has 10 or more: orders are missing, unless the shop "
        "was closed (for example storefront has no orders on 2026-03-02 and had 25 on average on comparable "
        "days)"
    ]
    without = report(shop, required=[SALES_DB])
    assert without.quality.complete
    assert alarms(without) == []

    # What a later report compares with, and what the pages say, is not complete either.
    next_week, order = MONDAY + WEEK, Order("2", NOON + WEEK)
    read_at = NOON + WEEK + timedelta(days=1)
    sold = Folder([order], read_at=read_at)
    others = [each for each in SOURCES if each != SALES_DB]
    nothing = [Folder(source=each, read_at=read_at) for each in others]
    shop.load(sold, *nothing, day=next_week, run_id="later")
    for required, is_base in ((SOURCES, False), ([SALES_DB], True)):
        later = read_figures(shop.warehouse, next_week, ORIGIN, required=required)
        assert later.quality.complete, (
            "of the last four Mondays one had no order of the storefront"
        )
        assert later.headline["orders"].week_before == (1 if is_base else None)
        assert later.averaged_days == is_base
        assert bool(later.changes) == is_base
        assert later.trend[-8].complete == is_base
    (empty,) = load_day_states(shop.warehouse, MONDAY, MONDAY)
    assert (empty.complete, empty.missing_sources, empty.empty_sources) == (
        False,
        [],
        [STOREFRONT],
    )
    (known,) = load_day_states(shop.warehouse, MONDAY, MONDAY, required=[SALES_DB])
    assert (known.complete, known.empty_sources) == (True, [])


WEEKS = (7, 14, 21, 28)
EMPTY, DOUBTFUL, FINE = "empty", "doubtful", ""
CASES: dict[str, tuple[dict[int, int], int, str]] = {
    "ten on average": ({7: 9, 14: 11}, 0, EMPTY),
    "fewer than ten on average": (
        dict(zip(WEEKS, (9, 8, 12, 10), strict=True)),
        0,
        FINE,
    ),
    "a weekday that was closed": ({7: 25, 21: 25, 28: 25}, 0, FINE),
    "one weekday": ({7: 25}, 0, FINE),
    "one order": (dict.fromkeys(WEEKS, 25), 1, DOUBTFUL),
    "less than a quarter": (dict.fromkeys(WEEKS, 24), 5, DOUBTFUL),
    "a quarter": (dict.fromkeys(WEEKS, 24), 6, FINE),
    "fewer than twenty on a weekday": ({7: 19, 14: 24, 21: 24}, 1, FINE),
    "twenty on each of two": ({7: 20, 14: 24}, 4, DOUBTFUL),
    "three of the last days": ({1: 12, 2: 9, 3: 10}, 0, EMPTY),
    "two of the last days": ({1: 12, 2: 90}, 0, FINE),
    "few on each": ({1: 9, 2: 9, 3: 9, 4: 9}, 0, FINE),
    "the second week": ({1: 12, 3: 9, 4: 10, 6: 11, 7: 15, 8: 11}, 0, EMPTY),
    "a weekday in the second week": ({1: 12, 2: 9, 3: 10, 8: 11}, 0, FINE),
}
"""By channel: numbers of orders so many days ago, today's sales, and what the day is."""


def of_channel(channel, age, number):
    """So many orders of a channel of the storefront so many days ago."""
    when = NOON - timedelta(days=age)
    facts = {"source": STOREFRONT, "channel": channel}
    return [Order(f"{channel} {age}-{each}", when, **facts) for each in range(number)]


def channels(names, source=STOREFRONT):
    return {name.removeprefix(f"{source}: ") for name in names}


@pytest.mark.parametrize("wanted", [EMPTY, DOUBTFUL])
def test_how_few_orders_of_a_channel_are_too_few(shop, wanted):
    """A day that is incomplete is not also doubtful, so the cases of each are loaded by themselves."""
    found = []
    expected = {channel for channel, case in CASES.items() if case[2] == wanted}
    for channel, (before, today, verdict) in CASES.items():
        if verdict not in (wanted, FINE):
            continue
        for age, number in before.items():
            found += of_channel(channel, age, number)
        found += of_channel(channel, 0, today)
    # Orders that are no sales, which make no day complete.
    quarter = of_channel("less than a quarter", 0, 24)[5:]
    cancelled = {"status": "cancelled", "is_sale": False}
    found += [
        replace(quarter[0], **cancelled),
        replace(quarter[1], is_test=True),
        replace(quarter[2], lines=[]),
    ]
    folders = [Folder(found, source=STOREFRONT)]
    if wanted == EMPTY:
        # Of a source that was read before the day's end, nothing is known.
        early = []
        for age in WEEKS:
            for order in of_channel("early", age, 25):
                early.append(replace(order, source=SALES_DB))
        folders.append(Folder(early, read_at=at("2026-03-03 04:00")))
    load_all(shop, *folders)

    quality = report(shop).quality
    if wanted == DOUBTFUL:
        assert channels(quality.doubtful_sources) == expected
        assert (quality.complete, quality.empty_sources, warned(shop)) == (True, [], [])
    else:
        assert channels(quality.empty_sources) == expected
        assert not quality.complete
        [warning] = warned(shop)
        assert warning.startswith(f"{len(expected)} sources have no orders on the day")


def test_a_source_that_no_longer_returns_stored_orders_disagrees(shop):
    stored = orders(0, 4)
    load_all(shop, Folder(stored, source=STOREFRONT), Folder([Order("1", NOON)]))
    assert (warned(shop), report(shop).quality.doubtful_sources) == ([], [])

    def read_again(*returned, hour, **options):
        folder = Folder(
            returned,
            source=STOREFRONT,
            read_at=at(f"2026-03-04 {hour}:00"),
            totals={"records": 0},
            **options,
        )
        shop.load(folder, run_id=f"at {hour}")
        return report(shop)

    # The newest read of the day counts, whichever run it is of; other days' orders do not.
    other_day = [
        replace(order, order_id=f"later {order.order_id}", ordered_at=NOON + WEEK)
        for order in stored
    ]
    found = read_again(*other_day, hour=11)
    assert found.headline["orders"].value == 5, "they stay in the figures"
    assert found.quality.doubtful_sources == [STOREFRONT]
    assert subject(found).startswith("May be incomplete: Storefront · ")
    assert warned(shop) == [
        "1 source no longer returns orders of the day that are in the warehouse: the figures contain these "
        "orders, and may lack others (for example storefront: 4 of 4 orders)"
    ]
    # One order alone is a warning. An order that the read rejected was returned.
    rejected = {"reason": "missing_value", "order_id": stored[1].order_id}
    found = read_again(*stored[2:], hour=12, rejected=[rejected])
    assert found.quality.doubtful_sources == []
    assert [
        each.rpartition("(")[2] for each in warned(shop) if "no longer" in each
    ] == ["for example storefront: 1 of 4 orders)"]
    found = read_again(*stored, hour=13)
    assert not any("no longer" in each for each in warned(shop))


def delivery(name, *order_ids):
    received = at("2026-03-04 09:00")
    return {
        "file": name,
        "sha256": name,
        "received_at": received,
        "order_ids": [*order_ids],
    }


def partner_days(day, **numbers):
    """A read of partner files with so many orders each, one a day up to `day`; no file where the number is
    negative."""
    orders, files = [], []
    for partner, counts in numbers.items():
        for back, number in enumerate(reversed(counts)):
            of_day = day - timedelta(days=back)
            ids = [f"{partner}-{of_day}-{each}" for each in range(number)]
            when = NOON - timedelta(days=(MONDAY - of_day).days)
            facts = {
                "source": PARTNER_FILES,
                "channel": partner,
                "read_at": at("2026-03-04 09:00"),
            }
            orders += [Order(order_id, when, **facts) for order_id in ids]
            files += [delivery(f"{partner}_{of_day}.csv", *ids)] if number >= 0 else []
    return Folder(orders, source=PARTNER_FILES, files=files)


def test_a_partner_is_judged_by_its_own_files(shop):
    """By the orders of each day up to the last one; -1 stands for no file."""
    weekly = [number for _ in range(4) for number in (20, *[0] * 6)]
    partners = {
        "bazario": [*weekly, 1],
        "absent": [9, 8, 7, 5, -1],
        "absent_without_orders": [0, 0, 0, 0, -1],
        "silent": [9, 8, 7, 5, 0],
        "rare": [9, 4, 1, 5, 0],
        "present": [9, 8, 7, 5, 1],
    }
    load_all(shop, partner_days(MONDAY, **partners))

    found = report(shop)
    doubtful = ["absent", "absent_without_orders", "bazario", "silent"]
    assert channels(found.quality.doubtful_sources, PARTNER_FILES) == set(doubtful)
    assert (found.quality.complete, warned(shop)) == (True, [])
    assert [each.kind for each in found.findings] == ["doubtful"]
    assert subject(found).startswith("May be incomplete: ")
    without = report(shop, required=[SALES_DB]).quality
    assert (without.complete, without.doubtful_sources) == (True, [])

    more = replace(partner_days(MONDAY, alpenmarkt=[*weekly, 0]), read_at=LATER)
    shop.load(more, run_id="more")
    found = report(shop)
    assert found.quality.empty_sources == ["partner_files: alpenmarkt"]
    assert found.quality.doubtful_sources == []
    (notice,) = [each for each in notices(found) if each["title"] == "INCOMPLETE"]
    assert notice["words"].startswith("alpenmarkt has no orders.")
    assert alarms(found) == [
        "alpenmarkt has no orders, and usually has 10 or more on such a day"
    ]
    (warning,) = warned(shop, "more")
    assert "partner_files: alpenmarkt has no orders on 2026-03-02" in warning
    # Without its file, that is the reason instead.
    shop.warehouse.run(
        "DELETE FROM `shop.loaded_files` WHERE file = 'alpenmarkt_2026-03-02.csv'",
        "no file of the day",
    )
    late = Folder(
        source=PARTNER_FILES,
        read_at=at("2026-03-04 11:00"),
        totals={"missing_deliveries": ["alpenmarkt"]},
    )
    shop.load(late, run_id="late")
    found = report(shop)
    assert found.quality.missing_sources == ["partner_files: alpenmarkt"]
    assert found.quality.empty_sources == []


def test_a_partner_that_is_due_makes_the_day_incomplete_until_its_file_is_loaded(
    shop,
):
    late = Folder(source=PARTNER_FILES, totals={"missing_deliveries": ["acme", "bolt"]})
    load_all(shop, late, Folder([Order("1", NOON)]))

    day = shop.one("daily_summary")
    assert (day["complete"], day["missing_sources"]) == (
        False,
        ["partner_files: acme", "partner_files: bolt"],
    )
    found = report(shop)
    (notice,) = [each for each in notices(found) if each["title"] == "INCOMPLETE"]
    assert notice["words"].startswith(
        "acme and bolt have delivered no valid file for Mon 2 Mar."
    )
    assert alarms(found) == [
        f"{partner} has delivered no valid file for this day"
        for partner in ("acme", "bolt")
    ]
    missing = [each for each in found.quality.warnings if each["kind"] == "no_delivery"]
    assert [each["partner"] for each in missing] == ["acme", "bolt"]

    order = Order(
        "A1", NOON, source=PARTNER_FILES, channel="acme", read_at=at("2026-03-04 09:00")
    )
    other = Order(
        "B1", NOON, source=PARTNER_FILES, channel="bolt", read_at=at("2026-03-04 09:00")
    )
    load_all(
        shop,
        Folder(
            [order, other],
            source=PARTNER_FILES,
            read_at=at("2026-03-04 11:00"),
            # The file of the day itself, and one of the next day that names an order of this one.
            files=[
                delivery("acme_2026-03-02.csv.gz", "A1"),
                delivery("bolt_2026-03-03.csv", "B1"),
            ],
        ),
        day=TUESDAY,
        run_id="next",
    )

    missing = shop.by("daily_summary", "business_date", "missing_sources")
    assert missing[MONDAY] == ["partner_files: bolt"]
    assert control_totals(shop)["missing_deliveries"] == ["bolt"]
    # The day's next report has what is stored, whatever the run of the day found.
    found = report(shop)
    assert alarms(found) == ["bolt has delivered no valid file for this day"]
    missing = [each for each in found.quality.warnings if each["kind"] == "no_delivery"]
    assert [each["partner"] for each in missing] == ["bolt"]

    # A header alone completes the day.
    header = delivery("bolt_2026-03-02.csv")
    came = Folder(source=PARTNER_FILES, read_at=at("2026-03-05 11:00"), files=[header])
    load_all(shop, came, day=TUESDAY, run_id="header")
    assert shop.by("daily_summary", "business_date", "complete")[MONDAY]
    assert state(control_totals(shop)) == "agrees"
    assert report(shop).quality.complete
