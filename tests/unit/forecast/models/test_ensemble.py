"""What a forecast is, for shops whose pattern is known, and for histories that are in a bad state."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ecommerce.forecast.data.panel import Panel
from ecommerce.forecast.models.ensemble import (
    CANDIDATES,
    DEFAULT,
    LEAST_DAYS,
    PanelForecast,
    forecasts_of_all,
    look_back,
    predict,
    train,
)
from ecommerce.forecast.models.features import Statistics
from ecommerce.forecast.models.members import Boosting
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import WEEK, changed, dated, make_panel, shapes, weekly

REPOSITORY = Path(__file__).parents[4]
COMING = np.tile(WEEK, HORIZON // 7)


def forecast(panel: Panel, champion: str = DEFAULT) -> PanelForecast:
    return predict(train(panel, champion), panel)


def skipped(panel: Panel) -> Mapping[str, str]:
    return train(panel).skipped


def error(values: np.ndarray, truth: np.ndarray = COMING) -> float:
    return float(np.abs(values - truth).sum() / truth.sum())


@pytest.fixture(scope="module")
def said_by_all() -> Mapping[str, PanelForecast]:
    """Of each candidate. The back-test's tests show that each one trained alone forecasts the same."""
    return forecasts_of_all(make_panel(weekly(364, series=3)))


@pytest.mark.parametrize("champion", CANDIDATES)
def test_every_candidate_finds_the_pattern_of_the_week(
    champion: str, said_by_all: Mapping[str, PanelForecast]
):
    found = said_by_all[champion]
    assert error(found.values[:, 0]) < 0.06
    for lower, upper in found.bounds.values():
        assert (lower <= found.values).all()
        assert (found.values <= upper).all()


def test_the_wider_interval_holds_the_narrower_one():
    bounds = forecast(make_panel(weekly(364, series=3, noise=0.3))).bounds
    assert (bounds[95][0] <= bounds[80][0]).all()
    assert (bounds[95][1] >= bounds[80][1]).all()


def test_a_sum_is_the_sum_of_its_series_with_an_interval_of_its_own():
    found = forecast(make_panel(weekly(364, series=12, noise=0.3)))
    assert np.allclose(found.values[:, -1], found.values[:, :-1].sum(axis=1))
    lower, upper = (bound.sum(axis=0) for bound in found.bounds[80])
    # Errors of twelve independent series cancel each other out.
    assert (upper - lower)[-1] < 0.6 * (upper - lower)[:-1].sum()


def test_a_promotion_that_is_announced_is_forecast():
    days = 364
    promotions = np.zeros((days + HORIZON, 4))
    for first in range(20, days + HORIZON, 35):
        promotions[first : first + 5] = 1
    promotions[days:] = 0
    promotions[days + 7 : days + 12] = 1
    values = weekly(days, series=4) * (1 + 0.5 * promotions[:days])
    forecasts = forecasts_of_all(make_panel(values, promotions))
    truth = COMING * np.where(promotions[days:, 0] > 0, 1.5, 1)
    for champion in ("ridge", "boosting", "blend"):
        found = forecasts[champion]
        assert error(found.values[:, 0], truth) < 0.1, champion
        week_without = found.values[14:21, 0].sum()
        assert found.values[7:14, 0].sum() > 1.2 * week_without, champion


def test_nothing_that_was_not_known_at_an_origin_moves_its_forecast():
    """A leak detector: what comes after the origin is shuffled, and the forecast of the past must stay."""
    values = weekly(420, series=3, noise=0.2)
    promotions = np.zeros((420 + HORIZON, 3))
    promotions[100:110] = promotions[300:310] = 1
    origin = 364
    shuffled = changed(
        values, lambda table: np.random.default_rng(0).shuffle(table[origin:])
    )
    market = 100 + np.arange(420) / 10
    later = changed(market, lambda index: index[origin:].fill(7))
    shops = [
        make_panel(values, promotions, market=market),
        make_panel(shuffled, promotions, market=later),
    ]
    one, other = (forecast(shop.until(origin)) for shop in shops)
    assert (one.values == other.values).all()
    assert all(
        (one.bounds[level][side] == other.bounds[level][side]).all()
        for level in (80, 95)
        for side in (0, 1)
    )
    # The origins that errors are measured at know nothing of what came after them, either.
    seen = [look_back(shop.until(origin + 28)) for shop in shops]
    before = [
        [forecasts for forecasts, actual, _ in each if len(actual) == HORIZON]
        for each in seen
    ]
    assert all(
        (one[name] == other[name]).all()
        for one, other in zip(*before, strict=True)
        for name in one
    )


def test_a_growing_market_is_a_reason_to_expect_more_and_never_less():
    days = 420
    market = 100 * (1 + 0.3 * np.sin(np.arange(days) / 40))
    panel = make_panel(weekly(days, series=4) * market[:, None] / 100, market=market)
    trees = Boosting.fit(Statistics(panel))
    assert trees is not None
    falling, rising = (
        trees.forecast(Statistics(shop))
        for shop in (
            replace(panel, market=np.where(np.arange(days) < days - 28, 100.0, level))
            for level in (70, 130)
        )
    )
    assert (rising >= falling).all()
    assert (rising > falling).any()


STATES = (
    "ordinary",
    "zeros",
    "doubled",
    "vanished",
    "new",
    "closed on Sundays",
    "rare",
    "spike",
)
RARE = np.where(np.random.default_rng(5).random(364) < 0.15, 40.0, 0.0)


@pytest.fixture(scope="module")
def shop() -> PanelForecast:
    """The forecast of one shop, each of whose series is in another state."""
    values = weekly(364, series=len(STATES))
    values[:, 1] = 0
    values[300:, 2] *= 2
    values[330:, 3] = 0
    values[:322, 4] = 0
    values[np.arange(364) % 7 == 6, 5] = 0
    values[:, 6] = RARE
    values[350, 7] *= 20
    return forecast(make_panel(values))


def state(shop: PanelForecast, name: str) -> np.ndarray:
    """The forecast of the series in a state."""
    return shop.values[:, STATES.index(name)]


def test_no_state_of_a_series_spoils_the_others(shop: PanelForecast):
    assert error(state(shop, "ordinary")) < 0.06


def test_a_series_of_zeros_is_forecast_as_nothing(shop: PanelForecast):
    assert (state(shop, "zeros") == 0).all()
    assert all(
        (bound[:, 1] == 0).all() for pair in shop.bounds.values() for bound in pair
    )


def test_a_series_of_three_points_is_not_forecast_and_the_others_are():
    short = np.zeros(203)
    short[-3:] = (10, 20, 30)
    panel = make_panel(np.column_stack([weekly(203), short]))
    found = forecast(panel)
    assert skipped(panel) == {"category:1": f"fewer than {LEAST_DAYS} days of history"}
    assert np.isnan(found.values[:, 1]).all()
    assert error(found.values[:, 0]) < 0.06
    assert np.allclose(found.values[:, 2], found.values[:, 0])


def test_a_history_of_three_days_is_no_history():
    panel = make_panel(weekly(3))
    assert set(skipped(panel)) == {"category:0"}
    assert np.isnan(forecast(panel).values).all()


def test_weeks_before_a_series_had_enough_history_are_not_scored():
    """After a move, the new channels have no sales in older weeks, where no model could know them."""
    errors = {}
    for days in (20, 28, 42):
        values = weekly(364)
        values[:-days] = 0
        errors[days] = train(make_panel(values)).errors
    assert errors[20] == errors[28] == dict.fromkeys(CANDIDATES)
    assert errors[42]["seasonal_naive"] < 0.15


@pytest.mark.parametrize("days", [28, 29, 35, 60, 100, 200, 280])
def test_a_short_history_is_enough_for_a_forecast_with_an_interval(days: int):
    panel = make_panel(weekly(days, series=2))
    assert not skipped(panel)
    found = forecast(panel)
    expected = np.roll(COMING, -(days % 7))
    assert error(found.values[:, 0], expected) < 0.12
    for lower, upper in found.bounds.values():
        assert (upper > lower).all()


def test_a_month_without_data_is_a_gap_and_no_slump():
    values = changed(
        weekly(364), lambda table: table.__setitem__(slice(290, 321), np.nan)
    )
    assert error(forecast(make_panel(values)).values[:, 0]) < 0.06


@pytest.mark.parametrize("days", [10, 40, 70, 150])
def test_a_gap_at_the_end_of_the_history_leaves_the_level_of_before(days: int):
    values = changed(
        weekly(364), lambda table: table.__setitem__(slice(364 - days, None), np.nan)
    )
    assert error(forecast(make_panel(values)).values[:, 0]) < 0.1


def test_a_constant_series_stays_constant():
    found = forecast(make_panel(np.full((364, 1), 50.0)))
    assert np.allclose(found.values, 50, rtol=0.02)
    assert all(
        np.allclose(bound, 50, rtol=0.04)
        for pair in found.bounds.values()
        for bound in pair
    )


def test_a_level_that_has_doubled_two_months_ago_is_the_level_of_the_forecast(
    shop: PanelForecast,
):
    assert error(state(shop, "doubled"), 2 * COMING) < 0.15


def test_a_category_that_has_vanished_is_forecast_as_nothing(shop: PanelForecast):
    assert (state(shop, "vanished") == 0).all()


def test_a_series_that_others_have_taken_the_place_of_is_forecast_as_nothing():
    values = changed(
        weekly(364, series=2), lambda table: table.__setitem__((slice(0, 357), 1), 0)
    )
    values = changed(values, lambda table: table.__setitem__((slice(357, None), 0), 0))
    found = forecast(make_panel(values))
    assert (found.values[:, 0] == 0).all()


def test_a_shop_that_was_closed_for_a_week_opens_again():
    values = changed(
        weekly(364, series=2), lambda table: table.__setitem__(slice(357, None), 0)
    )
    assert error(forecast(make_panel(values)).values[:, 0]) < 0.15


def test_a_category_that_appeared_six_weeks_ago_is_forecast_from_those(
    shop: PanelForecast,
):
    assert error(state(shop, "new")) < 0.1


def test_a_weekday_on_which_the_shop_is_closed_brings_nothing(shop: PanelForecast):
    found = state(shop, "closed on Sundays")
    assert (found[6::7] == 0).all()
    assert (state(shop, "ordinary")[6::7] > 0).all()
    assert error(np.delete(found, np.s_[6::7]), np.delete(COMING, np.s_[6::7])) < 0.06


def test_a_holiday_that_brought_nothing_the_last_time_brings_nothing():
    days = 400
    values, holidays = weekly(days), np.zeros((days + HORIZON, 1), dtype=np.int64)
    holidays[[40, 41, 405, 406]] = np.array([[7], [8], [7], [8]])
    values[40] = 0
    found = forecast(make_panel(values, holidays=holidays)).values[:, 0]
    assert found[5] == 0
    assert found[6] > 50


def test_a_black_friday_does_not_lift_the_weeks_after_it(shop: PanelForecast):
    assert error(state(shop, "spike")) < 0.12


def test_a_last_day_of_which_a_part_is_missing_is_not_learned_from():
    values = changed(
        weekly(364), lambda table: table.__setitem__(363, 0.1 * table[363])
    )
    assert (forecast(make_panel(values)).values[6::7, 0] > 0.9 * WEEK[6]).all()


def test_an_article_that_sells_rarely_is_forecast_by_its_weeks(shop: PanelForecast):
    expected = RARE[-91:].sum() / 13
    weeks = state(shop, "rare").reshape(4, 7).sum(axis=1)
    assert np.allclose(weeks, expected, rtol=0.35)


@pytest.mark.parametrize(
    ("as_of", "days"),
    [(date(2026, 12, 1), 390), (date(2026, 4, 8), 170), (date(2026, 1, 1), 60)],
)
def test_no_shape_of_a_series_gives_negative_crossed_or_missing_bounds(
    as_of: date, days: int
):
    forecasts = forecasts_of_all(dated(shapes(days, seed=days), as_of))
    is_forecast = ~np.isnan(forecasts[DEFAULT].values).all(axis=0)
    assert is_forecast.sum() >= 36
    for candidate, made in forecasts.items():
        order = [
            made.bounds[95][0],
            made.bounds[80][0],
            made.values,
            made.bounds[80][1],
            made.bounds[95][1],
        ]
        amounts = np.stack(order)[:, :, is_forecast]
        assert np.isfinite(amounts).all(), candidate
        assert (amounts >= 0).all(), candidate
        assert (np.diff(amounts, axis=0) >= 0).all(), candidate


SELLERS = np.column_stack(
    [weekly(420), np.where(np.random.default_rng(6).random(420) < 0.25, 40.0, 0.0)]
)
"""A usual seller and a rare one."""


@pytest.fixture(scope="module")
def usual_sellers() -> Mapping[str, PanelForecast]:
    return forecasts_of_all(make_panel(SELLERS))


@pytest.mark.parametrize("age", [1, 10, 330])
def test_one_absurd_day_does_not_move_the_level(
    age: int, usual_sellers: Mapping[str, PanelForecast]
):
    values = SELLERS.copy()
    values[-age, 0] *= 100
    day_with_sale = np.flatnonzero(SELLERS[: 421 - age, 1])[-1]
    values[day_with_sale, 1] *= 100
    moved = forecasts_of_all(make_panel(values))
    for candidate in (
        "open_weekday_mean",
        "ridge",
        DEFAULT,
    ):  # trees of two series differ by chance
        change = moved[candidate].values.sum(axis=0) / usual_sellers[
            candidate
        ].values.sum(axis=0)
        assert abs(change[0] - 1) < 0.02, candidate
        assert abs(change[1] - 1) < 0.1, candidate


SCRIPT = """
import hashlib, json, pickle
from datetime import date
from ecommerce.forecast.data.history import History
from ecommerce.forecast.models.registry import Champion
from ecommerce.forecast.models.training import card, predict_all, train_all
from tests.unit.forecast.panels import make_panel, weekly
panel = make_panel(weekly(364, series=5, noise=0.2))
history = History(date(2026, 1, 5), {"category": panel}, ())
trained = train_all(history)
said = repr(predict_all(history, trained)) + json.dumps(card(history, Champion(), trained), sort_keys=True)
print(hashlib.sha256(said.encode()).hexdigest(), hashlib.sha256(pickle.dumps(trained)).hexdigest())
"""


@pytest.mark.slow
def test_the_same_history_gives_the_same_forecasts_card_and_model_on_one_core_and_on_two():
    answers = set()
    for threads in ("1", "2"):
        environment = os.environ | {
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}"
        }
        environment |= dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads
        )
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        answers.add(done.stdout)
    assert len(answers) == 1
