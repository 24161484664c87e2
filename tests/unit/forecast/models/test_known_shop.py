"""One shop with everything that a forecast reacts to, compared with the reviewed numbers of the snapshot.

The boosted trees are compared by their input (the features), because another processor may split them in
another way; what they forecast is tested in `test_ensemble`.
"""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd
import pytest

from ecommerce.core.calendar_days import black_friday
from ecommerce.forecast.data.panel import holidays_of
from ecommerce.forecast.models.boosting import features_after
from ecommerce.forecast.models.ensemble import (
    CANDIDATES,
    predict,
    predict_each_candidate,
    train,
    wape,
)
from ecommerce.forecast.models.statistics import Statistics
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import make_panel, weekly

AS_OF = date(2026, 11, 16)
SERIES = ("promoted", "half promoted", "closed on Sundays", "rare", "grown", "spiky")
NAMES = (*SERIES, "total")


def shop(days):
    """Known `days` before `AS_OF`, with promotions, holidays, a market index, a gap and a Black Friday."""
    first = AS_OF - timedelta(days=days)
    number = np.arange(days + HORIZON)
    promotions = np.zeros((days + HORIZON, len(SERIES)))
    promotions[number % 31 < 4, :2] = [1, 0.4]
    holidays = holidays_of("US", first, days + HORIZON)
    dates = pd.date_range(first, periods=days)
    number = number[:days]

    values = weekly(days, len(SERIES), noise=0.15) * (1 + 0.6 * promotions[:days])
    values[holidays[:days] > 0] *= 0.5
    values[[day.date() == black_friday(day.year) for day in dates]] *= 2.5
    values[dates.day_of_week == 6, 2] = 0
    values[np.random.default_rng(1).random(days) > 0.3, 3] = 0
    values[:, 4] *= 1.02 ** (number / 7)
    values[-150, 5] *= 100
    values[90:93] = np.nan
    panel = make_panel(
        values,
        promotions,
        holidays[:, None],
        100 + number / 20,
    )
    return replace(panel, first_day=first)


@pytest.fixture(scope="module")
def panel():
    return shop(days=430)


@pytest.fixture(scope="module")
def forecasts(panel):
    return predict_each_candidate(train(panel), panel)


def text_of(values, rows, heads):
    """A table of numbers with four significant digits."""
    table = pd.DataFrame(
        values,
        list(rows),
        list(heads),
    )
    return table.to_string(float_format="{:.4g}".format, na_rep="-")


def days_and_widths(made):
    """By series: every second day of four weeks, and how far the intervals of the weeks' first days reach."""
    heads = [str(AS_OF + timedelta(days=day)) for day in range(0, HORIZON, 2)]
    heads += map(" ".join, product(("80 %", "95 %"), "1234"))
    width_80 = (made.upper_80 - made.forecast)[::7]
    width_95 = (made.upper_95 - made.forecast)[::7]
    rows = np.concatenate([made.forecast[::2], width_80, width_95])
    return text_of(rows, heads, NAMES)


@pytest.mark.parametrize("candidate", ["seasonal_naive", "open_weekday_mean", "ridge"])
def test_days_and_their_intervals(forecasts, candidate, snapshot):
    assert days_and_widths(forecasts[candidate]) == snapshot


def test_a_short_history_its_blend_and_its_back_test(snapshot):
    panel = shop(days=170)
    blend = train(panel)
    errors = {}
    for name in CANDIDATES:
        errors[name] = wape(
            blend.forecasts[name],
            blend.actual,
        )
    facts = pd.DataFrame({"weight": blend.weights, "error": errors})
    text = text_of(facts, CANDIDATES, facts)
    assert f"{text}\n\n{days_and_widths(predict(blend, panel))}" == snapshot


@pytest.mark.parametrize("place", [0, 2, 3])
def test_what_is_known_of_the_days_ahead(panel, place, snapshot):
    known = Statistics(panel)
    last = panel.days - 1
    columns = features_after(known, last)[:, place]
    base = known.base_after(last)[:, place]
    level = np.repeat(
        known.level[last, place],
        HORIZON,
    )
    table = np.column_stack([base, level, columns]).T
    heads = ["base", "level"]
    heads += [f"feature {number}" for number in range(columns.shape[1])]
    days = {f"day {day}": day - 1 for day in (1, 4, 5, 7, 8, 9, 10, 11, 12, 28)}
    assert (
        text_of(
            table[:, list(days.values())],
            heads,
            days,
        )
        == snapshot
    )
