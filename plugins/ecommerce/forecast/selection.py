"""The monthly selection of the model that the weekly forecast trains: back-test, rule, record, mail."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

import numpy as np
import pandas as pd

from ecommerce.core.text import counted, long_day
from ecommerce.core.text import share as percent
from ecommerce.forecast.data.history import History
from ecommerce.forecast.data.panel import YEAR, Panel
from ecommerce.forecast.models import registry
from ecommerce.forecast.models.ensemble import LEVELS, forecasts_of_all, with_total
from ecommerce.forecast.models.members import LEAST_DAYS_RIDGE
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import KIND_NAMES, KINDS, TOTAL, signed_percent
from ecommerce.mail import transport
from ecommerce.storage.kept_files import Store

ORIGINS, SEASON_ORIGINS = 8, 4
FEWEST_ORIGINS = 4
ENOUGH = 0.95
"""Of the champion's score: a challenger must be at least 5 % better."""
CHANCE = 4.0
"""Standard errors of the gain by origin; neighbouring origins share three weeks. Of two equally good models
one is that much better in about one test of fourteen."""
MOST_BIAS = 0.1


def back_test(history: History) -> dict[str, Any]:
    """Test every candidate at the weekly origins of `origins`. Return plain JSON:
    `as_of`, `first_day`, `days`, `origins` (the last known days), the number of `series` by kind, and
    `scores` as `score` returns them, none with too few origins."""
    panels = {
        kind: history.panels[kind] for kind in KINDS if history.panels[kind].series
    }
    panel = next(iter(panels.values()))
    known = origins(panel.days)
    scores = []
    if len(known) >= FEWEST_ORIGINS:
        past = pd.concat(
            [past_forecasts(each, days) for each in panels.values() for days in known]
        )
        scores = [
            score(str(name), rows)
            for name, rows in past.groupby("candidate", sort=False)
        ]
    return {
        "as_of": str(history.as_of),
        "first_day": str(panel.first_day),
        "days": panel.days,
        "origins": [str(panel.until(days).origin) for days in known],
        "series": {kind: len(each.series) for kind, each in panels.items()},
        "scores": scores,
    }


def origins(days: int) -> list[int]:
    """Return the known days at each weekly origin of a history of `days` days, oldest first: those of the
    coming four weeks a year ago, which have the season to come, and the last eight with four weeks after
    them. With fewer days than the ridge needs, most candidates forecast the same."""
    season = [days - YEAR + DAYS * week for week in range(SEASON_ORIGINS)]
    recent = [days - HORIZON - DAYS * week for week in reversed(range(ORIGINS))]
    return [each for each in season + recent if each >= LEAST_DAYS_RIDGE]


def past_forecasts(panel: Panel, days: int) -> pd.DataFrame:
    """Return every candidate's forecasts when `days` days were known, a row per series and day, with the sum
    of the categories as the series `total`: `candidate`, `kind`, `series`, `origin`, `week`, `forecast`,
    `actual`, and `lower` and `upper` by level; NaN where unknown."""
    series = np.array([*panel.series, TOTAL])
    kinds = np.array([name.partition(":")[0] for name in series])
    shown = kinds != TOTAL if kinds[0] != "category" else np.full(len(series), True)
    sales = panel.values[days : days + HORIZON]
    frames = []
    for name, forecast in forecasts_of_all(panel.until(days)).items():
        # A series that could not be forecast is in neither sum.
        actual = with_total(np.where(np.isnan(forecast.values[:, :-1]), np.nan, sales))
        columns = {"forecast": forecast.values, "actual": actual}
        for level in LEVELS:
            columns[f"lower_{level}"], columns[f"upper_{level}"] = forecast.bounds[
                level
            ]
        frame = pd.DataFrame(
            {column: table[:, shown].ravel() for column, table in columns.items()}
        )
        frame["kind"], frame["series"] = (
            np.tile(kinds[shown], HORIZON),
            np.tile(series[shown], HORIZON),
        )
        frame["week"] = np.repeat(np.arange(HORIZON) // DAYS, shown.sum())
        frames.append(frame.assign(candidate=name, origin=days))
    return pd.concat(frames)


def score(candidate: str, past: pd.DataFrame) -> dict[str, Any]:
    """Return the accuracy of a candidate as ratios (0.1 is 10 %), None without sales: the WAPE of `weekly`
    sums by kind of series, their mean `score`, by which candidates are compared, the same `by_origin`, the
    total's `bias` by week and WAPE by day (`daily`), and the share of days within the interval (`coverage`)
    by level in percent; closed days do not count for it."""
    weeks = past.groupby(["kind", "series", "origin", "week"])[
        ["forecast", "actual"]
    ].sum(min_count=DAYS)
    weeks = weeks.dropna().assign(
        error=lambda table: (table["forecast"] - table["actual"]).abs()
    )
    total = weeks.loc[weeks.index.get_level_values("kind") == TOTAL].sum()
    by_origin = _wape(
        weeks.drop(TOTAL, level="kind", errors="ignore")
        .groupby(["origin", "kind"])
        .sum()
    )
    kinds = [kind for kind in KINDS if (past["kind"] == kind).any()]
    weekly = _wape(weeks.groupby("kind").sum()).reindex(kinds)
    days = past[past["kind"] == TOTAL].dropna(subset=["forecast", "actual"])
    return {
        "candidate": candidate,
        "score": _ratio(weekly.mean()),
        "by_origin": [
            *map(
                _ratio,
                by_origin.groupby("origin").mean().reindex(past["origin"].unique()),
            )
        ],
        "weekly": {kind: _ratio(error) for kind, error in weekly.items()},
        "bias": _ratio(total["forecast"] - total["actual"], total["actual"]),
        "daily": _ratio(
            (days["forecast"] - days["actual"]).abs().sum(), days["actual"].sum()
        ),
        "coverage": {str(level): coverage(past, level) for level in LEVELS},
    }


def coverage(past: pd.DataFrame, level: int) -> float | None:
    """Return the share of open days, of all series and the total, within the interval of `level` percent."""
    open_days = past[past["actual"].notna() & (past[f"upper_{level}"] > 0)]
    inside = open_days["actual"].between(
        open_days[f"lower_{level}"], open_days[f"upper_{level}"]
    )
    return _ratio(inside.sum(), len(inside))


def _wape(sums: pd.DataFrame) -> "pd.Series[float]":
    """The absolute errors as a share of sales, NaN without sales."""
    return sums["error"] / sums["actual"].where(sums["actual"] > 0)


def _ratio(part: float, whole: float = 1.0) -> float | None:
    return (
        round(float(part / whole), 6) + 0.0
        if whole > 0 and not np.isnan(part)
        else None
    )  # no minus zero


def select(test: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the champion, store the record of the choice, and return it with its name as `version`. The same
    back-test gives the same record."""
    store, as_of = Store.of_models(), date.fromisoformat(test["as_of"])
    # The champion of the day before: a repeated run starts from where the first one did.
    record = {
        **choose(test, registry.champion(store, as_of - timedelta(days=1)).name),
        **test,
    }
    return {
        "version": registry.keep(store, registry.CHAMPIONS, as_of, record),
        **record,
    }


def choose(test: Mapping[str, Any], champion: str) -> dict[str, Any]:
    """Return the new `champion`, the `previous` one, and `why` in one sentence. The champion changes for a
    challenger that is at least 5 % better, by more than chance, the best of several, the first of equals,
    whose total is not more than 10 % too high or too low, unless the champion's is further off."""
    present: dict[str, Any] = next(
        (each for each in test["scores"] if each["candidate"] == champion), {}
    )
    choice = {"champion": champion, "previous": champion}
    if not present.get("score"):
        days, known = test["days"], len(test["origins"])
        why = (
            f"{counted(days, 'day')} of history give {counted(known, 'weekly origin')}"
        )
        why += f", and the test needs {FEWEST_ORIGINS}"
        if present:
            why = "it has no error, or there were no sales to compare with"
        return choice | {"why": f"{champion} stays: {why}."}
    bias = abs(present["bias"] or 0)
    challengers = [
        each
        for each in test["scores"]
        if each["score"] is not None
        and each["score"] <= round(ENOUGH * present["score"], 9)
        and _is_more_than_chance(present["by_origin"], each["by_origin"])
        and (abs(each["bias"] or 0) <= MOST_BIAS or abs(each["bias"]) < bias)
    ]
    if not challengers:
        why = f"{champion} stays: no candidate is at least 5 % better than its {percent(present['score'])}"
        return choice | {
            "why": f"{why} by more than chance, with a total within 10 % of actual sales."
        }
    best = min(challengers, key=lambda each: each["score"])
    gain = percent(1 - best["score"] / present["score"])
    why = f"its score of {percent(best['score'])} is {gain} better than {percent(present['score'])}"
    return choice | {
        "champion": best["candidate"],
        "why": f"{best['candidate']} replaces {champion}: {why}.",
    }


def _is_more_than_chance(
    present: list[float | None], other: list[float | None]
) -> bool:
    """Whether the errors by origin of `other` are lower than can be chance; gains may differ by season."""
    gains = np.array(present, dtype=float) - np.array(other, dtype=float)
    parts = [part[~np.isnan(part)] for part in (gains[:-ORIGINS], gains[-ORIGINS:])]
    gains = np.concatenate(parts)
    rest = np.concatenate([part - part.mean() for part in parts if len(part)] or parts)
    error = np.sqrt(rest @ rest) / max(len(gains) - 1, 1)
    return bool(
        len(gains) >= FEWEST_ORIGINS
        and gains.mean() > 0
        and gains.mean() >= CHANCE * error
    )


def notify(record: Mapping[str, Any]) -> str:
    """Mail the record of a selection to `report_recipients`; return why there is no mail, or an empty text. A
    record's mail always has the same Message-ID."""
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[
        :24
    ]
    return transport.send_report(lambda: compose(record), f"selection.{digest}")


def compose(record: Mapping[str, Any]) -> EmailMessage:
    """Compose the mail without its addresses."""
    champion, scores = record["champion"], record["scores"]
    has_changed = champion != record["previous"]
    subject = f"Forecast model: {champion} " + (
        f"replaces {record['previous']}" if has_changed else "stays"
    )
    kinds = [*scores[0]["weekly"]] if scores else []
    columns = ["Candidate", "Score", *map(KIND_NAMES.__getitem__, kinds)]
    columns += ["Total: bias", "Total by day", "In 80 %", "In 95 %"]
    rows = [
        [
            each["candidate"]
            + (" (champion)" if each["candidate"] == champion else ""),
            *map(percent, [each["score"], *each["weekly"].values()]),
            signed_percent(each["bias"]),
            *map(
                percent, [each["daily"], each["coverage"]["80"], each["coverage"]["95"]]
            ),
        ]
        for each in scores
    ]
    split = 2 + len(kinds)
    texts = {
        **record,
        "subject": subject,
        "as_of": long_day(date.fromisoformat(record["as_of"])),
        "first_day": long_day(date.fromisoformat(record["first_day"])),
        "of_season": max(0, len(record["origins"]) - ORIGINS),
        "columns": columns,
        "rows": rows,
        "tables": [  # one table would be wider than a phone
            (columns[:split], [row[:split] for row in rows]),
            ([columns[0], *columns[split:]], [[row[0], *row[split:]] for row in rows]),
        ],
        "bold": [
            place for place, each in enumerate(scores) if each["candidate"] == champion
        ],
    }
    return transport.compose(subject, "selection_mail", texts)
