"""How good the forecasts are, on public sales and demand, and what they cost.

    python -m benchmarks.forecast                 # the last eight weekly origins: PERFORMANCE.md
    python -m benchmarks.forecast --earlier 8     # eight origins before those: what the models were tuned on
    python -m benchmarks.forecast --only cost     # time and memory of 1,000 series over three years

Every forecast is made from the panel as it was at its origin, 28 days ahead, by the code that the weekly DAG
runs. No choice was made by looking at the last eight origins: models, their parameters and the power of the
blend's weights were chosen on origins that ended before the first of them began.
"""

import argparse
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks import forecast_data
from benchmarks.runner import REPOSITORY, Contender, compare, measured, report
from ecommerce.forecast.data.panel import Panel
from ecommerce.forecast.models.ensemble import DEFAULT, PanelForecast, forecasts_of_all, predict, train
from ecommerce.forecast.weeks import HORIZON

ORIGINS = 8
COMPARED = ("seasonal_naive", "weekday_mean_8", "ridge", "boosting", DEFAULT)
SETS = {
    "rossmann": forecast_data.rossmann,
    "rossmann_christmas": forecast_data.rossmann_christmas,
    "complete_journey": forecast_data.complete_journey,
    "bike_sharing": forecast_data.bike_sharing,
}
FIRST_STORES = 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=[*SETS, "cost"])
    parser.add_argument("--earlier", type=int, default=0, help="skip so many weekly origins, the last ones")
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        _cost(arguments.series)
        return
    for name, read in SETS.items():
        if arguments.only in (None, name):
            _score(name, read(), arguments.earlier)
    if arguments.only in (None, "cost"):
        command = [sys.executable, "-m", "benchmarks.forecast", "--once", "--series", str(arguments.series)]
        name = f"{arguments.series} series, three years, one thread"
        results = compare([Contender(name, command)], name, rounds=1, warm_up=False)
        print("written to", report("forecast_cost", results, {"repository": REPOSITORY.name}))


def _cost(series: int) -> None:
    panel = forecast_data.made_up(series, years=3)
    with measured() as facts:
        facts["forecast"] = round(float(np.nansum(predict(train(panel), panel).values[:, :-1])))


def _score(name: str, panel: Panel, earlier: int) -> None:
    places = list(range(len(panel.series)))
    known = [panel.days - HORIZON - 7 * (week + earlier) for week in reversed(range(ORIGINS))]
    truth = [_with_total(panel.values[days : days + HORIZON]) for days in known]
    first, last = (panel.until(days).origin for days in (known[0], known[-1]))
    print(f"\n{name}: {len(places)} series, {ORIGINS} weekly origins, {first} to {last}\n")
    parts = {"total": slice(-1, None), "total and series": slice(None)}
    if name.startswith("rossmann"):
        parts[f"first {FIRST_STORES}"] = slice(0, FIRST_STORES)
    print(f"| model | {' | '.join(parts)} | bias of total | 80 % cover | 95 % cover |")
    print(f"|---|{'---:|' * (len(parts) + 3)}")
    of_all = [forecasts_of_all(panel.until(days)) for days in known]
    for champion in COMPARED:
        made = [of_origin[champion] for of_origin in of_all]
        predicted = np.stack([one.values for one in made])
        actual = np.stack(truth)
        cells = [_wape(predicted[:, :, part], actual[:, :, part]) for part in parts.values()]
        bias = np.nansum(predicted[:, :, -1]) / np.nansum(actual[:, :, -1]) - 1
        covers = [_covered(made, actual, level) for level in (80, 95)]
        print(
            f"| {champion} | {' | '.join(f'{cell:.2%}' for cell in cells)} | {bias:+.1%} | "
            f"{' | '.join(f'{cover:.1%}' for cover in covers)} |",
            flush=True,
        )


def _with_total(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values, np.nansum(values, axis=1)])


def _wape(predicted: np.ndarray, actual: np.ndarray) -> float:
    known = ~np.isnan(actual) & ~np.isnan(predicted)
    return float(np.abs(predicted - actual)[known].sum() / np.abs(actual)[known].sum())


def _covered(made: list[PanelForecast], actual: np.ndarray, level: int) -> float:
    """The part of days, of all series, that lay in the interval; days that are closed are not counted."""
    lower = np.stack([one.bounds[level][0] for one in made])
    upper = np.stack([one.bounds[level][1] for one in made])
    counted = ~np.isnan(actual) & (upper > 0)
    return float(((actual >= lower) & (actual <= upper))[counted].mean())


if __name__ == "__main__":
    main()
