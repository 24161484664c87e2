"""The trained models of a shop: fitted on the history, stored, described by a model card, and used to
forecast."""

import hashlib
import pickle
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from ecommerce.core.errors import StagingError
from ecommerce.core.values import Json
from ecommerce.forecast.data.history import History
from ecommerce.forecast.data.panel import is_known, only_where
from ecommerce.forecast.models.ensemble import (
    DEFAULT,
    NAIVE,
    TrainedModel,
    predict,
    train,
    wape,
)
from ecommerce.forecast.models.registry import TRAINED, Champion
from ecommerce.forecast.weeks import HORIZON
from ecommerce.forecast.wording import TOTAL
from ecommerce.storage.kept_files import Store

Models = dict[str, TrainedModel]
"""By kind of series."""
MODEL = "model.pickle"


def predict_all(history: History, trained: Models) -> list[Json]:
    """Forecast the next four weeks of all trained kinds. The total is the sum of the categories, with
    intervals from the errors of that sum. Return rows of `series`, `target_date`, `model` and `AMOUNTS`,
    without skipped series."""
    rows = []
    for kind, model in trained.items():
        panel = history.panels[kind]
        forecast = predict(model, panel)
        names = list(panel.series)
        if kind == "category":
            names.append(TOTAL)
        for place, series in enumerate(names):
            for ahead in range(HORIZON):
                row: Json = {"series": series, "model": model.champion}
                row["target_date"] = history.as_of + timedelta(days=ahead)
                for name, table in forecast._asdict().items():
                    row[name] = rounded(table[ahead, place])
                if row["forecast"] is not None:
                    rows.append(row)
    return rows


def rounded(value: float) -> Decimal | None:
    """Return `value` with four decimals, rounded half away from zero; None for NaN."""
    if np.isnan(value):
        return None
    return Decimal(repr(float(value))).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def fit(
    history: History,
    champion: Champion,
    store: Store,
) -> Json:
    """Fit the champion on each kind of series, and store it below `trained/<as of>-<hash>/`; return the
    folder's `name`, the model's `sha256` and its `card`."""
    trained = {
        kind: train(panel, champion.name)
        for kind, panel in history.panels.items()
        if panel.series
    }
    model = pickle.dumps(trained, protocol=5)
    digest = hashlib.sha256(model).hexdigest()
    name = f"{TRAINED}/{history.as_of}-{digest[:16]}"
    store.write(f"{name}/{MODEL}", model)
    return {"name": name, "sha256": digest, "card": card(history, champion, trained)}


def read(kept: Json, store: Store) -> Models:
    """Return the model that `fit` stored; StagingError where it has changed, as unpickling runs code."""
    name = f"{kept['name']}/{MODEL}"
    data = store.read(name) or b""
    if hashlib.sha256(data).hexdigest() != kept["sha256"]:
        raise StagingError(
            f"{store.uri_of(name)} is gone or has changed: clear the task `train` with downstream"
        )
    trained: Models = pickle.loads(data)  # noqa: S301 - the checksum matches
    return trained


def card(
    history: History,
    champion: Champion,
    trained: Models,
) -> Json:
    """Return the model card, as the report shows it: training data, errors at the weekly origins, limits."""
    kinds = []
    for kind, model in trained.items():
        panel = history.panels[kind]
        weights = model.weights if champion.name == DEFAULT else {champion.name: 1.0}
        kinds.append(
            {
                "kind": kind,
                "series": len(panel.series),
                "skipped": model.skipped,
                "first_day": str(panel.first_day),
                "days": panel.days,
                "weights": {name: round(weight, 6) for name, weight in weights.items()},
                "error": wape(model.forecasts[champion.name], model.actual),
                "error_of_last_week": wape(model.forecasts[NAIVE], model.actual),
            }
        )
    categories = trained["category"]
    actual = categories.actual
    known = only_where(is_known(actual), categories.forecasts[champion.name])
    total_error = wape(np.nansum(known, axis=-1), np.nansum(actual, axis=-1))
    return {
        "champion": champion.name,
        "selected": champion.version,
        "why": champion.why,
        "forecasts": "gross sales of 28 days in the reporting currency, with 80 % and 95 % intervals",
        "not_for": "later days, net sales, and effects that neither the history nor the promotions show",
        "total_error": total_error,
        "kinds": kinds,
    }
