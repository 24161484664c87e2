"""What a back-test measures, and that no origin knows what came after it."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection import (
    back_test,
    origins,
    past_forecasts,
    score_candidates,
)
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.shops import history, panel

NAN = float("nan")


def made(forecast, actual, series="sku:1"):
    """The forecasts of a series at one origin, and its sales: an amount a day, or a list of them."""
    amounts = {"forecast": forecast, "actual": actual}
    frame = pd.DataFrame(
        amounts,
        range(HORIZON),
        dtype=float,
    )
    return frame.assign(
        day=range(HORIZON),
        series=series,
        origin=100,
    )


def accuracy(*series):
    """That of a candidate by its forecasts of series."""
    [figures] = score_candidates(pd.concat(series).assign(candidate="ridge"))
    return figures


UNEVEN = np.tile(
    [12.0, 8, 10, 10, 10, 10, 10],
    4,
)
UNKNOWN_DAY = np.where(
    np.arange(HORIZON) == 9,
    NAN,
    10.0,
)
WRONG_IN_ITS_WEEK = np.where(
    np.arange(HORIZON) // 7 == 1,
    1000.0,
    10.0,
)


@pytest.mark.parametrize(
    ("series", "error"),
    [
        # Errors within a week cancel out, those of a week count.
        ([made(UNEVEN, 10)], 0),
        # Series are pooled by their sales, and the total is none of them.
        ([made(11, 10), made(90, 90, "sku:2"), made(500, 100, "category:1")], 0.01),
        # A week with an unknown day is left out, and a series of which nothing is known.
        ([made(WRONG_IN_ITS_WEEK, UNKNOWN_DAY)], 0),
        ([made(11, 10), made(NAN, 10, "sku:2"), made(10, NAN, "sku:3")], 0.1),
        ([made(NAN, 10)], None),
        ([made(10, 0)], None),
    ],
)
def test_the_weekly_error(series, error):
    assert accuracy(*series)["weekly"]["sku"] == error


@pytest.mark.parametrize(
    ("forecasts", "bias"),
    [
        ([made(UNEVEN, 10, "category:1")], 0),
        ([made(WRONG_IN_ITS_WEEK, UNKNOWN_DAY, "category:1")], 0),
        # It is that of the total: the sum of the categories that could be forecast.
        ([made(9, 10, "category:1"), made(5, 1)], -0.1),
        ([made(12, 10, "category:1"), made(9, 10, "category:2")], 0.05),
        ([made(12, 10, "category:1"), made(NAN, 50, "category:2")], 0.2),
        ([made(5, 1)], None),
    ],
)
def test_the_total_has_a_bias_with_a_sign(forecasts, bias):
    assert accuracy(*forecasts)["bias"] == pytest.approx(bias)


def test_the_score_is_the_mean_of_the_kinds_that_could_be_judged():
    of_category = made(11, 10, "category:1")
    figures = accuracy(
        of_category,
        made(13, 10, "channel:1"),
        made(NAN, 10),
    )
    assert figures["score"] == 0.2
    assert figures["weekly"] == {"category": 0.1, "channel": 0.3, "sku": None}


NEWEST = list(range(-77, -27, 7))


def test_origins_are_a_week_apart_and_the_last_one_has_four_weeks_after_it():
    assert origins(390) == [390 + back for back in NEWEST]
    counts = {days: len(origins(days)) for days in (83, 84, 105, 133)}
    assert counts == {83: 0, 84: 1, 105: 4, 133: 8}


def test_the_season_of_the_coming_weeks_is_tested_a_year_ago():
    newest = [420 + back for back in NEWEST]
    assert origins(420) == [56, 63, 70, 77, *newest]
    first = made(11, 10).assign(origin=56)
    last = made(10, 0).assign(origin=107)
    assert accuracy(first, made(13, 10), last)["by_origin"] == [0.1, 0.3, None]


def test_a_shop_whose_promotions_are_announced_is_forecast_best_by_who_knows_of_them():
    test = back_test(history(days=105))
    scores = {score["candidate"]: score["score"] for score in test["scores"]}
    assert tuple(scores) == CANDIDATES
    assert min(scores, key=scores.get) in ("ridge", "blend")
    assert scores["ridge"] < 0.5 * scores["seasonal_naive"]
    assert len(test["origins"]) == 4


@pytest.mark.parametrize("origin", [94, 230], ids=["no boosting", "boosting"])
def test_an_origin_knows_nothing_of_what_came_after_it(origin):
    """A leak detector: sales after the origin are shuffled, promotions beyond its horizon turned around."""
    end = origin + HORIZON
    shop = panel("category", end + 10, 3, seed=5)
    shop = replace(
        shop,
        market=100 + np.arange(end + 10) / 10,
    )
    shop.values[: origin - 10, 2] = 0  # too new for a forecast
    other = copy.deepcopy(shop)
    np.random.default_rng(0).shuffle(other.values[origin:])
    other.promotions[end:] = 1 - other.promotions[end:]
    other.market[origin:] = 7
    before = past_forecasts(shop, origin)
    after = past_forecasts(other, origin)
    assert after.drop(columns="actual").equals(before.drop(columns="actual"))
    assert not after["actual"].equals(before["actual"])
    is_forecast = before.groupby("series")["forecast"].count() > 0
    assert is_forecast.tolist() == [True, True, False]
