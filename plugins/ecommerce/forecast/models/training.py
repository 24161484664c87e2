"""The trained models of a shop: fitted on the history, stored with their model card, and used to forecast."""

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from ecommerce.core.errors import StagingError
from ecommerce.forecast.data.history import History
from ecommerce.forecast.models.ensemble import (
    TrainedModel,
    predict,
    train,
    wape,
)
from ecommerce.forecast.models.registry import TRAINED, Champion
from ecommerce.forecast.weeks import HORIZON
from ecommerce.forecast.wording import TOTAL
from ecommerce.storage.kept_files import Store

MODEL, CARD = "model.pickle", "card.json"
AMOUNTS = ("forecast", "lower_80", "upper_80", "lower_95", "upper_95")


def predict_all(
    history: History, trained: Mapping[str, TrainedModel]
) -> list[dict[str, Any]]:
    """Forecast the next four weeks of all trained kinds. The total is the sum of the categories, with
    intervals from the errors of that sum. Return rows of `series`, `target_date`, `model` and `AMOUNTS`,
    without skipped series."""
    rows: list[dict[str, Any]] = []
    for kind, model in trained.items():
        names = list(model.series)
        if kind == "category":
            names.append(TOTAL)
        forecast = predict(model, history.panels[kind])
        tables = [forecast.values, *forecast.bounds[80], *forecast.bounds[95]]
        amounts = np.stack(tables, axis=-1)
        for place, series in enumerate(names):
            if np.isnan(forecast.values[:, place]).any():
                continue
            for ahead in range(HORIZON):
                row: dict[str, Any] = {"series": series, "model": model.champion}
                row["target_date"] = history.as_of + timedelta(days=ahead)
                for name, amount in zip(AMOUNTS, amounts[ahead, place], strict=True):
                    row[name] = rounded(amount)
                rows.append(row)
    return rows


def rounded(value: float) -> Decimal | None:
    """Return `value` with four decimals, rounded half away from zero; None for NaN."""
    if np.isnan(value):
        return None
    return Decimal(repr(float(value))).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def fit(history: History, champion: Champion, store: Store) -> dict[str, Any]:
    """Fit the champion on each kind of series, and store it with its card below `trained/<as of>-<hash>/`;
    return the folder's `name`, the model's `sha256` and the `card`."""
    trained = {}
    for kind, panel in history.panels.items():
        if panel.series:
            trained[kind] = train(panel, champion.name)
    model = pickle.dumps(trained, protocol=5)
    digest = hashlib.sha256(model).hexdigest()
    name = f"{TRAINED}/{history.as_of}-{digest[:16]}"
    facts = card(history, champion, trained)
    store.write(f"{name}/{MODEL}", model)
    store.write(f"{name}/{CARD}", json.dumps(facts, indent=1).encode())
    return {"name": name, "sha256": digest, "card": facts}


def read(kept: Mapping[str, Any], store: Store) -> dict[str, TrainedModel]:
    """Return the model that `fit` stored; StagingError where it has changed, as unpickling runs code."""
    name = f"{kept['name']}/{MODEL}"
    data = store.read(name) or b""
    if hashlib.sha256(data).hexdigest() != kept["sha256"]:
        raise StagingError(
            f"{store.uri_of(name)} is gone or has changed: clear the task `train` with downstream"
        )
    trained: dict[str, TrainedModel] = pickle.loads(data)  # noqa: S301 - the checksum matches
    return trained


def card(
    history: History, champion: Champion, trained: Mapping[str, TrainedModel]
) -> dict[str, Any]:
    """Return the model card, as the report shows it: training data, errors at the weekly origins, limits."""
    kinds = []
    for kind, model in trained.items():
        panel, weights = history.panels[kind], {}
        for name, weight in model.weights[model.champion].items():
            weights[name] = round(weight, 6)
        naive = replace(model, champion="seasonal_naive")
        facts = {
            "kind": kind,
            "series": len(model.series),
            "skipped": model.skipped,
            "first_day": str(panel.first_day),
            "days": panel.days,
            "weights": weights,
            "error": wape(model.past_forecasts()),
            "error_of_last_week": wape(naive.past_forecasts()),
        }
        kinds.append(facts)
    totals = []
    for forecast, actual in trained["category"].past_forecasts():
        known = np.where(np.isnan(actual), 0, forecast)
        totals.append((known.sum(axis=1), np.nansum(actual, axis=1)))
    return {
        "champion": champion.name,
        "selected": champion.version,
        "why": champion.why,
        "forecasts": "gross sales of 28 days in the reporting currency, with 80 % and 95 % intervals",
        "not_for": "later days, net sales, and effects that neither the history nor the promotions show",
        "total_error": wape(totals),
        "kinds": kinds,
    }
