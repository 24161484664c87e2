"""What a forecast is, for shops whose pattern is known, and for histories that are in a bad state."""

import numpy as np
import pytest

from ecommerce.forecast.models.ensemble import predict, train
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import WEEK, make_panel, weekly

COMING = np.tile(WEEK, HORIZON // 7)
DAYS = 168
"""A history that is too short for the boosted trees, which take the most time."""


def forecast(values, holidays=0):
    panel = make_panel(values, holidays=holidays)
    return predict(train(panel), panel)


def first_series(values, holidays=0):
    return forecast(values, holidays).forecast[:, 0]


def error(values, truth=COMING):
    return float(np.abs(values - truth).sum() / truth.sum())


RARE = np.where(
    np.random.default_rng(5).random(DAYS) < 0.15,
    40.0,
    0.0,
)


def test_each_series_is_forecast_by_its_state():
    values = weekly(DAYS, series=5)
    values[:, 0] = 0
    values[-64:, 1] *= 2
    values[-34:, 2] = 0
    values[:-42, 3] = 0
    values[:, 4] = RARE
    shop = forecast(values)
    zeros, doubled, vanished, new, rare, _ = shop.forecast.T
    assert not zeros.any()
    assert error(doubled, 2 * COMING) < 0.15
    assert not vanished.any()
    assert error(new) < 0.1
    weeks = rare.reshape(4, 7).sum(axis=1)
    assert np.allclose(
        weeks,
        RARE[-91:].sum() / 13,
        rtol=0.35,
    )
    upper = (shop.upper_80, shop.upper_95)
    bounds = np.stack(
        [
            shop.lower_95,
            shop.lower_80,
            shop.forecast,
            *upper,
        ]
    )
    assert (bounds >= 0).all()
    assert (np.diff(bounds, axis=0) >= 0).all()
    assert not shop.upper_95[:, 0].any(), "nothing is expected of a series of zeros"


def test_a_forecast_needs_28_known_days():
    values = weekly(DAYS, series=3)
    values[:-27, 1] = 0
    values[:-28, 2] = 0
    panel = make_panel(values)
    trained = train(panel)
    assert trained.skipped == {"category:1": "fewer than 28 days of history"}
    found = predict(trained, panel).forecast
    is_known = np.isfinite(found)
    assert is_known.all(axis=0).tolist() == [True, False, True, True]
    assert np.allclose(
        found[:, 3],
        found[:, 0] + found[:, 2],
    )


@pytest.mark.parametrize(
    ("gap", "most"),
    [((94, 125), 0.06), ((58, 168), 0.15)],
)
def test_a_gap_is_no_slump(gap, most):
    values = weekly(DAYS)
    values[slice(*gap)] = np.nan
    assert error(first_series(values)) < most


def test_a_series_that_another_one_replaced_is_forecast_as_nothing():
    values = weekly(DAYS, series=2)
    values[:-7, 1] = 0
    values[-7:, 0] = 0
    assert (first_series(values) == 0).all()


def test_a_shop_that_was_closed_for_a_week_opens_again():
    values = weekly(DAYS, series=2)
    values[-7:] = 0
    assert error(first_series(values)) < 0.15


@pytest.mark.parametrize(
    ("closed", "named", "is_closed"),
    [(1, 1, True), (0, 1, False), (7, 99, True), (6, 99, False)],
)
def test_a_holiday_is_closed_as_last_time_or_as_seven_of_ten_others(
    closed, named, is_closed
):
    """Of ten holidays the first `closed` had no sales; the coming one is the first again, or a new one."""
    values = weekly(DAYS)
    holidays = np.zeros(
        (DAYS + HORIZON, 1),
        dtype=np.int64,
    )
    past = np.arange(40, 140, 10)
    holidays[past, 0] = np.arange(1, 11)
    holidays[DAYS + 5] = named
    values[past[:closed]] = 0
    found = first_series(values, holidays)
    assert (found == 0).tolist() == [day == 5 and is_closed for day in range(HORIZON)]


def test_an_absurd_day_of_each_year_is_not_learned_from():
    values = weekly(400)
    usual = forecast(values)
    values[[-380, -30]] = 1e7
    for found, expected in zip(forecast(values), usual, strict=True):
        assert np.allclose(found, expected, rtol=0.05)


@pytest.mark.parametrize(("part", "is_learned"), [(0.3, False), (0.6, True)])
def test_a_last_day_that_was_cut_off_is_not_learned_from(part, is_learned):
    whole = first_series(weekly(DAYS))[6::7]
    values = weekly(DAYS)
    values[-1] *= part
    sundays = first_series(values)[6::7]
    assert (sundays < 0.98 * whole).all() == is_learned
