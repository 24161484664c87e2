"""Forecast with AutoETS, LightGBM and Prophet, as set in their documentation, for `benchmarks.forecast`.

    .bench/peers/bin/python benchmarks/forecast_peers.py values.parquet forecasts.parquet US 20 600 607

The arguments after the two files: the country of the holidays, the number of series, and the origins as
numbers of known days. The script has its own environment: the pipeline does not use these libraries.

The first file has a column per series, then `total`, and a row per day. The second one has the forecast and
the bounds of each model, origin, series and day. AutoETS and Prophet fit every series alone, so they forecast
only the total and the first series; LightGBM is one model of all series. None of them knows promotions.
"""

import logging
import sys

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from mlforecast import MLForecast
from mlforecast.utils import PredictionIntervals
from prophet import Prophet
from statsforecast import StatsForecast
from statsforecast.models import AutoETS

HORIZON = 28
LEVELS = [80, 95]
COLUMNS = ["forecast"]
for level in LEVELS:
    COLUMNS += [f"lo-{level}", f"hi-{level}"]


def main() -> None:
    source, target, country, series, *origins = sys.argv[1:]
    values = pd.read_parquet(source)
    subset = [*values.columns[:-1][: int(series)], "total"]
    made = []
    for days in map(int, origins):
        known = values.iloc[:days]
        forecasts = {
            "auto_ets": _auto_ets(known[subset]),
            "lightgbm": _lightgbm(known),
            "prophet": pd.concat(_prophet(known[name], country) for name in subset),
        }
        for model, frame in forecasts.items():
            made.append(frame.assign(model=model, days=days))
        print(
            f"peers: {days} days",
            file=sys.stderr,
            flush=True,
        )
    pd.concat(made, ignore_index=True).to_parquet(target)


def _auto_ets(known: pd.DataFrame) -> pd.DataFrame:
    models = StatsForecast(models=[AutoETS(season_length=7, alias="m")], freq="D")
    return _renamed(
        models.forecast(
            df=_long(known),
            h=HORIZON,
            level=LEVELS,
        )
    )


def _lightgbm(known: pd.DataFrame) -> pd.DataFrame:
    models = MLForecast(
        models={
            "m": LGBMRegressor(
                verbosity=-1,
                random_state=1,
                n_jobs=1,
            )
        },
        freq="D",
        lags=[
            7,
            14,
            21,
            28,
        ],
        date_features=["dayofweek", "month"],
    )
    # Ten windows as in the documentation, fewer if they would leave less than half of a short history.
    windows = PredictionIntervals(
        n_windows=min(10, len(known) // (2 * HORIZON)), h=HORIZON
    )
    models.fit(
        _long(known),
        prediction_intervals=windows,
        static_features=[],
    )
    return _renamed(models.predict(HORIZON, level=LEVELS))


def _prophet(known: pd.Series, country: str) -> pd.DataFrame:
    np.random.seed(1)  # Prophet draws its intervals with the global generator.
    model = Prophet(
        yearly_seasonality=len(known) >= 365,
        weekly_seasonality=True,
        daily_seasonality=False,
    )
    model.add_country_holidays(country)
    model.fit(pd.DataFrame({"ds": known.index, "y": known.to_numpy()}))
    future = model.make_future_dataframe(HORIZON, include_history=False)
    drawn = model.predictive_samples(future)["yhat"]
    shares = []
    for level in LEVELS:
        for sign in (-1, 1):
            shares.append((1 + sign * level / 100) / 2)
    bounds = np.quantile(drawn, shares, axis=1)
    table = np.column_stack([model.predict(future)["yhat"], bounds.T])
    return pd.DataFrame(table.clip(min=0), columns=COLUMNS).assign(
        series=known.name, day=range(HORIZON)
    )


def _long(known: pd.DataFrame) -> pd.DataFrame:
    """Rows of (unique_id, ds, y). Gaps have the value of the same weekday before, or else after them."""
    weekday = known.index.dayofweek
    filled = known.groupby(weekday).ffill()
    filled = filled.fillna(filled.groupby(weekday).bfill()).fillna(0.0)
    return (
        filled.rename_axis("ds")
        .reset_index()
        .melt("ds", var_name="unique_id", value_name="y")
    )


def _renamed(made: pd.DataFrame) -> pd.DataFrame:
    """Forecasts and bounds below zero are set to zero, as those of the pipeline are."""
    made = made.rename(columns={"unique_id": "series"})
    made = made.rename(
        columns=lambda name: "forecast" if name == "m" else name.removeprefix("m-")
    )
    made[COLUMNS] = made[COLUMNS].clip(lower=0)
    return made.assign(day=made.groupby("series").cumcount())[
        [
            "series",
            "day",
            *COLUMNS,
        ]
    ]


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
