"""Terms that only the daily report has."""

from decimal import Decimal as D

from ecommerce.sales.report import terms


def test_more_returns_are_not_welcome_and_more_tax_is_neither():
    assert terms.direction(D(2), D(1), good=1) == 1
    assert terms.direction(D(2), D(1), good=-1) == -1
    assert terms.direction(D(2), D(1), good=0) == 0
    assert terms.direction(D(1), D(1), good=1) == 0
    assert terms.direction(D(2), None, good=1) == 0


def test_an_average_names_its_days():
    assert terms.average_name(26, 1) == "26-day average, 1 day without sales"
