"""Days that are incomplete although every source was read: a source is empty, or a partner is late."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from ecommerce.pages.views import quality as pages
from ecommerce.pages.views.quality import state_text
from ecommerce.sales.days.state import load_day_states
from ecommerce.sales.report.texts.mail import subject
from ecommerce.sales.report.texts.page import page_texts
from ecommerce.sales.report.texts.trust import alarms
from ecommerce.sources import SOURCES
from ecommerce.warehouse.migrate import migrate
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.source_names import PARTNER_FILES, SALES_DB, STOREFRONT

NOON = at("2026-03-02 17:00")
TUESDAY = MONDAY + timedelta(days=1)
WEEK = timedelta(weeks=1)
ONE = Folder([Order("1", NOON)])
CHANNELS = yaml.safe_load(Path(__file__).with_name("incomplete.yaml").read_text())


def sold(channel, age, number, source=STOREFRONT):
    """So many orders of a channel so many days ago."""
    when = NOON - timedelta(days=age)
    orders = []
    for each in range(number):
        order_id = f"{channel} {age}-{each}"
        orders.append(Order(order_id, when, source=source, channel=channel))
    return orders


def load_all(shop, *folders, **options):
    """Load them, and nothing from the other sources."""
    given = {folder.source for folder in folders}
    nothing = [Folder(source=name) for name in SOURCES if name not in given]
    shop.load(*folders, *nothing, **options)


def badge(figures):
    trust = figures.summary.trust
    return f"{trust.label}: {trust.words}"


def warned(shop, run_id="run"):
    found = shop.failing(run_id=run_id)
    return [str(each) for each in found if each.severity == "warn"]


def summaries(shop):
    """Whether each stored day is complete, and its empty sources."""
    rows = shop.rows("daily_summary", "business_date", "complete", "empty_sources")
    return {
        row["business_date"]: (row["complete"], row["empty_sources"]) for row in rows
    }


def mondays_before():
    orders = []
    for age, number in ((7, 25), (14, 20), (21, 31), (28, 22)):
        orders += sold(STOREFRONT, age, number)
    return orders


def read_again(shop, day, *folders, **options):
    """Load a later day, read after its end, with nothing from the other sources."""
    read_at = at(f"{day} 17:00") + timedelta(days=1)
    given = {folder.source for folder in folders}
    off = options.get("off_sources", ())
    others = [name for name in SOURCES if name not in given and name not in off]
    nothing = [Folder(source=name, read_at=read_at) for name in others]
    dated = [replace(folder, read_at=read_at) for folder in folders]
    shop.load(*dated, *nothing, day=day, run_id=f"of {day}", **options)


def test_a_source_without_an_order_where_there_always_are_many_is_unusually_empty(shop):
    load_all(shop, Folder(mondays_before(), source=STOREFRONT), ONE)

    assert summaries(shop)[MONDAY] == (False, [STOREFRONT])
    found = shop.report()
    assert not found.quality.complete
    assert found.quality.empty_sources == [STOREFRONT]
    assert badge(found) == "Incomplete: Storefront has no orders"
    assert alarms(found) == [
        "Storefront has no orders, and usually has 10 or more on such a day",
    ]
    assert warned(shop) == [
        "1 source has no orders on the day and usually has 10 or more: orders are missing, unless the shop "
        "was closed (for example storefront has no orders on 2026-03-02 and had 25 on average on comparable "
        "days)"
    ]

    # What a later report compares with, and what the pages say, is not complete either.
    next_week = MONDAY + WEEK
    read_again(shop, next_week, Folder([Order("2", NOON + WEEK)]))
    later = shop.report(next_week)
    assert later.quality.complete, "one of the last four Mondays had no order"
    assert later.headline["orders"].week_before is None
    assert (later.averaged_days, later.changes) == (0, None)
    assert not later.trend[-8].complete
    [empty] = load_day_states(shop.warehouse, MONDAY, MONDAY)
    assert (empty.complete, empty.missing_sources) == (False, [])
    assert empty.empty_sources == [STOREFRONT]

    # Late orders complete it.
    late = Folder(sold(STOREFRONT, 0, 3), source=STOREFRONT)
    read_again(shop, next_week + timedelta(days=1), late)
    assert summaries(shop)[MONDAY] == (True, [])


def test_a_source_that_is_switched_off_is_empty_on_no_day(shop):
    load_all(shop, Folder(mondays_before(), source=STOREFRONT), ONE)
    read_again(shop, TUESDAY, Folder([Order("2", NOON + timedelta(days=1))]))
    assert summaries(shop)[MONDAY] == (False, [STOREFRONT])

    off = {"off_sources": [STOREFRONT]}
    read_again(shop, TUESDAY + timedelta(days=1), **off)
    assert summaries(shop)[MONDAY] == (True, [])


def test_a_day_is_judged_again_when_the_weeks_before_it_change(shop):
    """In whichever order days are loaded, the tables are the same."""
    load_all(shop, Folder(source=STOREFRONT), ONE)
    assert summaries(shop)[MONDAY] == (True, [])
    before = Folder(mondays_before(), source=STOREFRONT)
    shop.load(before, day=MONDAY - WEEK, run_id="before")
    assert summaries(shop)[MONDAY] == (False, [STOREFRONT])


def test_days_of_an_earlier_version_are_judged_by_the_migration(shop):
    load_all(shop, Folder(mondays_before(), source=STOREFRONT), ONE)
    judged = shop.rows("daily_summary")
    dataset = shop.warehouse.settings.bigquery_dataset
    shop.warehouse.run(
        f"UPDATE `{dataset}.daily_summary` SET empty_sources = NULL, complete = TRUE "
        f"WHERE business_date = '{MONDAY}'",
        "as before",
    )
    assert shop.rows("daily_summary") != judged
    migrate(shop.warehouse)
    assert shop.rows("daily_summary") == judged


@pytest.mark.parametrize(("minute", "complete"), [("04:59", False), ("05:01", True)])
def test_a_day_is_read_after_midnight_in_the_shop(shop, minute, complete):
    read_at = at(f"2026-03-03 {minute}")
    shop.load(*[Folder(source=name, read_at=read_at) for name in SOURCES])
    assert shop.one("daily_summary", "complete") == {"complete": complete}


def names(sources, source=STOREFRONT):
    return {name.removeprefix(f"{source}: ") for name in sources}


@pytest.mark.parametrize("wanted", ["empty", "doubtful"])
def test_how_few_orders_of_a_channel_are_too_few(shop, wanted):
    """A day that is incomplete is not also doubtful, so the cases of each are loaded by themselves."""
    found = []
    expected = set()
    for case in CHANNELS:
        if case["day"] not in (wanted, "fine"):
            continue
        for age, number in case["before"].items():
            found += sold(case["channel"], age, number)
        found += sold(case["channel"], 0, case["today"])
        if case["day"] == wanted:
            expected.add(case["channel"])
    # Orders that are no sales, which make no day complete.
    quarter = sold("less than a quarter", 0, 8)[5:]
    found += [
        replace(quarter[0], status="cancelled", is_sale=False),
        replace(quarter[1], is_test=True),
        replace(quarter[2], lines=[]),
    ]
    folders = [Folder(found, source=STOREFRONT)]
    if wanted == "empty":
        # Of a source that was read before the day's end, nothing is known.
        early = []
        for age in (7, 14, 21, 28):
            early += sold("early", age, 25, SALES_DB)
        folders.append(Folder(early, read_at=at("2026-03-03 04:00")))
    load_all(shop, *folders)

    quality = shop.report().quality
    if wanted == "doubtful":
        assert names(quality.doubtful_sources) == expected
        assert (quality.complete, quality.empty_sources, warned(shop)) == (True, [], [])
    else:
        assert names(quality.empty_sources) == expected
        assert not quality.complete
        [warning] = warned(shop)
        assert warning.startswith(f"{len(expected)} sources have no orders on the day")


def test_a_source_that_no_longer_returns_stored_orders_disagrees(shop):
    stored = sold(STOREFRONT, 0, 4)
    load_all(shop, Folder(stored, source=STOREFRONT), ONE)
    assert (warned(shop), shop.report().quality.doubtful_sources) == ([], [])

    def read_again(orders, hour, **options):
        read_at = at(f"2026-03-04 {hour}:00")
        options |= {"source": STOREFRONT, "totals": {"records": 0}}
        shop.load(Folder(orders, read_at=read_at, **options), run_id=f"at {hour}")
        return shop.report()

    # The newest read of the day counts, whichever run it is of; other days' orders do not.
    found = read_again(sold("later", -7, 4), hour=11)
    assert found.headline["orders"].value == 5, "they stay in the figures"
    assert found.quality.doubtful_sources == [STOREFRONT]
    assert badge(found) == "May change: orders of Storefront may be missing"
    assert subject(found).endswith(" (may change)")
    assert warned(shop) == [
        "1 source no longer returns orders of the day that are in the warehouse: the figures contain these "
        "orders, and may lack others (for example storefront: 4 of 4 orders)"
    ]
    # One order alone is a warning. An order that the read rejected was returned.
    rejected = {"reason": "missing_value", "order_id": stored[1].order_id}
    found = read_again(stored[2:], hour=12, rejected=[rejected])
    assert found.quality.doubtful_sources == []
    [warning] = [text for text in warned(shop) if "no longer" in text]
    assert warning.endswith("(for example storefront: 1 of 4 orders)")
    assert read_again(stored[1:2], hour=13).quality.doubtful_sources == []  # 3 of 4
    read_again(stored, hour=14)
    assert not any("no longer" in text for text in warned(shop))


def delivery(name, *order_ids):
    file = {"file": name, "sha256": name, "received_at": at("2026-03-04 09:00")}
    return file | {"order_ids": list(order_ids)}


def partner_days(partners, **options):
    """A read of partner files with so many orders each, one a day up to Monday; no file where the number is
    negative."""
    orders, files = [], []
    for partner, numbers in partners.items():
        for age, number in enumerate(reversed(numbers)):
            of_day = sold(partner, age, number, PARTNER_FILES)
            orders += of_day
            if number >= 0:
                name = f"{partner}_{MONDAY - timedelta(days=age)}.csv"
                files.append(delivery(name, *(each.order_id for each in of_day)))
    return Folder(orders, source=PARTNER_FILES, files=files, **options)


def test_a_partner_is_judged_by_its_own_files(shop):
    """By the orders of each day up to the last one; -1 stands for no file."""
    weekly = [20, 0, 0, 0, 0, 0, 0] * 4
    partners = {
        "bazario": [*weekly, 1],
        "absent": [9, 8, 7, 5, -1],
        "absent_without_orders": [0, 0, 0, 0, -1],
        "silent": [9, 8, 7, 5, 0],
        "rare": [9, 4, 1, 5, 0],
        "present": [9, 8, 7, 5, 1],
    }
    load_all(shop, partner_days(partners))

    found = shop.report()
    doubtful = names(found.quality.doubtful_sources, PARTNER_FILES)
    assert doubtful == {"absent", "absent_without_orders", "bazario", "silent"}
    assert (found.quality.complete, warned(shop)) == (True, [])
    assert badge(found).startswith("May change: ")

    more = {"alpenmarkt": [*weekly, 0]}
    shop.load(partner_days(more, read_at=at("2026-03-04 10:00")), run_id="more")
    found = shop.report()
    assert found.quality.empty_sources == ["partner_files: alpenmarkt"]
    assert found.quality.doubtful_sources == []
    assert badge(found) == "Incomplete: alpenmarkt has no orders"
    assert alarms(found) == [
        "alpenmarkt has no orders, and usually has 10 or more on such a day"
    ]
    [warning] = warned(shop, "more")
    assert "partner_files: alpenmarkt has no orders on 2026-03-02" in warning
    # Without its file, that is the reason instead.
    shop.warehouse.run(
        "DELETE FROM `shop.loaded_files` WHERE file = 'alpenmarkt_2026-03-02.csv'",
        "no file of the day",
    )
    totals = {"missing_deliveries": ["alpenmarkt_2026-03-02"]}
    late = Folder(source=PARTNER_FILES, read_at=at("2026-03-04 11:00"), totals=totals)
    shop.load(late, run_id="late")
    found = shop.report()
    assert found.quality.missing_sources == ["partner_files: alpenmarkt"]
    assert found.quality.empty_sources == []


def not_delivered(figures):
    rows = figures.quality.warnings
    return [row["partner"] for row in rows if row["kind"] == "no_delivery"]


def test_a_partner_that_is_due_makes_the_day_incomplete_until_its_file_is_loaded(shop):
    late = Folder(
        source=PARTNER_FILES,
        totals={"missing_deliveries": ["acme_2026-03-02", "bolt_2026-03-02"]},
    )
    load_all(shop, late, ONE)

    day = shop.one("daily_summary")
    assert not day["complete"]
    assert day["missing_sources"] == ["partner_files: acme", "partner_files: bolt"]
    found = shop.report()
    sentence = "acme and bolt have delivered no valid file for Mon 2 Mar"
    assert badge(found) == f"Incomplete: {sentence}"
    assert alarms(found) == [
        "acme has delivered no valid file for this day",
        "bolt has delivered no valid file for this day",
    ]
    assert not_delivered(found) == ["acme", "bolt"]

    orders = [
        Order("A1", NOON, channel="acme", source=PARTNER_FILES),
        Order("B1", NOON, channel="bolt", source=PARTNER_FILES),
    ]
    # The file of the day itself, and one of the next day that names an order of this one.
    files = [
        delivery("acme_2026-03-02.csv.gz", "A1"),
        delivery("bolt_2026-03-03.csv", "B1"),
    ]
    read = {"source": PARTNER_FILES, "read_at": at("2026-03-04 11:00")}
    load_all(shop, Folder(orders, files=files, **read), day=TUESDAY, run_id="next")

    missing = shop.by("daily_summary", "business_date", "missing_sources")
    assert missing[MONDAY] == ["partner_files: bolt"]
    assert partners_on_page(shop) == "no valid file from bolt"
    # The day's next report has what is stored, whatever the run of the day found.
    found = shop.report()
    assert alarms(found) == ["bolt has delivered no valid file for this day"]
    assert not_delivered(found) == ["bolt"]

    # A header alone completes the day.
    header = delivery("bolt_2026-03-02.csv")
    folder = Folder(
        source=PARTNER_FILES, read_at=at("2026-03-05 11:00"), files=[header]
    )
    load_all(shop, folder, day=TUESDAY, run_id="header")
    assert shop.by("daily_summary", "business_date", "complete")[MONDAY]
    assert partners_on_page(shop).startswith("all that was read is loaded")
    assert shop.report().quality.complete


def partners_on_page(shop):
    """Monday's partner files on the page *Data quality*."""
    totals = pages.load_totals(shop.warehouse, MONDAY, MONDAY)
    [row] = [row for row in totals if row["source"] == PARTNER_FILES][:1]
    return state_text(row)


def test_a_run_of_several_days_completes_each_of_them_but_those_with_a_late_partner(
    shop,
):
    wednesday = TUESDAY + timedelta(days=1)
    read = {"read_at": at("2026-03-20 11:00")}
    orders = [Order("1", NOON), Order("2", NOON + timedelta(days=2))]
    totals = {"missing_deliveries": ["acme_2026-03-03"]}
    late = Folder(source=PARTNER_FILES, totals=totals, **read)
    others = [
        Folder(source=name, **read)
        for name in SOURCES
        if name not in (SALES_DB, PARTNER_FILES)
    ]
    rejected = [{"reason": "invalid_quantity", "order_id": "3"}, {"reason": "no_id"}]
    early = {"read_at": at("2026-03-04 11:00"), "rejected": rejected}
    load_all(shop, Folder(**early), day=TUESDAY, run_id="early")
    sold_again = Folder(orders, rejected=rejected, **read)
    for _ in range(2):
        shop.load(sold_again, late, *others, last_day=wednesday)
    # Those of the daily run are replaced, as by a run of its day.
    stored = shop.rows("rejected_rows", "run_id", "business_date", "reason")
    assert {row["business_date"] for row in stored} == {MONDAY}
    assert len(stored) == 2

    days = shop.by("daily_summary", "business_date", "missing_sources")
    assert days == {MONDAY: [], TUESDAY: ["partner_files: acme"], wednesday: []}
    assert len(warned(shop)) == 1, "more than 1 % are rejected"
    audit = shop.rows(
        "load_audit", "business_date", "source", "orders_loaded", "run_id"
    )
    audit = [row for row in audit if row["run_id"] == "run"]
    assert len(audit) == 3 * len(SOURCES)
    counts = [
        (row["business_date"], row["orders_loaded"])
        for row in audit
        if row["source"] == SALES_DB
    ]
    assert counts == [(MONDAY, 2), (TUESDAY, None), (wednesday, None)]
    # A later run of one of the days has counts of its own.
    again = Folder([orders[1]], read_at=at("2026-03-21 11:00"))
    shop.load(again, day=wednesday, run_id="again")
    assert shop.failing(day=wednesday, run_id="again") == []


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_views_report_mail_pages_and_forecast_agree_which_days_are_complete(shop, seed):
    """Six weeks, of which days of the last one are empty, have a late partner, or both."""
    chance = random.Random(seed)
    days = [MONDAY - timedelta(days=age) for age in reversed(range(42))]
    empty, late, delivered = (set(chance.sample(days[-7:], 2)) for _ in range(3))
    orders, dropped, files = [], [], []
    for age, day in zip(reversed(range(42)), days, strict=True):
        orders += sold("sales_db", age, 2, SALES_DB)
        if day not in empty:
            orders += sold(STOREFRONT, age, 12)
        if day not in late | delivered:
            dropped += sold("acme", age, 3, PARTNER_FILES)
            files.append(delivery(f"acme_{day}.csv"))
    by_source = {
        source: [order for order in orders if order.source == source]
        for source in (SALES_DB, STOREFRONT)
    }
    missing = [f"acme_{day}" for day in sorted(late | delivered)]
    load_all(
        shop,
        *(Folder(found, source=source) for source, found in by_source.items()),
        Folder(
            dropped,
            source=PARTNER_FILES,
            files=files,
            totals={"missing_deliveries": missing},
        ),
        day=days[0],
        last_day=MONDAY,
    )
    arrived = [delivery(f"acme_{day}.csv") for day in sorted(delivered - late)]
    read_again(shop, TUESDAY, Folder(source=PARTNER_FILES, files=arrived))

    incomplete = empty | late
    stored = summaries(shop)
    assert {day for day in days if not stored[day][0]} == incomplete
    viewed = shop.by("comparable_days", "business_date", "is_complete")
    assert {day for day in days if not viewed[day]} == incomplete
    states = load_day_states(shop.warehouse, days[0], MONDAY)
    assert {state.business_date for state in states if not state.complete} == incomplete
    rows = shop.warehouse.query("forecast/complete_days.sql", first=days[0], day=MONDAY)
    assert {row["business_date"] for row in rows} == set(days) - incomplete
    figures = shop.report()
    assert {
        day.business_date for day in figures.trend if not day.complete
    } == incomplete
    for day in days[-4:]:
        found = shop.report(day)
        is_incomplete = day in incomplete
        assert found.quality.complete is not is_incomplete
        assert subject(found).endswith("(incomplete)") is is_incomplete
        state = page_texts(found)["summary"]["trust"]["state"]
        assert (state == "incomplete") is is_incomplete
