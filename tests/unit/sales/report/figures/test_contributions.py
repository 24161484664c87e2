"""Where the change of net sales comes from: by category, country, channel and product."""

from decimal import Decimal

import pytest

from ecommerce.sales.report.figures import contributions
from tests.unit.sales.report.figures.test_comparisons import rows
from tests.unit.sales.report.samples import DAY, before
from tests.unit.sales.tables import cells

D = Decimal


@pytest.mark.parametrize(
    ("complete", "half", "base"),
    [
        ([7, 1], [], 7),
        ([1], [7], 1),
        ([], [7, 1], None),
        ([2, 14], [], None),
    ],
)
def test_changes_are_since_last_week_or_else_yesterday(complete, half, base):
    days = rows(*map(before, complete)) | rows(*map(before, half), complete=False)
    assert contributions.base_of(DAY, days) == (base and before(base))


def test_contributions_add_up_to_the_change_of_the_headline_exactly():
    # Each currency's amount is rounded alone: their sum is 0.0002 beside the rounded sum.
    now = {"Kitchen": D("10.0001"), "Toys": D("-30.0001"), "Pins": D(0)}
    found = contributions.contributions(
        (D("5.0001"), D("-19.9998")), {"Toys": D("4.9999")}, now
    )
    assert [(each.name, each.before, each.now) for each in found] == [
        ("Toys", D("5.0001"), D("-29.9999")),
        ("Kitchen", D(0), D("10.0001")),
    ]
    assert sum(each.now - each.before for each in found) == D("-19.9998") - D("5.0001")
    assert contributions.contributions((D(0), D(0)), {}, {}) == []


def sale(channel, net, category="Toys", currency="USD"):
    """A row of sales.sql."""
    amount = None if net is None else D(net)
    names = {
        "channel": channel,
        "category": category,
        "country_code": "US",
        "currency": currency,
    }
    return names | {"net_sales_reporting": amount}


def test_currencies_without_a_rate_on_either_day_are_in_neither():
    """AED has no rate today, BRL none on the other day: 1,000 and 200 are in the headline of one day only."""
    before_ = [
        sale("web", "500"),
        sale("web", "1000", currency="AED"),
        sale("web", None, currency="BRL"),
    ]
    now = [
        sale("web", "700"),
        sale("web", None, currency="AED"),
        sale("web", "200", currency="BRL"),
    ]
    found = contributions.changes(before(7), (D(1500), D(900)), (before_, now), [])
    assert (found.before, found.now, found.unconverted) == (500, 700, ["AED", "BRL"])
    assert [(each.name, each.before, each.now) for each in found.channels] == [
        ("web", 500, 700)
    ]
    assert found.like_for_like is None


def test_the_change_without_channels_that_began_or_ended_adds_up():
    before_ = [sale("web", "500"), sale("old", "2000", "Books"), sale("old", "10")]
    now = [sale("web", "600"), sale("new", "900")]
    found = contributions.changes(
        before(7), (D(2510), D(1500)), (before_, now), [], (["new"], ["old"])
    )
    assert (found.before, found.now, found.began, found.ended) == (
        2510,
        1500,
        ["new"],
        ["old"],
    )
    lasting = found.like_for_like
    assert (lasting.before, lasting.now) == (500, 600)
    assert [(each.name, each.before, each.now) for each in lasting.categories] == [
        ("Toys", 500, 600)
    ]
    assert [each.name for each in lasting.channels] == ["web"]


# `first` and `last`: how many days ago the channel sold; `days_sold`: in the week until the other day.
CHANNELS = """
first | last | days_sold | is_export | change | # why
90    | 0    | 7         |           | none   |
6     | 0    | 0         |           | began  |
7     | 0    | 1         |           | none   | it sold on the other day
6     | 1    | 0         |           | none   | without sales today it contributes nothing
90    | 1    | 7         | yes       | ended  |
90    | 0    | 7         | yes       | none   |
90    | 2    | 7         |           | none   | two bad days
90    | 3    | 5         |           | ended  |
90    | 3    | 4         |           | none   | it does not sell every day
90    | 8    | 6         |           | none   | it had ended before
"""


@pytest.mark.parametrize(
    "case", cells(CHANNELS), ids=lambda case: " ".join(case.values())
)
def test_when_a_channel_began_or_ended(case):
    other = {"channel": "d", "first_sold": before(90), "last_sold": DAY}
    other |= {"days_sold": 7, "is_export": False}
    row = {
        "channel": "c",
        "first_sold": before(int(case["first"])),
        "last_sold": before(int(case["last"])),
        "days_sold": int(case["days_sold"]),
        "is_export": bool(case["is_export"]),
    }
    began, ended = contributions.channel_changes(DAY, before(7), [row, other])
    changes = {"none": ([], []), "began": (["c"], []), "ended": ([], ["c"])}
    assert (began, ended) == changes[case["change"]]


def test_in_a_week_in_which_the_shop_is_closed_no_channel_ended():
    usual = {"first_sold": before(90), "days_sold": 7, "is_export": False}
    row = usual | {"channel": "sales_db", "last_sold": before(4)}
    rows = [row, row | {"channel": "storefront"}]
    assert contributions.channel_changes(DAY, before(7), rows) == ([], [])


def product(sku, sales, sales_before):
    amounts = {
        "sales_compared": sales and D(sales),
        "sales_before": sales_before and D(sales_before),
    }
    return {
        "sku": sku,
        "name": sku.title(),
        "thumbnail": f"file:///{sku}.webp",
    } | amounts


def test_products_that_rose_and_fell_most():
    up = [product(f"up{number}", f"{number * 10}", "5") for number in range(1, 8)]
    some = [
        *up,
        product("new", "100", None),
        product("gone", None, "40"),
        product("same", "7", "7"),
    ]
    rising, falling = contributions.movers(some)
    assert [each.sku for each in rising] == ["new", "up7", "up6", "up5", "up4"]
    assert [(each.sku, each.before, each.now, each.thumbnail) for each in falling] == [
        ("gone", 40, 0, "file:///gone.webp")
    ]
