"""One shop with everything that a forecast reacts to, compared with the reviewed numbers of the snapshot.

The boosted trees are compared by their input (the features), because another processor may split them in
another way; what they forecast is tested in `test_ensemble`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ecommerce.core.named_weeks import black_friday
from ecommerce.forecast.data.panel import Panel, clean, holidays_of
from ecommerce.forecast.models.ensemble import (
    PanelForecast,
    forecasts_of_all,
    predict,
    train_candidates,
)
from ecommerce.forecast.models.features import Statistics, features
from ecommerce.forecast.models.season import growth, season
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import make_panel, weekly

AS_OF = date(2026, 11, 16)
SERIES = ("promoted", "half promoted", "closed on Sundays", "rare", "grown", "spiky")


def shop(days: int) -> Panel:
    """Known `days` before `AS_OF`, with promotions, holidays, a market index, a gap and a Black Friday."""
    first = AS_OF - timedelta(days=days)
    dates = [first + timedelta(days=number) for number in range(days + HORIZON)]
    promotions = np.zeros((days + HORIZON, len(SERIES)))
    is_promoted = np.arange(days + HORIZON) % 31 < 4
    promotions[is_promoted, 0] = 1
    promotions[is_promoted, 1] = 0.4
    holidays = holidays_of("US", first, days + HORIZON)
    is_holiday = holidays[:days] > 0
    is_black_friday = np.array([day == black_friday(day.year) for day in dates[:days]])

    values = weekly(days, len(SERIES), noise=0.15) * (1 + 0.6 * promotions[:days])
    values[is_holiday] *= 0.5
    values[is_black_friday] *= 2.5
    values[[day.weekday() == 6 for day in dates[:days]], 2] = 0
    values[np.random.default_rng(1).random(days) > 0.3, 3] = 0
    values[:, 4] *= 1.02 ** (np.arange(days) / 7)
    values[-150, 5] *= 4
    values[90:93] = np.nan
    panel = make_panel(
        values,
        promotions,
        np.repeat(holidays[:, None], len(SERIES), axis=1),
        100 + np.arange(days) / 20,
    )
    return replace(panel, first_day=first)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return shop(days=430)


@pytest.fixture(scope="module")
def forecasts(panel: Panel) -> Mapping[str, PanelForecast]:
    return forecasts_of_all(panel)


def digits(value: float) -> str:
    """A number with four significant digits."""
    return "-" if np.isnan(value) else f"{value:.4g}"


def table(heads: list[str], rows: list[tuple[str, np.ndarray]]) -> str:
    """Rows of numbers below their heads."""
    lines = [f"{'':24}" + "".join(f"{head:>10}" for head in heads)]
    for name, values in rows:
        lines.append(f"{name:24}" + "".join(f"{digits(value):>10}" for value in values))
    return "\n".join(line.rstrip() for line in lines)


def test_each_day_of_four_weeks(forecasts, snapshot):
    parts = []
    for candidate in ("open_weekday_mean", "ridge"):
        values = forecasts[candidate].values.T
        rows = list(zip([*SERIES, "total"], values, strict=True))
        days = [str(AS_OF + timedelta(days=day))[5:] for day in range(HORIZON)]
        parts.append(f"{candidate}\n{table(days, rows)}")
    assert "\n\n".join(parts) == snapshot


def weeks_and_widths(made: PanelForecast, levels: tuple[int, ...]) -> str:
    """By series: the sums of the four weeks, and how far the intervals of their first days reach."""
    heads = [f"week {week}" for week in "1234"]
    heads += [f"{level} % {week}" for level in levels for week in "1234"]
    rows = []
    for place, name in enumerate([*SERIES, "total"]):
        weeks = made.values[:, place].reshape(4, 7).sum(axis=1)
        widths = [(made.bounds[level][1] - made.values)[::7, place] for level in levels]
        rows.append((name, np.concatenate([weeks, *widths])))
    return table(heads, rows)


def test_weeks_and_their_intervals(forecasts, snapshot):
    names = ("seasonal_naive", "weekday_mean_8", "open_weekday_mean", "ridge")
    parts = [f"{name}\n{weeks_and_widths(forecasts[name], (80, 95))}" for name in names]
    assert "\n\n".join(parts) == snapshot


def test_a_short_history_its_blend_and_its_back_test(snapshot):
    panel = shop(days=170)
    blend = train_candidates(panel)["blend"]
    weights = [(name, np.array([part])) for name, part in blend.weights.items()]
    errors = [(name, np.array([part])) for name, part in blend.errors.items()]
    parts = [
        table(["weight"], weights),
        table(["error"], errors),
        weeks_and_widths(predict(blend, panel), (80,)),
    ]
    assert "\n\n".join(parts) == snapshot


def test_what_is_known_of_the_days_ahead(panel, snapshot):
    known = Statistics(panel)
    columns, base, level = features(known, panel.days - 1)
    days = [0, 1, 6, 9, 10, 11, 27]
    parts = []
    for place in (0, 2, 3):
        rows = [("base", base[days, place]), ("level", level[[place]])]
        for number in range(columns.shape[2]):
            rows.append((f"feature {number}", columns[days, place, number]))
        parts.append(
            f"{SERIES[place]}\n{table([f'day {day + 1}' for day in days], rows)}"
        )
    assert "\n\n".join(parts) == snapshot


def test_season_growth_and_clean_history(panel, snapshot):
    values, closed = clean(panel)
    line = season(panel, values)
    rises = growth(panel, values / line[: panel.days])
    days = range(panel.days - 42, panel.days + HORIZON, 2)
    dates = [str(panel.first_day + timedelta(days=day)) for day in days]
    rows = list(zip(dates, np.column_stack([line, rises])[days], strict=True))
    sums = []
    for place, name in enumerate(SERIES):
        sales = values[:, place]
        facts = [np.nansum(sales), np.isnan(sales).sum(), closed[:, place].sum()]
        sums.append((name, np.array(facts)))
    text = table(["season", "growth"], rows)
    assert f"{text}\n\n{table(['sales', 'unknown', 'closed'], sums)}" == snapshot
