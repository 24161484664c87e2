"""Season, growth, closures and shifts of level, in shops whose coming sales are known."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from dateutil.easter import easter

from ecommerce.core.business_day import days_between
from ecommerce.core.calendar_days import black_friday
from ecommerce.forecast.data.panel import clean, holidays_of
from ecommerce.forecast.models.boosting import Boosting
from ecommerce.forecast.models.ensemble import predict, train
from ecommerce.forecast.models.ridge import ridge_forecast
from ecommerce.forecast.models.season import at_level
from ecommerce.forecast.models.statistics import Statistics
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import WEEK, make_panel

SEPTEMBER = date(2025, 9, 1)


def shop(as_of, days, rise):
    """Three series that sell their weekday times the rise of each day, and the total to come."""
    first = as_of - timedelta(days=days)
    dates = days_between(
        first,
        as_of + timedelta(days=HORIZON - 1),
    )
    truth = np.array([WEEK[day.weekday()] * rise(day) for day in dates])
    noise = np.random.default_rng(4).lognormal(
        0,
        0.1,
        (days, 3),
    )
    holidays = holidays_of("US", first, days + HORIZON)[:, None]
    panel = make_panel(
        truth[:days, None] * noise,
        holidays=holidays,
    )
    return replace(panel, first_day=first), 3 * truth[days:]


def totals(panel):
    """The total's forecast by the ridge and by boosting, because a blend hides the worse one; by the blend
    where the history is too short for boosting."""
    known = Statistics(at_level(panel))
    boosting = Boosting.fit(known)
    if boosting is None:
        return [predict(train(panel), panel).forecast[:, -1]]
    forecasts = [ridge_forecast(known), boosting.forecast(known)]
    return [forecast.sum(axis=1) for forecast in forecasts]


def christmas(day):
    """Sales rise threefold in the five weeks before Christmas."""
    days_away = abs((date(day.year, 12, 24) - day).days - 0.1)
    return float(3 ** max(0.0, 1 - days_away / 36))


def growing(day):
    return float(1.03 ** ((day - SEPTEMBER).days / 7))


def three_times_for_two_weeks(day):
    return 3 if SEPTEMBER - day <= timedelta(days=14) else 1


def peak_of_black_friday(day):
    days_after = (day - black_friday(day.year)).days
    return {0: 2.0, 1: 1.5, 2: 1.5, 3: 1.5}.get(
        days_after,
        1,
    )


@pytest.mark.parametrize(
    ("rise", "as_of", "days", "most"),
    [
        (christmas, date(2025, 11, 27), 785, 0.08),
        (growing, SEPTEMBER, 168, 0.05),
        (three_times_for_two_weeks, SEPTEMBER, 168, 0.15),
        (peak_of_black_friday, date(2025, 11, 20), 419, 0.06),
    ],
)
def test_the_four_weeks_sell_what_their_pattern_says(rise, as_of, days, most):
    panel, truth = shop(as_of, days, rise)
    for total in totals(panel):
        assert abs(total.sum() / truth.sum() - 1) < most
        if rise is peak_of_black_friday:
            assert np.argmax(total) == 8


def test_an_easter_that_moves_by_two_weeks_is_forecast_on_its_date():
    def rise(day):
        return 1.6 if 0 <= (easter(day.year) - day).days < 14 else 1.0

    def rise_of(sales):
        return sales[5:19].sum() / sales[19:].sum()

    panel, truth = shop(date(2025, 4, 1), 820, rise)
    for total in totals(panel):
        assert abs(rise_of(total) / rise_of(truth) - 1) < 0.1


def in_winter(day):
    return f"{day:%m-%d}" >= "12-24" or f"{day:%m-%d}" < "01-04"


def in_winter_since_2023(day):
    return in_winter(day) and day >= date(2023, 12, 24)


def in_summer(day):
    return "08-08" <= f"{day:%m-%d}" < "08-16"


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
    panel, truth = shop(
        first,
        days,
        lambda day: float(not closure(day)),
    )
    closed = clean(panel)[1][panel.days :]
    is_holiday = panel.holidays[panel.days :, 0] > 0  # closed as the last time
    assert (closed[(truth == 0) & ~is_holiday] == is_closed).all()
    assert not closed[truth > 0].any()


def test_products_that_sell_on_few_days_are_forecast_without_bias():
    """Compared with what they sold in the 13 weeks that the forecast is made of; two others sell daily."""
    drawn = np.random.default_rng(7)
    shares = np.repeat([0.05, 0.2, 1], [30, 30, 2])
    is_sold = drawn.random((150, 62)) < shares
    values = is_sold * drawn.lognormal(3, 0.3, (150, 62))
    panel = make_panel(values)
    forecasts = predict(train(panel), panel).forecast
    actual = values[-91:].sum(axis=0) / 91 * HORIZON
    for share in (0.05, 0.2):
        products = np.flatnonzero(shares == share)
        expected = np.nansum(forecasts[:, products])
        assert abs(expected / actual[products].sum() - 1) < 0.05


AS_OF = date(2025, 11, 10)
DAYS = np.arange(420)


def closed_on(panel, day):
    place = (day - panel.first_day).days
    return clean(panel)[1][place].tolist()


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
    panel, _ = shop(AS_OF, len(DAYS), lambda day: 1.0)
    # The second series sells on 95 % of its days, the third on 60 %.
    panel.values[DAYS % 20 == 3, 1] = 0
    panel.values[DAYS % 5 > 2, 2] = 0
    thanksgiving = (date(2024, 11, 28) - panel.first_day).days
    panel.values[thanksgiving] = 50
    panel.values[thanksgiving, empty] = 0
    assert closed_on(panel, date(2025, 11, 27)) == closed


def test_a_weekday_is_closed_for_the_shop_or_for_a_series_that_sells_daily():
    panel, _ = shop(
        AS_OF,
        len(DAYS),
        lambda day: day.weekday() != 6,
    )
    panel.values[DAYS % 20 == 3, 1] = 0
    panel.values[DAYS % 10 != 3, 2] = 0
    assert closed_on(panel, date(2025, 11, 16)) == [True] * 3, "a Sunday"
    assert closed_on(panel, date(2025, 11, 17)) == [False] * 3
