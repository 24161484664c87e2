"""Season, growth, closures and shifts of level, in shops whose coming sales are known."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from dateutil.easter import easter

from ecommerce.core.calendar_days import black_friday
from ecommerce.forecast.data.panel import clean, holidays_of
from ecommerce.forecast.models.ensemble import predict, train
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import WEEK, make_panel

SEPTEMBER = date(2025, 9, 1)


def shop(as_of, days, rise):
    """Three series that sell their weekday times the rise of each day, and the total to come."""
    first = as_of - timedelta(days=days)
    sales = []
    for number in range(days + HORIZON):
        day = first + timedelta(days=number)
        sales.append(WEEK[day.weekday()] * rise(day))
    truth = np.array(sales)
    noise = np.random.default_rng(4).lognormal(0, 0.1, (days, 3))
    holidays = holidays_of("US", first, days + HORIZON)[:, None]
    panel = make_panel(truth[:days, None] * noise, holidays=np.tile(holidays, 3))
    return replace(panel, first_day=first), 3 * truth[days:]


def forecast(panel):
    return predict(train(panel), panel)


def total(panel):
    return forecast(panel).forecast[:, -1]


def christmas(day):
    """Sales rise threefold in the five weeks before Christmas."""
    days_away = abs((date(day.year, 12, 24) - day).days - 0.1)
    return float(3 ** max(0.0, 1 - days_away / 36))


def growing(day):
    return float(1.03 ** ((day - SEPTEMBER).days / 7))


def three_times_for_two_weeks(day):
    return 3 if SEPTEMBER - day <= timedelta(days=14) else 1


def peak_of_black_friday(day):
    rises = {0: 2.0, 1: 1.5, 2: 1.5, 3: 1.5}
    days_after = (day - black_friday(day.year)).days
    return rises.get(days_after, 1)


@pytest.mark.parametrize(
    ("rise", "as_of", "days", "most"),
    [
        (christmas, date(2025, 11, 27), 785, 0.08),
        (growing, SEPTEMBER, 182, 0.05),
        (three_times_for_two_weeks, SEPTEMBER, 400, 0.15),
        (peak_of_black_friday, date(2025, 11, 20), 419, 0.05),
    ],
)
def test_the_four_weeks_sell_what_their_pattern_says(rise, as_of, days, most):
    panel, truth = shop(as_of, days, rise)
    values = total(panel)
    assert abs(values.sum() / truth.sum() - 1) < most
    if rise is peak_of_black_friday:
        assert np.argmax(values) == 8


def test_an_easter_that_moves_by_two_weeks_is_forecast_on_its_date():
    def rise(day):
        return 1.6 if 0 <= (easter(day.year) - day).days < 14 else 1.0

    def rise_of(sales):
        return sales[5:19].sum() / sales[19:].sum()

    panel, truth = shop(date(2025, 4, 1), 820, rise)
    assert abs(rise_of(total(panel)) / rise_of(truth) - 1) < 0.1


def in_winter(day):
    turn_of_the_year = [(12, day) for day in range(24, 32)]
    turn_of_the_year += [(1, day) for day in range(1, 4)]
    return (day.month, day.day) in turn_of_the_year


def in_winter_since_2023(day):
    return in_winter(day) and (day - timedelta(days=3)).year >= 2023


def in_summer(day):
    return day.month == 8 and 8 <= day.day < 16


@pytest.mark.parametrize(
    ("first", "days", "closure", "is_closed"),
    [
        # It is one of all three known years.
        (date(2025, 12, 10), 1100, in_winter, True),
        (date(2025, 12, 10), 1100, in_winter_since_2023, False),
        # That of the only known year needs the turn of the year.
        (date(2025, 12, 10), 500, in_winter, True),
        (date(2025, 8, 1), 500, in_summer, False),
    ],
)
def test_a_closure_that_repeats_is_closed(first, days, closure, is_closed):
    panel, truth = shop(first, days, lambda day: float(not closure(day)))
    closed = clean(panel)[1][panel.days :]
    is_holiday = panel.holidays[panel.days :, 0] > 0  # closed as the last time
    assert (closed[(truth == 0) & ~is_holiday] == is_closed).all()
    assert not closed[truth > 0].any()


@pytest.mark.parametrize(
    "share",
    [
        0.05,
        pytest.param(0.1, marks=pytest.mark.slow),
        0.2,
        pytest.param(0.3, marks=pytest.mark.slow),
    ],
)
def test_products_that_sell_on_few_days_are_forecast_without_bias(share):
    """Compared with what they sold in the 13 weeks that the forecast is made of."""
    drawn = np.random.default_rng(7)
    size = (150, 60)
    is_sold = drawn.random(size) < share
    values = np.where(is_sold, drawn.lognormal(3, 0.3, size), 0)
    daily = drawn.lognormal(4, 0.2, (150, 2))
    panel = make_panel(np.hstack([values, daily]))
    expected = np.nansum(forecast(panel).forecast[:, :60])
    actual = values[-91:].sum() / 91 * HORIZON
    assert abs(expected / actual - 1) < 0.05


def closed_on(panel, day):
    place = (day - panel.first_day).days
    return clean(panel)[1][place]


@pytest.mark.parametrize(
    ("empty", "closed"),
    [
        ([0], [True, False, False]),
        ([1, 2], [False, False, False]),
        ([0, 1, 2], [True, True, True]),
    ],
)
def test_a_holiday_is_closed_for_the_shop_or_for_a_series_that_sells_daily(
    empty, closed
):
    thanksgiving = date(2024, 11, 28)
    panel, _ = shop(date(2025, 11, 10), 420, lambda day: 1.0)
    last_year = (thanksgiving - panel.first_day).days
    # The second series sells on 95 % of its days, the third on 60 %.
    panel.values[np.arange(420) % 20 == 3, 1] = 0
    panel.values[np.arange(420) % 5 > 2, 2] = 0
    panel.values[last_year] = 50
    panel.values[last_year, empty] = 0
    assert list(closed_on(panel, date(2025, 11, 27))) == closed


def test_a_weekday_is_closed_for_the_shop_or_for_a_series_that_sells_daily():
    panel, _ = shop(date(2025, 11, 10), 420, lambda day: float(day.weekday() != 6))
    panel.values[np.arange(420) % 20 == 3, 1] = 0
    panel.values[np.arange(420) % 10 != 3, 2] = 0
    sunday = date(2025, 11, 16)
    assert list(closed_on(panel, sunday)) == [True, True, True]
    assert not closed_on(panel, date(2025, 11, 17)).any()
