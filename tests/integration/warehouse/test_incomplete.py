"""Days that are incomplete although every source was read: a source is empty, or a partner is late."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from ecommerce.pages.views import quality as pages
from ecommerce.sales.days.state import load_day_states
from ecommerce.sources import live_sources
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
    delivered_file,
)
from tests.source_names import PARTNER_FILES, SALES_DB, STOREFRONT

NOON = at("2026-03-02 17:00")
ONE_DAY = timedelta(days=1)
TUESDAY = MONDAY + ONE_DAY
WEDNESDAY = TUESDAY + ONE_DAY
WEEK = timedelta(weeks=1)
ONE = Folder([Order("1", NOON)])


def sold(channel, age, number, source=STOREFRONT, day=MONDAY):
    """So many orders of a channel so many days before a day."""
    when = at(f"{day} 17:00") - timedelta(days=age)
    orders = []
    for each in range(number):
        order_id = f"{channel} {age}-{each}"
        orders.append(
            Order(
                order_id,
                when,
                source=source,
                channel=channel,
            )
        )
    return orders


def sold_before(channel, numbers, source=STOREFRONT, day=MONDAY):
    """Orders of a channel, whose numbers are given by age in days."""
    orders = []
    for age, number in numbers.items():
        orders += sold(
            channel,
            age,
            number,
            source,
            day,
        )
    return orders


def warned(shop, run_id="run"):
    found = shop.failing(run_id=run_id)
    return [str(each) for each in found if each.severity == "warn"]


def summaries(shop):
    """Whether each stored day is complete, and its empty sources."""
    rows = shop.tuples(
        "daily_summary",
        "business_date",
        "complete",
        "empty_sources",
    )
    return {day: (complete, empty) for day, complete, empty in rows}


def mondays_before():
    numbers = {
        7: 25,
        14: 20,
        21: 31,
        28: 22,
    }
    return Folder(sold_before(STOREFRONT, numbers), source=STOREFRONT)


def load_later(shop, day, *folders, **options):
    """Load a later day, read after its end, with nothing from the other sources."""
    read_at = f"{day + ONE_DAY} 17:00"
    dated = [replace(folder, read_at=read_at) for folder in folders]
    shop.load_all(
        *dated,
        read_at=read_at,
        day=day,
        run_id=f"of {day}",
        **options,
    )


def test_a_source_without_an_order_where_there_always_are_many_is_unusually_empty(shop):
    shop.load_all(mondays_before(), ONE)

    assert summaries(shop)[MONDAY] == (False, [STOREFRONT])
    quality = shop.quality()
    assert not quality.complete
    assert quality.empty_sources == [STOREFRONT]
    assert warned(shop) == [
        "1 source has no orders on the day and usually has 10 or more: orders are missing, unless the shop "
        "was closed (for example storefront has no orders on 2026-03-02 and had 25 on average on comparable "
        "days)"
    ]

    # What a later report compares with, and what the pages say, is not complete either.
    next_week = MONDAY + WEEK
    load_later(
        shop,
        next_week,
        Folder([Order("2", NOON + WEEK)]),
    )
    later = shop.report(next_week)
    assert later.quality.complete, "one of the last four Mondays had no order"
    assert later.headline["orders"].week_before is None
    assert later.averaged_days == 0
    assert later.changes is None
    assert not later.trend[-8].complete
    [empty] = load_day_states(shop.warehouse, MONDAY, MONDAY)
    assert empty.complete is False
    assert empty.missing_sources == []
    assert empty.empty_sources == [STOREFRONT]

    # Late orders complete it.
    late = Folder(sold(STOREFRONT, 0, 3), source=STOREFRONT)
    load_later(shop, next_week + ONE_DAY, late)
    assert summaries(shop)[MONDAY] == (True, [])


def test_a_day_is_judged_again_when_the_weeks_before_it_or_the_sources_change(shop):
    """In whichever order days are loaded, the tables are the same."""
    shop.load_all(Folder(source=STOREFRONT), ONE)
    assert summaries(shop)[MONDAY] == (True, [])
    shop.load(
        mondays_before(),
        day=MONDAY - WEEK,
        run_id="before",
    )
    assert summaries(shop)[MONDAY] == (False, [STOREFRONT])

    # A source that is switched off is empty on no day.
    load_later(
        shop,
        TUESDAY,
        Folder([Order("2", NOON + ONE_DAY)]),
    )
    assert summaries(shop)[MONDAY] == (False, [STOREFRONT])
    load_later(shop, WEDNESDAY, off_sources=[STOREFRONT])
    assert summaries(shop)[MONDAY] == (True, [])


def test_a_day_is_read_after_midnight_in_the_shop(shop):
    for minute, complete in (("04:59", False), ("05:01", True)):
        shop.load_all(read_at=f"2026-03-03 {minute}", run_id=minute)
        assert summaries(shop) == {MONDAY: (complete, [])}


@dataclass
class Channel:
    """A channel of the storefront: its numbers of orders by days ago (0 is today), and what the day is."""

    orders: dict[int, int]
    day: str


FOUR_MONDAYS = (7, 14, 21, 28)
CHANNELS = {
    "ten on average": Channel({7: 9, 14: 11}, "empty"),
    "fewer than ten on average": Channel({7: 9, 14: 8, 21: 12, 28: 10}, "fine"),
    "a weekday that was closed": Channel({7: 25, 21: 25, 28: 25}, "fine"),
    "one weekday": Channel({7: 25}, "fine"),
    "one order": Channel(dict.fromkeys(FOUR_MONDAYS, 25) | {0: 1}, "doubtful"),
    "less than a quarter": Channel(
        dict.fromkeys(FOUR_MONDAYS, 24) | {0: 5}, "doubtful"
    ),
    "a quarter": Channel(dict.fromkeys(FOUR_MONDAYS, 24) | {0: 6}, "fine"),
    "fewer than twenty on a weekday": Channel({7: 19, 14: 24, 21: 24, 0: 1}, "fine"),
    "twenty on each of two": Channel({7: 20, 14: 24, 0: 4}, "doubtful"),
    "three of the last days": Channel({1: 12, 2: 9, 3: 10}, "empty"),
    "two of the last days": Channel({1: 12, 2: 90}, "fine"),
    "few on each": Channel({1: 9, 2: 9, 3: 9, 4: 9}, "fine"),
    "the second week": Channel({1: 12, 2: 9, 3: 10, 6: 11, 7: 15, 8: 11}, "empty"),
    "a weekday in the second week": Channel({1: 12, 2: 9, 3: 10, 8: 11}, "fine"),
}


def names(sources, source=STOREFRONT):
    return {name.removeprefix(f"{source}: ") for name in sources}


HOLIDAY = date(2026, 5, 25)
"""Memorial Day."""
LAST_YEAR = date(2025, 5, 26)
LABOR_DAY = date(2025, 9, 1)
COLUMBUS_DAY = date(2025, 10, 13)
YEARS_AGO = date(2024, 5, 27)


def on_holiday(numbers, today, day):
    """A channel with these numbers on former holidays, and 28 orders a week before each and on the Mondays
    before this one."""
    orders = {0: today}
    for weeks in range(1, 5):
        orders[7 * weeks] = 28
    for holiday, number in numbers.items():
        age = (HOLIDAY - holiday).days
        orders |= {age: number, age + 7: 28}
    return Channel(orders, day)


HOLIDAY_CHANNELS = {
    "closed on each": on_holiday({LABOR_DAY: 0, COLUMBUS_DAY: 0}, 0, "fine"),
    "closed on the same": on_holiday({LAST_YEAR: 0, LABOR_DAY: 25}, 0, "fine"),
    "closed on another": on_holiday({LAST_YEAR: 25, LABOR_DAY: 0}, 0, "empty"),
    "closed on one of two": on_holiday({LABOR_DAY: 0, COLUMBUS_DAY: 25}, 0, "empty"),
    "closed too long ago": on_holiday({YEARS_AGO: 0}, 0, "empty"),
    "a first holiday": on_holiday({}, 0, "empty"),
    "an outage where little is sold": on_holiday({LABOR_DAY: 6}, 0, "empty"),
    "little is sold": on_holiday({LABOR_DAY: 6}, 1, "fine"),
    "little is sold where none was": on_holiday({LABOR_DAY: 0}, 1, "fine"),
    "a quarter was sold": on_holiday({LABOR_DAY: 7}, 1, "doubtful"),
}


@pytest.mark.parametrize("wanted", ["empty", "doubtful"])
@pytest.mark.parametrize(
    ("day", "channels"), [(MONDAY, CHANNELS), (HOLIDAY, HOLIDAY_CHANNELS)]
)
def test_how_few_orders_of_a_channel_are_too_few(shop, day, channels, wanted):
    """A day that is incomplete is not also doubtful, so the cases of each are loaded by themselves. A public
    holiday is as usual if former ones were as quiet."""
    orders = []
    expected = set()
    for name, channel in channels.items():
        if channel.day in (wanted, "fine"):
            orders += sold_before(name, channel.orders, day=day)
        if channel.day == wanted:
            expected.add(name)
    # Orders that are no sales, which make no day complete.
    cancelled, test, empty = sold(
        "less than a quarter",
        0,
        8,
        day=day,
    )[5:]
    cancelled.status = "cancelled"
    cancelled.is_sale = False
    test.is_test = True
    empty.lines = []
    if wanted == "doubtful":
        orders += [cancelled, test, empty]
    read_at = f"{day + ONE_DAY} 17:00"
    folders = [Folder(orders, STOREFRONT, read_at)]
    if wanted == "empty":
        # Of a source that was read before the day's end, nothing is known.
        early = sold_before(
            "early",
            dict.fromkeys(FOUR_MONDAYS, 25),
            SALES_DB,
            day,
        )
        folders.append(Folder(early, read_at=f"{day + ONE_DAY} 03:59"))
    shop.load_all(*folders, day=day, read_at=read_at)

    quality = shop.quality(day)
    found = {"empty": quality.empty_sources, "doubtful": quality.doubtful_sources}
    assert names(found.pop(wanted)) == expected
    assert list(found.values()) == [[]]
    assert quality.complete is (wanted == "doubtful")
    if wanted == "doubtful":
        assert warned(shop) == []
    elif day == MONDAY:
        [warning] = warned(shop)
        assert warning.startswith(f"{len(expected)} sources have no orders on the day")


def test_a_holiday_is_judged_again_when_a_former_one_is_loaded(shop):
    """In whichever order days are loaded, the tables are the same."""
    orders = sold_before(STOREFRONT, on_holiday({}, 0, "empty").orders, day=HOLIDAY)
    read_at = "2026-05-26 17:00"
    folder = Folder(orders, source=STOREFRONT, read_at=read_at)
    shop.load_all(folder, day=HOLIDAY, read_at=read_at)
    assert summaries(shop)[HOLIDAY] == (False, [STOREFRONT])

    age = (HOLIDAY - LAST_YEAR + WEEK).days
    week_before = sold(
        STOREFRONT,
        age,
        25,
        day=HOLIDAY,
    )
    former = Folder(week_before, source=STOREFRONT)
    shop.load(former, day=LAST_YEAR - WEEK, run_id="former")
    assert summaries(shop)[HOLIDAY] == (True, [])


def test_a_source_that_no_longer_returns_stored_orders_disagrees(shop):
    stored = sold(STOREFRONT, 0, 4)
    shop.load_all(Folder(stored, source=STOREFRONT), ONE)
    assert warned(shop) == []
    assert shop.quality().doubtful_sources == []

    def read_again(orders, hour, rejected=()):
        folder = Folder(orders, STOREFRONT, f"2026-03-04 {hour}:00")
        folder.rejected = rejected
        folder.totals = {"records": 0}
        shop.load(folder, run_id=f"at {hour}")
        return shop.quality().doubtful_sources

    # The newest read of the day counts, whichever run it is of; other days' orders do not.
    assert read_again(sold("later", -7, 4), hour=11) == [STOREFRONT]
    orders = shop.by("daily_summary", "business_date", "orders")
    assert orders[MONDAY] == 5, "they stay in the figures"
    assert warned(shop) == [
        "1 source no longer returns orders of the day that are in the warehouse: the figures contain these "
        "orders, and may lack others (for example storefront: 4 of 4 orders)"
    ]
    # One order alone is a warning. An order that the read rejected was returned.
    rejected = {
        "reason": "missing_value",
        "order_id": stored[1].order_id,
    }
    assert read_again(stored[2:], hour=12, rejected=[rejected]) == []
    [warning] = [text for text in warned(shop) if "no longer" in text]
    assert warning.endswith("(for example storefront: 1 of 4 orders)")
    assert read_again(stored[1:2], hour=13) == []  # 3 of 4
    read_again(stored, hour=14)
    assert not any("no longer" in text for text in warned(shop))


WEEKLY = [20, 0, 0, 0, 0, 0, 0] * 4
NO_FILE = -1
PARTNERS = {
    "bazario": [*WEEKLY, 1],
    "absent": [9, 8, 7, 5, NO_FILE],
    "absent_without_orders": [0, 0, 0, 0, NO_FILE],
    # A settlement is no file of orders.
    "acme_Settlement": [0, 0, 0, 0, NO_FILE],
    "silent": [9, 8, 7, 5, 0],
    "silent_after_fives": [5, 5, 5, 5, 0],
    "silent_after_fours": [4, 4, 4, 4, 0],
    "rare": [9, 4, 1, 5, 0],
    "present": [9, 8, 7, 5, 1],
}
"""By partner: the orders of each day up to Monday."""


def partner_days(partners, **options):
    """A read of partner files, one a day and partner."""
    orders = []
    files = []
    for partner, numbers in partners.items():
        for age, number in enumerate(reversed(numbers)):
            of_day = sold(
                partner,
                age,
                number,
                PARTNER_FILES,
            )
            orders += of_day
            if number != NO_FILE:
                name = f"{partner}_{MONDAY - timedelta(days=age)}.csv"
                order_ids = [order.order_id for order in of_day]
                files.append(delivered_file(name, order_ids=order_ids))
    return Folder(
        orders,
        PARTNER_FILES,
        files=files,
        **options,
    )


def test_a_partner_is_judged_by_its_own_files(shop):
    shop.load_all(partner_days(PARTNERS))

    quality = shop.quality()
    doubtful = names(quality.doubtful_sources, PARTNER_FILES)
    silent = {"silent", "silent_after_fives"}
    assert doubtful == {"absent", "absent_without_orders", "bazario", *silent}
    assert quality.complete is True
    assert warned(shop) == []

    more = {"alpenmarkt": [*WEEKLY, 0]}
    shop.load(partner_days(more, read_at="2026-03-04 10:00"), run_id="more")
    quality = shop.quality()
    assert quality.empty_sources == ["partner_files: alpenmarkt"]
    assert quality.doubtful_sources == []
    [warning] = warned(shop, "more")
    assert "partner_files: alpenmarkt has no orders on 2026-03-02" in warning
    # Without its file, that is the reason instead.
    file = "alpenmarkt_2026-03-02.csv"
    shop.sql(f"DELETE FROM sales.loaded_files WHERE file = '{file}'")
    late = Folder(source=PARTNER_FILES, read_at="2026-03-04 11:00")
    late.totals = {"missing_deliveries": ["alpenmarkt_2026-03-02"]}
    shop.load(late, run_id="late")
    quality = shop.quality()
    assert quality.missing_sources == ["partner_files: alpenmarkt"]
    assert quality.empty_sources == []


def not_delivered(shop):
    rows = shop.quality().warnings
    return [row["partner"] for row in rows if row["kind"] == "no_delivery"]


def test_a_partner_that_is_due_makes_the_day_incomplete_until_its_file_is_loaded(shop):
    missing = {"missing_deliveries": ["acme_2026-03-02", "bolt_2026-03-02"]}
    shop.load_all(Folder(source=PARTNER_FILES, totals=missing), ONE)

    day = shop.one("daily_summary")
    assert not day["complete"]
    assert day["missing_sources"] == ["partner_files: acme", "partner_files: bolt"]
    assert not_delivered(shop) == ["acme", "bolt"]

    orders = [
        Order(
            "A1",
            NOON,
            channel="acme",
            source=PARTNER_FILES,
        ),
        Order(
            "B1",
            NOON,
            channel="bolt",
            source=PARTNER_FILES,
        ),
    ]
    # The file of the day itself, and one of the next day that names an order of this one.
    files = [
        delivered_file("acme_2026-03-02.csv.gz", order_ids=["A1"]),
        delivered_file("bolt_2026-03-03.csv", order_ids=["B1"]),
    ]
    load_later(shop, TUESDAY, Folder(orders, PARTNER_FILES, files=files))

    missing = shop.by("daily_summary", "business_date", "missing_sources")
    assert missing[MONDAY] == ["partner_files: bolt"]
    assert partners_on_page(shop) == "no valid file from bolt"
    # The day's next report has what is stored, whatever the run of the day found.
    assert not_delivered(shop) == ["bolt"]

    # A header alone completes the day.
    header = delivered_file("bolt_2026-03-02.csv")
    load_later(
        shop,
        WEDNESDAY,
        Folder(source=PARTNER_FILES, files=[header]),
    )
    assert summaries(shop)[MONDAY] == (True, [])
    assert partners_on_page(shop).startswith("all that was read is loaded")
    assert shop.quality().complete


def partners_on_page(shop):
    """Monday's partner files on the page *Data quality*."""
    for row in pages.load_totals(shop.warehouse, MONDAY, MONDAY):
        if row["source"] == PARTNER_FILES:
            return pages.state_text(row)
    return None


def test_a_run_of_several_days_completes_each_of_them_but_those_with_a_late_partner(
    shop,
):
    orders = [
        Order("1", NOON),
        Order("2", NOON + 2 * ONE_DAY),
    ]
    rejected = [
        {"reason": "invalid_quantity", "order_id": "3"},
        {"reason": "no_id"},
    ]
    early = Folder(read_at="2026-03-04 11:00", rejected=rejected)
    shop.load_all(
        early,
        day=TUESDAY,
        run_id="early",
    )
    read_at = "2026-03-20 11:00"
    sold_again = Folder(
        orders,
        read_at=read_at,
        rejected=rejected,
    )
    late = Folder(
        source=PARTNER_FILES,
        read_at=read_at,
    )
    late.totals = {"missing_deliveries": ["acme_2026-03-03"]}
    for _ in range(2):
        shop.load_all(
            sold_again,
            late,
            read_at=read_at,
            last_day=WEDNESDAY,
        )
    # Those of the daily run are replaced, as by a run of its day.
    assert shop.tuples("rejected_rows", "business_date") == [
        (MONDAY,),
        (MONDAY,),
    ]

    days = shop.by("daily_summary", "business_date", "missing_sources")
    assert days == {
        MONDAY: [],
        TUESDAY: ["partner_files: acme"],
        WEDNESDAY: [],
    }
    assert len(warned(shop)) == 1, "more than 1 % are rejected"
    columns = ("run_id", "source", "business_date", "orders_loaded")
    audit = [row[1:] for row in shop.tuples("load_audit", *columns) if row[0] == "run"]
    assert len(audit) == 3 * len(live_sources())
    assert [row[1:] for row in audit if row[0] == SALES_DB] == [
        (MONDAY, 2),
        (TUESDAY, None),
        (WEDNESDAY, None),
    ]
    # A later run of one of the days has counts of its own.
    again = Folder([orders[1]], read_at="2026-03-21 11:00")
    shop.load(
        again,
        day=WEDNESDAY,
        run_id="again",
    )
    assert shop.failing(day=WEDNESDAY, run_id="again") == []
