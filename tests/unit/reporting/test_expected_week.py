"""The expected week: what is known of its days, and what is forecast for the others."""

from datetime import date, timedelta

import pytest
from more_itertools import padded

from ecommerce.reporting.expected_week import ExpectedWeek

MONDAY = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("sold", "so_far", "expected", "parts"),
    [
        ((), None, 721, ""),
        # A closed day is known, too.
        ((0,), 0, 621, "0 so far and 621 forecast"),
        # One that is not complete counts as forecast.
        ((0, None, 250), 250, 769, "250 so far and 519 forecast"),
        ((90,) * 7, 630, 630, ""),
    ],
)
def test_a_week_is_what_its_days_had_and_the_forecast_of_the_others(
    sold, so_far, expected, parts
):
    rows = []
    for number, known in enumerate(padded(sold, n=7)):
        row = {"day": MONDAY + timedelta(days=number), "net_sales": known}
        rows.append(row | {"net_forecast": 100 + number})
    week = ExpectedWeek.of_days(rows)
    assert week.first == MONDAY
    assert week.so_far == so_far
    assert week.net_sales == expected
    assert week.parts == parts
