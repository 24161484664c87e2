"""Amounts that are hardly true: loaded, warned of with order and amount, a finding where they move it."""

from datetime import date
from decimal import Decimal

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import read_folders

FOLDERS = read_folders("implausible_amounts.yaml")


def warnings(shop, day=MONDAY):
    lines = []
    for failure in shop.failing(MONDAY, day=day):
        if not failure.other_days:
            weight = failure.warning()["weight"]
            lines.append(f"{weight} {failure.failing_rows} {failure.sample}")
    return lines


def test_ordinary_amounts_rounding_and_vouchers_are_no_warning(shop):
    shop.load(*FOLDERS["ordinary"])
    assert warnings(shop) == []
    assert shop.report().implausible == []


def test_implausible_amounts_are_loaded_and_warned_of(shop):
    """The goodwill of another day makes the second refund of order 15 exceed the order."""
    shop.load(*FOLDERS["implausible"])

    assert warnings(shop) == [
        "3 1 BRL on 2026-03-02",  # without a rate, in no figure
        "3 3 sales_db order 10 line 1: discount 99999.00 USD on 50.00",
        "3 1 sales_db order 11 line 1: discount -500.00 USD",
        "3 1 sales_db order 12: shipping -7.00 USD",
        "3 3 sales_db order 14: 99999.99 EUR refunded of 10.00",
    ]
    assert warnings(shop, date(2026, 3, 3)) == [], (
        "they are warned of by the runs of their day"
    )

    figures = shop.report()
    effects = [(each.order_id, each.effect) for each in figures.implausible]
    assert effects == [
        ("14", Decimal("-199979.98")),
        ("10", -99949),
        ("11", 500),
        ("13", -5),
        ("19", -2),  # the tax that was given back is not in net sales
        ("15", -1),
    ]
    unusual = figures.summary.unusual
    assert unusual.amount == Decimal("299936.98")
    assert unusual.words.endswith("net sales are 299,937 lower")


def test_a_file_in_another_currency_is_one_warning_until_it_is_corrected(shop):
    """The prices of the third SKU differ by themselves, so it has no usual one."""
    shop.load(*FOLDERS["usual"])
    assert warnings(shop) == []

    shop.load(*FOLDERS["late"], run_id="alpenmarkt_2026-03-01.csv")
    shop.load(*FOLDERS["in_yen"], run_id="alpenmarkt_2026-03-02.csv")
    found = "3 1 alpenmarkt_2026-03-02.csv: 4 of 4 lines with a usual price, 0.35 USD instead of about 88.00"
    assert warnings(shop) == [found]
    failures = shop.failing(run_id="alpenmarkt_2026-03-01.csv")
    [prices] = [failure for failure in failures if failure.other_days]
    assert prices.other_days == "2026-03-01", (
        "of a late file, the run that loaded it warns"
    )
    assert prices.sample.startswith("alpenmarkt_2026-03-01.csv: 1 of 1 lines")

    shop.load(*FOLDERS["right"], run_id="corrected")
    assert warnings(shop) == []
