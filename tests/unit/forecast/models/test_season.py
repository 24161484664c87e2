"""Season, growth, closures and shifts of level, in shops whose coming sales are known."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from dateutil.easter import easter

from ecommerce.core.named_weeks import black_friday
from ecommerce.forecast.data.panel import Panel, clean, holidays_of
from ecommerce.forecast.models.ensemble import PanelForecast, predict, train, with_total
from ecommerce.forecast.models.season import season
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import WEEK, changed, dated, make_panel, shapes, weekly

NOISE = 0.1


def shop(
    as_of: date, days: int, rise: Callable[[date], float]
) -> tuple[Panel, np.ndarray]:
    """Three series that sell their weekday times the rise of each day, and the total to come."""
    first = as_of - timedelta(days=days)
    dates = [first + timedelta(days=day) for day in range(days + HORIZON)]
    truth = np.array([WEEK[day.weekday()] * rise(day) for day in dates])
    noise = np.random.default_rng(4).lognormal(0, NOISE, (days, 3))
    holidays = np.repeat(holidays_of("US", first, days + HORIZON)[:, None], 3, axis=1)
    series = tuple(f"category:{place}" for place in range(3))
    panel = Panel(
        first, series, truth[:days, None] * noise, np.zeros(holidays.shape), holidays
    )
    return panel, 3 * truth[days:]


def forecast(panel: Panel) -> PanelForecast:
    return predict(train(panel), panel)


def miss(panel: Panel, truth: np.ndarray) -> float:
    """The forecast's error of the four weeks."""
    return abs(float(forecast(panel).values[:, -1].sum() / truth.sum()) - 1)


def christmas(peak: float) -> Callable[[date], float]:
    """Sales rise for five weeks before Christmas."""
    return lambda day: (
        peak ** max(0.0, 1 - abs((date(day.year, 12, 24) - day).days - 0.1) / 36)
    )


@pytest.mark.parametrize("peak", [1.5, 3])
@pytest.mark.parametrize(
    ("days", "most"), [(420, 0.15), (785, 0.08)], ids=["seen once", "seen twice"]
)
def test_a_christmas_that_was_seen_is_forecast(peak: float, days: int, most: float):
    panel, truth = shop(date(2025, 11, 27), days, christmas(peak))
    assert truth.sum() > 1.15 * panel.values[-28:].sum()
    assert miss(panel, truth) < most


def test_an_easter_that_moves_by_two_weeks_is_forecast_on_its_date():
    panel, truth = shop(
        date(2025, 4, 1),
        820,
        lambda day: 1.6 if 0 <= (easter(day.year) - day).days < 14 else 1.0,
    )
    values = forecast(panel).values[:, -1]
    rises = (
        values[5:19].sum() / values[19:].sum() / (truth[5:19].sum() / truth[19:].sum())
    )
    assert abs(rises - 1) < 0.1


@pytest.mark.parametrize("a_week", [0.01, 0.03])
@pytest.mark.parametrize("days", [182, 364, 728])
def test_growth_goes_on(a_week: float, days: int):
    as_of = date(2025, 9, 1)
    panel, truth = shop(
        as_of, days, lambda day: (1 + a_week) ** ((day - as_of).days / 7)
    )
    assert miss(panel, truth) < 0.05


@pytest.mark.parametrize("days", [400, 785])
def test_a_closure_of_every_known_year_is_forecast_as_nothing(days: int):
    panel, truth = shop(
        date(2025, 12, 10), days, lambda day: (day.month, day.day) not in CLOSED
    )
    values = forecast(panel).values[:, -1]
    assert (values[truth == 0] == 0).all()
    assert (values[truth > 0] > 0).all()


CLOSED = [(12, day) for day in range(24, 32)] + [(1, day) for day in range(1, 4)]


@pytest.mark.parametrize("factor", [3, 1 / 3])
def test_a_level_of_two_weeks_is_the_level_of_the_forecast(factor: float):
    as_of = date(2025, 9, 1)
    panel, truth = shop(
        as_of, 400, lambda day: factor if as_of - day <= timedelta(days=14) else 1
    )
    assert miss(panel, truth) < 0.15


def test_intervals_hold_their_share_of_the_days():
    """Eight shops, with and without a season: a single one may be off."""
    shares = {80: [], 95: []}
    for as_of in (
        date(2025, 9, 1),
        date(2025, 11, 10),
        date(2025, 11, 27),
        date(2025, 12, 8),
    ):
        for days in (420, 785):
            panel, _ = shop(
                as_of + timedelta(days=HORIZON), days + HORIZON, christmas(2)
            )
            bounds = forecast(panel.until(days)).bounds
            actual = with_total(panel.values[days:])
            for level, (lower, upper) in bounds.items():
                shares[level].append((lower <= actual) & (actual <= upper))
    assert 0.75 < np.mean(shares[80]) < 0.9
    assert 0.9 < np.mean(shares[95]) < 0.995


def test_errors_of_the_last_weeks_weigh_most():
    calm, wild = (np.full((728, 1), 100.0) for _ in range(2))
    days = np.random.default_rng(2).permutation(np.tile([0.8, 1.2], 28))[:, None]
    calm[-112:-56], wild[-56:] = 100 * days, 100 * days
    widths = []
    for values in (calm, wild):
        lower, upper = forecast(make_panel(values)).bounds[80]
        widths.append((upper - lower).sum())
    assert widths[0] < widths[1] / 2


def test_noise_is_no_season():
    panel = make_panel(weekly(728, series=3, noise=0.2))
    assert np.abs(season(panel, panel.values) - 1).max() < 0.05


def test_days_without_sales_are_noise_too():
    sells = np.random.default_rng(3).random((430, 1)) < 0.6
    panel = make_panel(weekly(430, series=1, noise=0.3) * sells)
    assert np.abs(np.log(season(panel, panel.values))).max() < 1


@pytest.mark.parametrize("years", [1, 2])
def test_a_black_friday_is_forecast_on_its_days(years: int):
    rises = {0: 2.0, 1: 1.5, 2: 1.5, 3: 1.5}
    panel, truth = shop(
        date(2025, 11, 20),
        364 * years + 55,
        lambda day: rises.get((day - black_friday(day.year)).days, 1),
    )
    values = forecast(panel).values[:, -1]
    assert abs(values.sum() / truth.sum() - 1) < 0.05
    assert np.argmax(values) == 8


def test_a_history_that_begins_on_black_friday_has_no_peak_on_other_days():
    panel, _ = shop(
        date(2025, 2, 3), 437, lambda day: 2.2 if day == black_friday(2023) else 1.0
    )
    assert panel.first_day == black_friday(2023)
    assert np.abs(np.log(season(panel, panel.values)[10:300])).max() < 0.2


def test_a_growth_that_has_ended_does_not_go_on():
    panel, truth = shop(
        date(2025, 9, 1),
        400,
        lambda day: 1.03 ** (min(0, (day - date(2025, 6, 9)).days) / 7),
    )
    assert miss(panel, truth) < 0.05


@pytest.mark.parametrize("sells", [0.0, np.nan])
def test_a_kind_without_sales_has_no_season(sells: float):
    panel = make_panel(np.full((450, 2), sells))
    assert (season(panel, panel.values) == 1).all()
    assert not np.nansum(forecast(panel).values)


@pytest.mark.parametrize("days", [356, 420])
@pytest.mark.parametrize(
    "as_of",
    [date(2026, 12, 1), date(2026, 4, 8), date(2026, 3, 20), date(2026, 1, 1)],
    ids=str,
)
def test_every_kind_has_a_season_around_moved_dates(as_of: date, days: int):
    """Of 40 shops of one series each: a rare seller has weeks without any other sale than its own."""
    for series in np.maximum(shapes(days, seed=days), 0).T:
        panel = dated(series[:, None], as_of)
        assert np.isfinite(np.log(season(panel, panel.values))).all()


def test_a_capped_day_leaves_its_part_in_the_level():
    values = changed(
        weekly(364), lambda table: table.__setitem__(slice(100, 350, 25), 2000)
    )
    panel = make_panel(values)
    assert clean(panel)[0].sum() == pytest.approx(values.sum())
    assert clean(panel)[0].max() < 600
