"""Training: the champion is fitted on a prepared folder and stored with its model card."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from ecommerce.core.errors import StagingError
from ecommerce.forecast.data.history import History
from ecommerce.forecast.forecast_rows import train_all
from ecommerce.forecast.models.ensemble import TrainedModel
from ecommerce.forecast.models.registry import TRAINED, Champion
from ecommerce.storage.kept_files import Store

MODEL, CARD = "model.pickle", "card.json"
BY_DEFAULT = "by default"


def fit(history: History, champion: Champion, store: Store) -> dict[str, Any]:
    """Fit the champion and store it below `trained/<as of>-<hash>/`, unless it is there.

    Args:
        history: the training data.
        champion: the candidate to fit.
        store: below MODELS_URI.

    Returns:
        The folder's `name` and the model's `sha256`, for `read`.

    Raises:
        StagingError: the store cannot be written.
    """
    trained = train_all(history, champion.name)
    text = json.dumps(card(history, champion, trained), indent=1, sort_keys=True) + "\n"
    name = f"{TRAINED}/{history.as_of}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if store.read(f"{name}/{CARD}") is None:
        store.write(f"{name}/{MODEL}", pickle.dumps(trained, protocol=5))
        store.write(f"{name}/{CARD}", text.encode())
    return {"name": name, "sha256": hashlib.sha256(store.read(f"{name}/{MODEL}") or b"").hexdigest()}


def read(kept: Mapping[str, Any], store: Store) -> dict[str, TrainedModel]:
    """Return the model that `fit` stored.

    Raises:
        StagingError: it is gone or has changed (unpickling runs code, so the checksum must match).
    """
    name = f"{kept['name']}/{MODEL}"
    data = store.read(name)
    if data is None or hashlib.sha256(data).hexdigest() != kept["sha256"]:
        raise StagingError(
            f"{store.uri_of(name)} is gone or has changed: clear the task `train` with downstream"
        )
    trained: dict[str, TrainedModel] = pickle.loads(data)  # noqa: S301 - the checksum matches
    return trained


def read_card(kept: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Return the card of the model that `fit` stored.

    Raises:
        StagingError: it is gone.
    """
    name = f"{kept['name']}/{CARD}"
    data = store.read(name)
    if data is None:
        raise StagingError(f"{store.uri_of(name)} is gone: clear the task `train` with downstream")
    return dict(json.loads(data))


def card(history: History, champion: Champion, trained: Mapping[str, TrainedModel]) -> dict[str, Any]:
    """Return the model card: training data, errors at the weekly origins, limits. The same history gives the
    same card, byte by byte."""
    return {
        "as_of": str(history.as_of),
        "champion": champion.name,
        "selected": champion.version or BY_DEFAULT,
        "forecasts": "gross sales in reporting currency of 28 days, with intervals of 80 and 95 percent",
        "not_for": "days after these 28, net sales, and changes that the history and promotions do not show",
        "gaps": [str(day) for day in history.gaps],
        "kinds": {kind: _of_kind(history, kind, model) for kind, model in trained.items()},
    }


def _of_kind(history: History, kind: str, model: TrainedModel) -> dict[str, Any]:
    panel = history.panels[kind]
    first: date = panel.first_day
    of_total = {"total_error_of_13_weeks": champion_error(model, whole=True)} if kind == "category" else {}
    return {
        "series": list(panel.series),
        "skipped": dict(model.skipped),
        "first_day": str(first),
        "days": panel.days,
        "sales": hashlib.sha256(panel.values.tobytes()).hexdigest(),
        "weights": {name: round(weight, 6) for name, weight in model.weights.items()},
        "relative_error_of_13_weeks": {name: round(error, 6) for name, error in model.errors.items()},
        "champion_error_of_13_weeks": champion_error(model),
        **of_total,
    }


def champion_error(model: TrainedModel, *, whole: bool = False) -> float | None:
    """Return the champion's WAPE at the weekly origins, of the single series or (`whole`) of their sum; None
    without sales."""
    errors = sales = 0.0
    for _, forecast, actual in model.calibration:
        known = ~np.isnan(actual)
        pair = np.stack([np.where(known, table, 0.0) for table in (forecast, actual)])
        compared, sold = pair.sum(axis=2) if whole else pair
        errors += float(np.abs(compared - sold).sum())
        sales += float(np.abs(sold).sum())
    return round(errors / sales, 6) if sales > 0 else None
