"""Comparisons of a day: with its month, with the year before, and where its change comes from."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.report.figures import (
    breakdowns,
    comparisons,
    contributions,
    forecast,
)
from ecommerce.sales.report.figures.model import (
    Figure,
    Finding,
    ReturnReason,
    figures_hash,
)
from ecommerce.sales.report.figures_csv import figures_csv
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report.samples import make_figures
from tests.unit.sales.report.test_queries import DAY, before, day_row

D = Decimal


def rows(*days: date, net="10", complete=True) -> dict:
    return {each: day_row(net, complete=complete) for each in days}


def test_the_year_before_is_the_same_weekday_where_it_is_complete():
    assert before(364).weekday() == DAY.weekday()
    figure = comparisons.headline(DAY, rows(DAY, before(364), before(365)))["net_sales"]
    assert (figure.year_before, figure.average) == (10, None)
    half = rows(before(364), complete=False)
    assert comparisons.headline(DAY, rows(DAY) | half)["net_sales"].year_before is None


def test_the_mean_of_a_weekday_is_of_complete_days_before_alone():
    days = rows(DAY, net="999") | rows(before(7), net="10") | rows(before(14), net="20")
    days |= (
        rows(before(21), net="1", complete=False)
        | rows(before(35), net="500")
        | rows(before(1), net="7")
    )
    trend = {each.business_date: each for each in comparisons.trend(DAY, days)}
    assert len(trend) == 28
    assert trend[DAY].weekday_mean == 15
    assert trend[before(7)].weekday_mean == 260  # of 20 and 500, four weeks before it
    assert trend[before(1)].weekday_mean is None
    assert len(comparisons.averaged_days(DAY, days)) == 3


def test_all_days_that_are_compared_with_are_asked_for_and_not_many_more():
    asked = comparisons.compared_days(DAY)
    assert {
        DAY,
        before(62),
        before(364),
        date(2026, 10, 1),
        date(2026, 10, 19),
        date(2025, 11, 1),
    } <= asked
    assert not {before(63), date(2025, 11, 21), DAY + timedelta(1)} & asked
    assert len(asked) < 130


@pytest.mark.parametrize(
    ("day", "last_month", "last_year"),
    [
        ("2026-11-19", "2026-10-19", "2025-11-19"),
        ("2026-03-31", "2026-02-28", "2025-03-31"),
        ("2028-02-29", "2028-01-29", "2027-02-28"),
        ("2028-03-30", "2028-02-29", "2027-03-30"),
        ("2026-01-01", "2025-12-01", "2025-01-01"),
    ],
)
def test_the_month_so_far_ends_on_the_same_day_of_other_months(
    day, last_month, last_year
):
    ends = [last for _, last in comparisons.spans(date.fromisoformat(day))]
    assert [each.isoformat() for each in ends] == [day, last_month, last_year]
    assert all(
        first.day == 1 for first, _ in comparisons.spans(date.fromisoformat(day))
    )


def test_half_a_span_is_no_base_and_the_month_adds_up_what_is_there():
    day = date(2026, 3, 4)
    days = rows(*comparisons.days_of(date(2026, 2, 1), date(2026, 2, 4)))
    days |= rows(date(2026, 3, 2), day) | rows(date(2026, 3, 3), complete=False)
    days |= rows(*comparisons.days_of(date(2025, 3, 1), date(2025, 3, 3)))
    found = comparisons.month_to_date(day, days)
    assert (found.now.first, found.now.last) == (date(2026, 3, 1), day)
    assert (found.now.net_sales, found.now.orders, found.unfinished) == (30, 12, 2)
    assert (found.last_month.net_sales, found.last_month.orders) == (40, 16)
    assert (found.last_year.net_sales, found.last_year.orders) == (None, None)


def test_the_first_day_ever_has_a_month_and_nothing_to_compare_with():
    days = rows(DAY)
    found = comparisons.month_to_date(DAY, days)
    assert (found.now.net_sales, found.unfinished, found.last_month.net_sales) == (
        10,
        18,
        None,
    )
    assert contributions.base_of(DAY, days) is None
    assert {each.weekday_mean for each in comparisons.trend(DAY, days)} == {None}


@pytest.mark.parametrize(
    ("complete", "half", "base"),
    [
        ([7, 1], [], 7),
        ([1], [7], 1),
        ([1], [], 1),
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


@pytest.mark.parametrize(
    ("first", "last", "days_sold", "is_export", "change"),
    [
        (90, 0, 7, False, "none"),
        (6, 0, 0, False, "began"),
        (7, 0, 1, False, "none"),  # it sold on the other day
        (
            6,
            1,
            0,
            False,
            "none",
        ),  # a new channel without sales today contributes nothing
        (90, 1, 7, True, "ended"),
        (90, 0, 7, True, "none"),
        (90, 2, 7, False, "none"),  # two bad days
        (90, 3, 7, False, "ended"),
        (90, 3, 4, False, "none"),  # does not sell every day
        (90, 8, 6, False, "none"),  # it had ended before
    ],
)
def test_when_a_channel_began_or_ended(first, last, days_sold, is_export, change):
    row = {"channel": "c", "first_sold": before(first), "last_sold": before(last)}
    row |= {"days_sold": days_sold, "is_export": is_export}
    other = {
        "channel": "d",
        "first_sold": before(90),
        "last_sold": DAY,
        "days_sold": 7,
        "is_export": False,
    }
    found = contributions.channel_changes(DAY, before(7), [row, other])
    assert (
        found == {"none": ([], []), "began": (["c"], []), "ended": ([], ["c"])}[change]
    )


def test_in_a_week_in_which_the_shop_is_closed_no_channel_ended():
    usual = {"first_sold": before(90), "days_sold": 7, "is_export": False}
    rows = [
        {"channel": each, "last_sold": before(4), **usual}
        for each in ("sales_db", "storefront")
    ]
    assert contributions.channel_changes(DAY, before(7), rows) == ([], [])
    partner = {"channel": "acme", "last_sold": before(8), **usual, "days_sold": 4}
    assert contributions.channel_changes(DAY, before(7), [*rows, partner]) == ([], [])


def test_rates_leave_out_exports_that_have_no_returns():
    def day(gross, returned, **without):
        amounts = dict.fromkeys(
            ("discounts", "net_sales", "tax", "shipping", "units"), D(1)
        )
        return amounts | {
            "orders": 1, "customers": 1, "new_customers": 1, "average_order_value": D(1), "complete": True,
            "gross_sales": D(gross), "returns": D(returned), **without,
        }  # fmt: skip

    exported = {
        "without_returns": D(100),
        "without_discounts": D(0),
        "without_shipping": D(0),
    }
    days = {
        DAY: day(100, 5),
        before(1): day(100, 0, **exported),
        before(2): day(300, 10),
    }
    days[before(3)] = day(200, 4, **exported)  # 100 of them are of the export
    days[before(4)] = day(0, 0)  # closed, as the shop before it
    days[before(5)] = day(50, 0, **exported | {"without_shipping": D(50)})
    days = comparisons.with_lacking(days, date(2020, 1, 1))
    found = comparisons.rate_bases(DAY, days)
    assert list(found) == ["return_rate"]
    base = found["return_rate"]
    assert (base.value, base.day_before, base.days) == (100, None, 2)
    headline = comparisons.headline(DAY, days)
    figures = make_figures(headline=headline, rate_bases=found, averaged_days=5)
    rates = figures.rates
    assert rates["return_rate"].day_before is None
    assert rates["return_rate"].average == D("0.035")  # 14 of 400

    # The amounts follow the same rule, and are named for their days.
    assert (headline["returns"].day_before, headline["returns"].average) == (
        None,
        7,
    )  # 14 of two days
    assert headline["shipping"].days == 3
    assert headline["net_sales"].days is None
    tiles = {tile["label"]: tile for tile in page_texts(figures)["small_tiles"]}
    assert [each["label"] for each in tiles["Returns"]["shown"]] == ["vs 2-day average"]
    (table,) = [
        each for each in page_texts(figures)["sections"] if each["id"] == "figures"
    ]
    assert {each.partition(":")[0] for each in table["remarks"]} >= {
        "Returns",
        "Return rate",
        "Shipping",
    }
    assert "Returns: 2-day average, of the days with this data." in table["remarks"]


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


def test_reasons_add_up_and_name_nobody():
    found = breakdowns.return_reasons(
        {"reason": reason, "refunds": 1, "amount": D(amount)}
        for reason, amount in (
            ("asked by ann@example.com", "33333.4"),
            ("asked by bob@example.com", "33333.4"),
            (None, "20000.4"),
            ("broken", "90000.4"),
        )
    )
    assert [(each.reason, each.refunds) for each in found] == [
        ("broken", 1),
        ("asked by <e-mail>", 2),
        (None, 1),
    ]
    assert sum(each.amount for each in found) == D(
        "17.6668"
    )  # of 176,667.6 ten-thousandths


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        ("2026-03-08", "2026-03-09T04:00"),
        ("2026-11-01", "2026-11-02T05:00"),
        ("2028-02-29", "2028-03-01T05:00"),
    ],
)
def test_the_outlook_begins_when_the_day_ends_also_where_clocks_change(day, ends_at):
    asked = {}

    def ask(name, parameters, **values):
        asked.update(values, name=name, **parameters)
        return []

    window = day_window(date.fromisoformat(day), "America/New_York")
    assert forecast.outlook_of(ask, window, {}, "") is None
    assert asked["ends_at"] == datetime.fromisoformat(ends_at).replace(tzinfo=UTC)
    assert (asked["first"], asked["last"]) == tuple(
        window.date + timedelta(days) for days in (1, 7)
    )


def test_rates_are_compared_with_the_rates_of_the_days_of_their_figures():
    rates = make_figures().rates
    assert rates["discount_rate"].value == D("0.039297")  # 802.10 of 20,411.06
    assert rates["discount_rate"].average == D("0.041176")  # 700 of 17,000
    assert rates["return_rate"].week_before == D("0.049438")  # 880 of 17,800
    assert rates["repeat_share"].day_before == D("0.693878")  # 136 of 196
    assert rates["repeat_share"].year_before == D("0.5")  # 80 of 160
    unknown = make_figures(
        headline=dict.fromkeys(make_figures().headline, Figure(value=D(1)))
    ).rates
    assert unknown["repeat_share"].year_before is None


NEW = {
    "return_reasons": [ReturnReason(reason="=broken", refunds=2, amount=D("12.5"))],
    "month": comparisons.month_to_date(date(2026, 11, 2), rows(date(2026, 11, 2))),
    "changes": contributions.Changes(
        base=before(7),
        before=D(10),
        now=D(15),
        categories=contributions.contributions(
            (D(10), D(15)), {"Toys": D(10)}, {"Toys": D(15)}
        ),
        countries=[],
        channels=[],
        rising=[contributions.Mover(sku="T-1", name="Toy", before=D(1), now=D(6))],
        falling=[],
    ),
    "outlook": forecast.Outlook(
        made_at=datetime(2026, 11, 16, 5, tzinfo=UTC),
        model="blend",
        days=[
            forecast.OutlookDay(
                day=before(-1), forecast=D(9), lower_80=D(8), upper_80=D(10)
            )
        ],
    ),
    "findings": [
        Finding(
            kind="contribution",
            about=["category", "Toys", "2026-11-12"],
            numbers={"change": D(5), "share": D(1)},
        )
    ],
}


def test_the_new_parts_are_in_the_csv():
    cells = csv.DictReader(io.StringIO(figures_csv(make_figures(**NEW))))
    found = {
        (row["section"], row["name"], row["figure"]): (row["value"], row["currency"])
        for row in cells
    }
    expected = {
        ("rates", "", "discount_rate"): ("0.039297", ""),
        ("return_reasons", "'=broken", "refunds"): ("2", ""),
        ("return_reasons", "'=broken", "amount"): ("12.5", "USD"),
        ("month", "now", "net_sales"): ("10", "USD"),
        ("month", "last_year", "orders"): ("", ""),
        ("change_by_categories", "Toys", "before"): ("10", "USD"),
        ("rising", "T-1", "now"): ("6", "USD"),
        ("outlook", "2026-11-20", "lower_80"): ("8", "USD"),
        ("findings", "1 contribution", "change"): ("5", "USD"),
        ("findings", "1 contribution", "share"): ("1", ""),
    }
    assert {cell: found[cell] for cell in expected} == expected


def test_only_reasons_of_returns_make_another_report():
    ordinary = figures_hash(make_figures())
    same = {name: value for name, value in NEW.items() if name != "return_reasons"}
    assert figures_hash(make_figures(**same)) == ordinary
    assert figures_hash(make_figures(return_reasons=NEW["return_reasons"])) != ordinary
