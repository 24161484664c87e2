"""The website's figures: the funnel, orders matched to web events, and the warning when tracking broke."""

from decimal import Decimal

import pytest

from ecommerce.core.data_warnings import wording
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.website import (
    Device,
    Step,
    Tracked,
    Viewed,
    Website,
)
from ecommerce.sales.report.view import notices
from tests.unit.sales.report.samples import DAY, archived, before, make_figures
from tests.unit.sales.tables import records


def website_of(**answers):
    """The website's figures from the rows that queries return by their names."""

    def query(name, **_):
        return answers.get(name, [])

    return website.website_of(query, DAY, before(28))


def funnel(day, **sessions):
    """Rows of funnel.sql: so many sessions of each step on two devices."""
    rows = []
    for step, number in sessions.items():
        for device in ("mobile", "desktop"):
            counts = {"sessions": number, "bot_sessions": 3}
            rows.append({"business_date": day, "step": step, "device": device} | counts)
    return rows


def orders(source, orders, seen, back=0):
    """A row of tracked_orders.sql."""
    counts = {"orders": orders, "seen": seen}
    return {"business_date": before(back), "source": source} | counts


def broken(**changes):
    """A full website of which only 61 of 98 orders are matched."""
    values = {
        "source": "storefront",
        "orders": 98,
        "seen": 61,
        "usual": Decimal("0.962"),
    }
    site = archived("full").website
    return site.model_copy(update={"tracked": [Tracked(**values | changes)]})


def test_a_shop_without_web_events_has_no_website_part():
    assert website_of() is None
    assert website.warnings(None, DAY) == []


def test_sessions_are_added_up_over_devices_and_compared_with_yesterday_and_last_week():
    rows = [
        *funnel(DAY, session=10, view_item=6, purchase=1),
        *funnel(before(1), session=8, view_item=5, add_to_cart=4, purchase=2),
        *funnel(before(7), session=7),
    ]
    rows.append(rows[0] | {"sessions": 5, "bot_sessions": 0})
    viewed = {"sku": "A", "name": None, "visitors": 4}
    assert website_of(funnel=rows, viewed_not_purchased=[viewed]) == Website(
        steps=[
            Step(step="session", sessions=25, day_before=16, week_before=14),
            Step(step="view_item", sessions=12, day_before=10),
            Step(step="purchase", sessions=2, day_before=4),
        ],
        bot_sessions=6,
        devices=[
            Device(device="mobile", sessions=15, purchases=1),
            Device(device="desktop", sessions=10, purchases=1),
        ],
        viewed=[Viewed(**viewed)],
    )


def test_a_day_whose_events_are_not_loaded_is_warned_of():
    site = website_of(funnel=funnel(before(1), session=8))
    assert site == Website()
    (warning,) = map(wording, website.warnings(site, DAY))
    assert f"FROM={DAY} TO={DAY}" in warning.action
    figures = make_figures(website=site)
    assert notices.notices(figures)[0]["title"] == "Website"


def test_a_day_that_was_read_and_has_no_session_has_broken_tracking():
    nothing = {"step": None, "device": None, "sessions": 0, "bot_sessions": 0}
    rows = [{"business_date": DAY} | nothing, *funnel(before(1), session=8)]
    tracked = [orders("storefront", 100, 0), orders("storefront", 100, 95, back=1)]
    site = website_of(funnel=rows, tracked_orders=tracked)
    assert site.steps == [Step(step="session", sessions=0, day_before=16)]
    (warning,) = map(wording, website.warnings(site, DAY))
    words = (
        "web events match only 0 of 100 orders of Storefront (0.0 %, usually 95.0 %)"
    )
    assert (warning.found, warning.weight) == (words, 3)


def test_only_sources_that_are_sold_on_the_website_are_followed():
    rows = [orders("storefront", 100, 66)]
    rows += [orders("storefront", 100, 96, back=back) for back in (1, 2)]
    rows += [orders("partner_files", 100, 1, back=back) for back in range(3)]
    usual = {"usual": Decimal("0.96")}
    row = {"source": "storefront", "orders": 100, "seen": 66}
    assert website.tracked(rows, DAY) == [Tracked(**row | usual)]
    assert website.tracked(rows[:1], DAY) == [Tracked(**row)]
    half = [orders("storefront", 10, 5, back=1)]
    assert [each.orders for each in website.tracked(half, DAY)] == [0]
    assert website.tracked([orders("storefront", 100, 49, back=1)], DAY) == []


TRACKING = """
orders | seen | usual | alarms | # why
98     | 95   | 0.962 | no     |
98     | 61   | 0.962 | yes    |
98     | 80   | 0.962 | no     |
100    | 76   | 0.96  | no     | 20 points below the usual share
100    | 75   | 0.96  | yes    |
10     | 0    | 0.962 | yes    |
9      | 0    | 0.962 | no     |
98     | 61   | NULL  | no     |
"""


@pytest.mark.parametrize("case", records(dict, TRACKING), ids=str)
def test_when_tracking_is_broken(case):
    is_alarming = case["alarms"] == "yes"
    usual = case["usual"] and Decimal(case["usual"])
    site = broken(orders=int(case["orders"]), seen=int(case["seen"]), usual=usual)
    assert bool(website.warnings(site, DAY)) is is_alarming
    titles = [each["title"] for each in notices.notices(make_figures(website=site))]
    assert ("Website" in titles) is is_alarming
