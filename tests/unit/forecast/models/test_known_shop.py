"""One shop with everything that a forecast reacts to, compared with the reviewed numbers of the snapshot.

The boosted trees are compared by their input (the features), because another processor may split them in
another way; what they forecast is tested in `test_ensemble`.
"""

from dataclasses import replace
from datetime import date, timedelta

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
    dates = pd.date_range(first, periods=days)
    promotions = np.zeros((days + HORIZON, len(SERIES)))
    is_promoted = np.arange(days + HORIZON) % 31 < 4
    promotions[is_promoted, 0] = 1
    promotions[is_promoted, 1] = 0.4
    holidays = holidays_of("US", first, days + HORIZON)
    is_holiday = holidays[:days] > 0
    is_black_friday = [day.date() == black_friday(day.year) for day in dates]

    values = weekly(days, len(SERIES), noise=0.15) * (1 + 0.6 * promotions[:days])
    values[is_holiday] *= 0.5
    values[is_black_friday] *= 2.5
    values[dates.day_of_week == 6, 2] = 0
    values[np.random.default_rng(1).random(days) > 0.3, 3] = 0
    values[:, 4] *= 1.02 ** (np.arange(days) / 7)
    values[-150, 5] *= 30
    values[90:93] = np.nan
    of_series = np.repeat(holidays[:, None], len(SERIES), axis=1)
    market = 100 + np.arange(days) / 20
    panel = make_panel(values, promotions, of_series, market)
    return replace(panel, first_day=first)


@pytest.fixture(scope="module")
def panel():
    return shop(days=430)


@pytest.fixture(scope="module")
def forecasts(panel):
    return predict_each_candidate(train(panel), panel)


def text_of(values, rows, heads):
    """A table of numbers with four significant digits."""
    table = pd.DataFrame(values, list(rows), list(heads))
    return table.to_string(float_format="{:.4g}".format, na_rep="-")


def test_each_day_of_four_weeks(forecasts, snapshot):
    dates = [str(AS_OF + timedelta(days=day)) for day in range(HORIZON)]
    plain = forecasts["open_weekday_mean"]
    ridge = forecasts["ridge"]
    parts = [text_of(made.forecast, dates, NAMES) for made in (plain, ridge)]
    assert "\n\n".join(parts) == snapshot


def weeks_and_widths(made):
    """By series: the sums of the four weeks, and how far the intervals of their first days reach."""
    values = made.forecast
    weeks = values.reshape(4, 7, -1).sum(axis=1)
    widths = [(upper - values)[::7] for upper in (made.upper_80, made.upper_95)]
    heads = [f"{what} {week}" for what in ("week", "80 %", "95 %") for week in "1234"]
    return text_of(np.concatenate([weeks, *widths]), heads, NAMES)


@pytest.mark.parametrize("candidate", ["seasonal_naive", "open_weekday_mean", "ridge"])
def test_weeks_and_their_intervals(forecasts, candidate, snapshot):
    assert weeks_and_widths(forecasts[candidate]) == snapshot


def test_a_short_history_its_blend_and_its_back_test(snapshot):
    panel = shop(days=170)
    blend = train(panel)
    errors = {}
    for name in CANDIDATES:
        errors[name] = wape(blend.forecasts[name], blend.actual)
    facts = pd.DataFrame({"weight": blend.weights, "error": errors})
    text = facts.reindex(CANDIDATES).to_string(float_format="{:.4g}".format, na_rep="-")
    assert f"{text}\n\n{weeks_and_widths(predict(blend, panel))}" == snapshot


@pytest.mark.parametrize("place", [0, 2, 3])
def test_what_is_known_of_the_days_ahead(panel, place, snapshot):
    known = Statistics(panel)
    last = panel.days - 1
    columns = features_after(known, last)[:, place]
    base = known.base_after(last)[:, place]
    level = np.repeat(known.level[last, place], HORIZON)
    table = np.column_stack([base, level, columns])
    days = [0, 3, 4, 6, 7, 8, 9, 10, 11, 27]
    heads = ["base", "level"]
    heads += [f"feature {number}" for number in range(columns.shape[1])]
    assert text_of(table[days].T, heads, [f"day {day + 1}" for day in days]) == snapshot
