"""How good the forecasts are, on public sales and demand, next to their peers; and what they cost.

    python -m benchmarks.forecast                  # the last eight weekly origins: PERFORMANCE.md
    python -m benchmarks.forecast --earlier 8      # eight origins before those
    python -m benchmarks.forecast --without-peers  # the pipeline's own candidates only
    python -m benchmarks.forecast --only cost      # time and memory of 1,000 series over three years

Every forecast is made from the panel as it was at its origin, 28 days ahead, by the code that the weekly DAG
runs. docs/PERFORMANCE.md names the sets and origins that the models were tuned on.
`benchmarks.forecast_peers` makes the peers' forecasts in the same run, for the same days. Nothing is kept
between runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from benchmarks import forecast_data
from benchmarks.runner import REPOSITORY, RESULTS, Contender, compare, measured, report
from ecommerce.forecast.data.panel import Floats, Panel
from ecommerce.forecast.models.ensemble import (
    DEFAULT,
    predict,
    predict_each_candidate,
    train,
)
from ecommerce.forecast.weeks import HORIZON

ORIGINS = 8
FIRST = 20
"""The number of series that every peer forecasts, besides the total."""
LEVELS = (80, 95)
SETS = {
    "rossmann": (forecast_data.rossmann, "DE"),
    "rossmann_christmas": (forecast_data.rossmann_christmas, "DE"),
    "complete_journey": (forecast_data.complete_journey, "US"),
    "bike_sharing": (forecast_data.bike_sharing, "US"),
    "expedia": (forecast_data.expedia, "US"),
}
"""The reader of each set, and the country of the peers' holidays."""
COLUMNS = ["forecast"]
for level in LEVELS:
    COLUMNS += [f"lo-{level}", f"hi-{level}"]
Made = dict[str, Floats]
"""By model: forecast and bounds in the order of `COLUMNS`, [columns, origins, HORIZON, series and total]."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=[*SETS, "cost"])
    parser.add_argument(
        "--earlier",
        type=int,
        default=0,
        help="skip so many weekly origins, the last ones",
    )
    parser.add_argument(
        "--without-peers",
        action="store_true",
        help="the pipeline's own candidates only",
    )
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        _cost(arguments.series)
        return
    for name, (read, country) in SETS.items():
        if arguments.only in (None, name):
            _score(
                name,
                read(),
                arguments.earlier,
                None if arguments.without_peers else country,
            )
    if arguments.only in (None, "cost"):
        command = [
            sys.executable,
            "-m",
            "benchmarks.forecast",
            "--once",
            "--series",
            str(arguments.series),
        ]
        name = f"{arguments.series} series, three years, one thread"
        results = compare(
            [Contender(name, command)],
            name,
            rounds=1,
            warm_up=False,
        )
        print(
            "written to",
            report("forecast_cost", results, {"repository": REPOSITORY.name}),
        )


def _cost(series: int) -> None:
    panel = forecast_data.made_up(series, years=3)
    with measured() as facts:
        forecast = predict(train(panel), panel).forecast
        facts["forecast"] = round(float(np.nansum(forecast[:, :-1])))


def _score(
    name: str,
    panel: Panel,
    earlier: int,
    country: str | None,
) -> None:
    """Print a table of the pipeline's candidates and, with a `country`, its peers; the least WAPE is bold.

    Coverage counts the days with sales, and those without that the default model does not forecast as closed:
    the same days for every model. That of series is over the first ones, which all peers forecast.
    """
    known = []
    for week in reversed(range(ORIGINS)):
        known.append(panel.days - HORIZON - 7 * (week + earlier))
    values = np.column_stack([panel.values, np.nansum(panel.values, axis=1)])
    actual = np.stack([values[days : days + HORIZON] for days in known])
    made = _own(panel, known)
    if country:
        made |= _peers(panel, values, known, country)
    is_open = (actual > 0) | (made[DEFAULT][COLUMNS.index("hi-95")] > 0)
    first_series = min(FIRST, len(panel.series))
    parts = {
        "total": slice(-1, None),
        f"first {FIRST} series": slice(0, first_series),
        f"total and first {FIRST}": list(range(-1, first_series)),
        "total and all": slice(None),
    }
    errors: dict[str, list[float]] = {}
    for model, (forecast, *_) in made.items():
        errors[model] = []
        for part in parts.values():
            error = _wape(forecast[..., part], actual[..., part])
            errors[model].append(error)
    least = np.nanmin(list(errors.values()), axis=0)
    covers = []
    for level in LEVELS:
        covers += [f"{level} % cover, total", f"{level} % cover, series"]
    first = panel.dates[known[0] - 1].date()
    last = panel.dates[known[-1] - 1].date()
    print(
        f"\n{name}: {len(panel.series)} series, {ORIGINS} weekly origins, {first} to {last}\n"
    )
    print(f"| model | {' | '.join([*parts, 'bias of total', *covers])} |")
    print(f"|---|{'---:|' * (len(parts) + 1 + len(covers))}")
    for model, (forecast, *bounds) in made.items():
        bias = np.nansum(forecast[..., -1]) / np.nansum(actual[..., -1]) - 1
        cells = []
        for error, best in zip(errors[model], least, strict=True):
            if np.isnan(error):
                cells.append("")
            elif error == best:
                cells.append(f"**{error:.2%}**")
            else:
                cells.append(f"{error:.2%}")
        cells.append(f"{bias:+.1%}")
        for lower, upper in zip(bounds[::2], bounds[1::2], strict=True):
            is_held = (actual >= lower) & (actual <= upper)
            for part in list(parts.values())[:2]:
                cells.append(
                    f"{is_held[..., part][(is_open & ~np.isnan(actual))[..., part]].mean():.1%}"
                )
        print(f"| {model} | {' | '.join(cells)} |", flush=True)


def _own(panel: Panel, known: list[int]) -> Made:
    by_model: dict[str, list[Floats]] = {}
    for days in known:
        then = panel.until(days)
        for model, forecast in predict_each_candidate(train(then), then).items():
            by_model.setdefault(model, []).append(np.stack(forecast))
    made = {}
    for model, of_origins in by_model.items():
        made[model] = np.stack(of_origins, axis=1)
    return made


def _peers(
    panel: Panel,
    values: Floats,
    known: list[int],
    country: str,
) -> Made:
    names = [*panel.series, "total"]
    with tempfile.TemporaryDirectory() as folder:
        source, target = (
            Path(folder) / "values.parquet",
            Path(folder) / "forecasts.parquet",
        )
        pd.DataFrame(
            values, pd.DatetimeIndex(panel.dates[: panel.days]), names
        ).to_parquet(source)
        python, script = (
            RESULTS / "peers/bin/python",
            Path(__file__).with_name("forecast_peers.py"),
        )
        subprocess.run(
            [
                python,
                script,
                source,
                target,
                country,
                str(FIRST),
                *map(str, known),
            ],
            check=True,
        )
        rows = pd.read_parquet(target).set_index(
            [
                "model",
                "days",
                "day",
                "series",
            ]
        )
    shape = (len(COLUMNS), len(known), HORIZON, len(names))
    made = {}
    for model, of_model in rows.groupby(level="model"):
        columns = []
        for column in COLUMNS:
            table = of_model[column].unstack("series").reindex(columns=names)
            columns.append(table.to_numpy())
        made[model] = np.stack(columns).reshape(shape)
    return made


def _wape(forecast: Floats, actual: Floats) -> float:
    """Return the WAPE over the days with sales known; NaN if a series has no forecast at all."""
    if np.isnan(forecast).all(axis=(0, 1)).any():
        return np.nan
    is_known = ~np.isnan(actual) & ~np.isnan(forecast)
    return float(
        np.abs(forecast - actual)[is_known].sum() / np.abs(actual)[is_known].sum()
    )


if __name__ == "__main__":
    main()
