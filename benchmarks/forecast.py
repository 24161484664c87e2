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
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from benchmarks import forecast_data
from benchmarks.runner import (
    RESULTS,
    Contender,
    measured,
    module_command,
    run_once,
)
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
    parser.add_argument(
        "--once",
        action="store_true",
        help=argparse.SUPPRESS,
    )
    arguments = parser.parse_args()
    if arguments.once:
        _cost()
        return
    for name, (read, country) in SETS.items():
        if arguments.only in (None, name):
            peers_country = None if arguments.without_peers else country
            _score(
                name,
                read(),
                arguments.earlier,
                peers_country,
            )
    if arguments.only in (None, "cost"):
        command = module_command("benchmarks.forecast", "--once")
        run_once(Contender("1,000 series over three years", command))


def _cost() -> None:
    panel = forecast_data.made_up(1000, years=3)
    with measured():
        predict(train(panel), panel)


def _score(name: str, panel: Panel, earlier: int, country: str | None) -> None:
    """Print a table of the pipeline's candidates and, with a `country`, its peers, in percent.

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
        made |= _peers(
            panel,
            values,
            known,
            country,
        )
    is_open = (actual > 0) | (made[DEFAULT][COLUMNS.index("hi-95")] > 0)
    is_counted = is_open & ~np.isnan(actual)
    parts = {
        "total": slice(-1, None),
        "series": slice(0, min(FIRST, len(panel.series))),
        "all": slice(None),
    }
    rows: dict[str, dict[str, float]] = {}
    for model, forecasts in made.items():
        forecast = forecasts[0]
        row = {}
        for part, place in parts.items():
            row[part] = _wape(forecast[..., place], actual[..., place])
        row["bias of total"] = np.nansum(forecast[..., -1]) / np.nansum(actual[..., -1])
        row["bias of total"] -= 1
        for level in LEVELS:
            lower = forecasts[COLUMNS.index(f"lo-{level}")]
            upper = forecasts[COLUMNS.index(f"hi-{level}")]
            is_held = (actual >= lower) & (actual <= upper)
            for part in ("total", "series"):
                held = is_held[..., parts[part]][is_counted[..., parts[part]]]
                row[f"{level} % interval, {part}"] = held.mean()
        rows[model] = row
    first = panel.dates[known[0] - 1].date()
    last = panel.dates[known[-1] - 1].date()
    print(f"\n{name}: {len(panel.series)} series, origins {first} to {last}\n")
    table = pd.DataFrame.from_dict(rows, orient="index")
    print(table.mul(100).round(2).to_markdown(), flush=True)


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


def _peers(panel: Panel, values: Floats, known: list[int], country: str) -> Made:
    names = [*panel.series, "total"]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "values.parquet"
        target = Path(folder) / "forecasts.parquet"
        dates = pd.DatetimeIndex(panel.dates[: panel.days])
        pd.DataFrame(values, dates, names).to_parquet(source)
        command = [
            RESULTS / "peers/bin/python",
            Path(__file__).with_name("forecast_peers.py"),
            source,
            target,
            country,
            str(FIRST),
            *map(str, known),
        ]
        subprocess.run(command, check=True)
        rows = pd.read_parquet(target)
    rows = rows.set_index(["model", "days", "day", "series"])
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
