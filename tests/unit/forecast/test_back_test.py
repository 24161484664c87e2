"""What a back-test measures, and that no origin knows what came after it."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ecommerce.forecast.models.ensemble import (
    CANDIDATES,
    forecasts_of_all,
    predict,
    train,
)
from ecommerce.forecast.selection import (
    back_test,
    coverage,
    origins,
    past_forecasts,
    score,
)
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import changed, make_panel, weekly
from tests.unit.forecast.shops import history, panel

NAN = float("nan")


def made(*series: tuple[object, object], kind: str = "sku") -> pd.DataFrame:
    """One origin; of each series what was said and what came, an amount a day or a list of them."""
    frames = []
    for place, (said, truth) in enumerate(series):
        frame = pd.DataFrame(
            {"week": np.arange(HORIZON) // 7, "forecast": said, "actual": truth},
            dtype=float,
        )
        for level, width in ((80, 1), (95, 3)):
            frame[f"lower_{level}"], frame[f"upper_{level}"] = (
                frame.forecast - width,
                frame.forecast + width,
            )
        frames.append(frame.assign(kind=kind, series=f"{kind}:{place}", origin=100))
    return pd.concat(frames)


def weekly_error(past: pd.DataFrame) -> float | None:
    return score("any", past)["weekly"]["sku"]


def test_errors_within_a_week_cancel_out_and_those_of_a_week_count():
    uneven = np.tile([12.0, 8, 10, 10, 10, 10, 10], 4)
    assert weekly_error(made((uneven, 10))) == pytest.approx(0)
    assert weekly_error(made((11, 10))) == pytest.approx(0.1)
    assert score("any", made((uneven, 10), kind="total"))["daily"] == pytest.approx(
        4 / 70, abs=1e-6
    )


def test_series_are_pooled_by_their_sales_and_the_total_is_none_of_them():
    assert weekly_error(made((11, 10), (90, 90))) == pytest.approx(0.01)
    total = made((500, 100), kind="total")
    assert weekly_error(pd.concat([made((11, 10), (90, 90)), total])) == pytest.approx(
        0.01
    )


def test_a_week_with_an_unknown_day_is_left_out():
    truth = np.full(HORIZON, 10.0)
    truth[9] = NAN
    said = np.full(HORIZON, 10.0)
    said[7:14] = 1000
    assert weekly_error(made((said, truth))) == pytest.approx(0)
    assert score("any", made((said, truth), kind="total"))["bias"] == pytest.approx(0)


def test_a_series_that_nothing_is_known_of_costs_no_other():
    assert weekly_error(made((11, 10), (NAN, 10), (10, NAN))) == pytest.approx(0.1)
    assert weekly_error(made((NAN, 10))) is None
    assert weekly_error(made((10, 0))) is None, (
        "errors relative to nothing are no figure"
    )


def test_bias_has_a_sign_and_is_that_of_the_total():
    past = pd.concat([made((5, 1)), made((9, 10), kind="total")])
    assert score("any", past)["bias"] == pytest.approx(-0.1)
    assert score("any", made((12, 10), kind="total"))["bias"] == pytest.approx(0.2)


def test_coverage_counts_days_on_which_something_was_expected():
    truth = np.full(HORIZON, 10.0)
    truth[:7] = 12
    truth[7:14] = NAN
    one = made((10, truth))
    assert coverage(one, 80) == pytest.approx(2 / 3)
    assert coverage(one, 95) == 1
    assert coverage(one.assign(lower_80=0, upper_80=0), 80) is None


def test_the_score_is_the_mean_of_the_kinds_that_could_be_judged():
    of_kinds = {
        "category": (11, 10),
        "total": (11, 10),
        "channel": (13, 10),
        "sku": (NAN, 10),
    }
    figures = score(
        "ridge", pd.concat([made(each, kind=kind) for kind, each in of_kinds.items()])
    )
    assert figures["score"] == 0.2
    assert figures["weekly"] == {"category": 0.1, "channel": 0.3, "sku": None}
    assert figures["bias"] == 0.1


def test_origins_are_a_week_apart_and_the_last_one_has_four_weeks_after_it():
    assert origins(390) == [390 - 28 - 7 * week for week in range(7, -1, -1)]
    assert [len(origins(days)) for days in (30, 83, 84, 104, 105, 133)] == [
        0,
        0,
        1,
        3,
        4,
        8,
    ]


def test_the_season_of_the_coming_weeks_is_tested_a_year_ago():
    assert origins(420) == [
        56,
        63,
        70,
        77,
        *(420 - 28 - 7 * week for week in range(7, -1, -1)),
    ]
    past = pd.concat(
        [
            made((11, 10)).assign(origin=56),
            made((13, 10)),
            made((10, 0)).assign(origin=107),
        ]
    )
    assert score("any", past)["by_origin"] == [0.1, 0.3, None]


def test_a_shop_whose_promotions_are_announced_is_forecast_best_by_who_knows_of_them():
    test = back_test(history())
    scores = {each["candidate"]: each for each in test["scores"]}
    assert tuple(scores) == CANDIDATES
    assert min(test["scores"], key=lambda each: each["score"])["candidate"] == "ridge"
    assert scores["ridge"]["score"] < 0.5 * scores["seasonal_naive"]["score"]
    assert len(test["origins"]) == 8
    assert (
        date.fromisoformat(test["as_of"]) - date.fromisoformat(test["origins"][-1])
    ).days == HORIZON + 1
    assert test["series"] == {"category": 3, "channel": 2, "sku": 2}
    assert set(scores["ridge"]["weekly"]) == {"category", "channel", "sku"}
    assert (
        0.5
        < scores["ridge"]["coverage"]["80"]
        <= scores["ridge"]["coverage"]["95"]
        <= 1
    )


def test_a_short_history_is_not_tested():
    test = back_test(history(104))
    assert (len(test["origins"]), test["scores"]) == (3, [])
    assert back_test(history(105))["scores"]


def test_a_shop_without_articles_is_judged_by_categories_and_channels():
    shop = history(110)
    skus = shop.panels["sku"]
    tables = {
        name: getattr(skus, name)[:, :0]
        for name in ("values", "promotions", "holidays")
    }
    none = replace(skus, series=(), **tables)
    test = back_test(replace(shop, panels={**shop.panels, "sku": none}))
    assert set(test["scores"][0]["weekly"]) == {"category", "channel"}
    assert test["scores"][0]["score"]


def test_the_same_history_gives_the_same_bytes():
    one, other = (json.dumps(back_test(history(130))) for _ in range(2))
    assert one == other
    assert "NaN" not in one


@pytest.mark.parametrize("days", [30, 110, 290])
def test_all_at_once_say_what_each_says_when_it_is_trained(days: int):
    shop = make_panel(weekly(days, series=2, noise=0.3))
    found = forecasts_of_all(shop)
    assert tuple(found) == CANDIDATES
    for name in ("seasonal_naive", "blend") if days > 182 else CANDIDATES:
        alone = predict(train(shop, name), shop)
        assert alone.values.tobytes() == found[name].values.tobytes()
        for level, (lower, upper) in alone.bounds.items():
            assert lower.tobytes() == found[name].bounds[level][0].tobytes()
            assert upper.tobytes() == found[name].bounds[level][1].tobytes()


@pytest.mark.parametrize("days", [150, 300], ids=["no boosting", "boosting"])
def test_an_origin_knows_nothing_of_what_came_after_it(days: int):
    """A leak detector: sales after each origin are shuffled, promotions beyond its horizon turned around."""
    shop = panel("category", days, 2, seed=5)
    known = origins(days)[::7]
    seen = [past_forecasts(shop, origin) for origin in known]
    for origin, before in zip(known, seen, strict=True):
        values = changed(
            shop.values,
            lambda table, o=origin: np.random.default_rng(0).shuffle(table[o:]),
        )
        promotions = changed(
            shop.promotions,
            lambda table, o=origin: np.subtract(
                1, table[o + HORIZON :], table[o + HORIZON :]
            ),
        )
        after = past_forecasts(
            replace(shop, values=values, promotions=promotions), origin
        )
        assert after.drop(columns="actual").equals(before.drop(columns="actual"))
        assert not after["actual"].equals(before["actual"])
