"""The trained models of a shop: fitted on the history, stored with their model card, and used to forecast."""

import hashlib
import json
import pickle
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from ecommerce.core.errors import StagingError
from ecommerce.forecast.data.history import History
from ecommerce.forecast.models.ensemble import (
    DEFAULT,
    TrainedModel,
    predict,
    train,
    wape,
)
from ecommerce.forecast.models.registry import TRAINED, Champion
from ecommerce.forecast.wording import TOTAL
from ecommerce.storage.kept_files import Store

MODEL, CARD = "model.pickle", "card.json"
AMOUNTS = ("forecast", "lower_80", "upper_80", "lower_95", "upper_95")


def train_all(history: History, champion: str = DEFAULT) -> dict[str, TrainedModel]:
    """Train the champion on each kind of series."""
    return {
        kind: train(panel, champion)
        for kind, panel in history.panels.items()
        if panel.series
    }


def predict_all(
    history: History, trained: Mapping[str, TrainedModel]
) -> list[dict[str, Any]]:
    """Forecast the next four weeks of all trained kinds. The total is the sum of the categories, with
    intervals from the errors of that sum. Return rows of `series`, `target_date`, `model` and `AMOUNTS`,
    ordered by series and day, without skipped series."""
    rows = []
    for kind, model in trained.items():
        names = [*model.series, TOTAL] if kind == "category" else model.series
        forecast = predict(model, history.panels[kind])
        tables = np.stack([forecast.values, *forecast.bounds[80], *forecast.bounds[95]])
        for place, series in enumerate(names):
            if np.isnan(forecast.values[:, place]).any():
                continue
            for ahead, amounts in enumerate(tables[:, :, place].T):
                day = history.as_of + timedelta(days=ahead)
                row = {"series": series, "target_date": day, "model": model.champion}
                rows.append(
                    row | dict(zip(AMOUNTS, map(rounded, amounts), strict=True))
                )
    return sorted(rows, key=lambda row: (row["series"], row["target_date"]))


def rounded(value: float) -> Decimal | None:
    """Return `value` with four decimals, rounded half away from zero; None for NaN."""
    exact = Decimal(repr(float(value)))
    return None if exact.is_nan() else exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def fit(history: History, champion: Champion, store: Store) -> dict[str, Any]:
    """Fit the champion and store it with its card below `trained/<as of>-<hash>/`, unless it is there; return
    the folder's `name`, the model's `sha256` and the `card`."""
    trained = train_all(history, champion.name)
    model, facts = pickle.dumps(trained, protocol=5), card(history, champion, trained)
    text = (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode()
    # Of both: another version of this code writes another model with the same card.
    name = f"{TRAINED}/{history.as_of}-{hashlib.sha256(text + model).hexdigest()[:16]}"
    if store.read(f"{name}/{CARD}") is None:
        store.write(f"{name}/{MODEL}", model)
        store.write(f"{name}/{CARD}", text)
    return {"name": name, "sha256": hashlib.sha256(model).hexdigest(), "card": facts}


def read(kept: Mapping[str, Any], store: Store) -> dict[str, TrainedModel]:
    """Return the model that `fit` stored; StagingError where it has changed, as unpickling runs code."""
    name = f"{kept['name']}/{MODEL}"
    data = store.read(name)
    if data is None or hashlib.sha256(data).hexdigest() != kept["sha256"]:
        raise StagingError(
            f"{store.uri_of(name)} is gone or has changed: clear the task `train` with downstream"
        )
    trained: dict[str, TrainedModel] = pickle.loads(data)  # noqa: S301 - the checksum matches
    return trained


def card(
    history: History, champion: Champion, trained: Mapping[str, TrainedModel]
) -> dict[str, Any]:
    """Return the model card: training data, errors at the weekly origins, limits. The same history gives the
    same card, byte by byte."""
    total = [
        (np.where(np.isnan(actual), 0, forecast).sum(axis=1), np.nansum(actual, axis=1))
        for forecast, actual, _ in trained["category"].calibration
    ]
    return {
        "as_of": str(history.as_of),
        "champion": champion.name,
        "selected": champion.version,
        "why": champion.why,
        "forecasts": "gross sales of 28 days in the reporting currency, with 80 % and 95 % intervals",
        "not_for": "later days, net sales, and effects that neither the history nor the promotions show",
        "total_error": wape(total),
        "gaps": [str(day) for day in history.gaps],
        "kinds": [
            {
                "kind": kind,
                "names": list(model.series),
                "series": len(model.series),
                "skipped": dict(model.skipped),
                "first_day": str(history.panels[kind].first_day),
                "days": history.panels[kind].days,
                "sales": hashlib.sha256(
                    history.panels[kind].values.tobytes()
                ).hexdigest(),
                "weights": {
                    name: round(weight, 6) for name, weight in model.weights.items()
                },
                "error": model.errors[champion.name],
                "error_of_last_week": model.errors["seasonal_naive"],
            }
            for kind, model in trained.items()
        ],
    }
