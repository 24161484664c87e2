"""The monthly selection of the model that the weekly forecast trains: back-test, rule, record, mail."""

from collections.abc import Mapping
from datetime import date, timedelta
from email.message import EmailMessage
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from ecommerce.core.text import counted
from ecommerce.core.text import share as percent
from ecommerce.forecast.data.history import History
from ecommerce.forecast.data.panel import YEAR, Panel
from ecommerce.forecast.models import registry
from ecommerce.forecast.models.ensemble import forecasts_of_all, with_total
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
    panels = []
    series = {}
    for kind in KINDS:
        panel = history.panels[kind]
        if panel.series:
            panels.append(panel)
            series[kind] = len(panel.series)
    panel = panels[0]
    known_days = origins(panel.days)
    last_days = [str(panel.until(days).origin) for days in known_days]
    scores = []
    if len(known_days) >= FEWEST_ORIGINS:
        tests = []
        for tested in panels:
            for days in known_days:
                tests.append(past_forecasts(tested, days))
        for candidate, past in pd.concat(tests).groupby("candidate", sort=False):
            scores.append(score(str(candidate), past))
    return {
        "as_of": str(history.as_of),
        "first_day": str(panel.first_day),
        "days": panel.days,
        "origins": last_days,
        "series": series,
        "scores": scores,
    }


def origins(days: int) -> list[int]:
    """Return the known days at each weekly origin of a history of `days` days, oldest first: those of the
    coming four weeks a year ago, which have the season to come, and the last eight with four weeks after
    them. With fewer days than the ridge needs, most candidates forecast the same."""
    a_year_ago = days - YEAR
    oldest = days - HORIZON - DAYS * (ORIGINS - 1)
    known_days = []
    for week in range(SEASON_ORIGINS):
        known_days.append(a_year_ago + DAYS * week)
    for week in range(ORIGINS):
        known_days.append(oldest + DAYS * week)
    return [known for known in known_days if known >= LEAST_DAYS_RIDGE]


def past_forecasts(panel: Panel, days: int) -> pd.DataFrame:
    """Return every candidate's forecasts when `days` days were known, a row per series and day, with the sum
    of the categories as the series `total`: `candidate`, `kind`, `series`, `origin`, `week`, `forecast`,
    `actual`; NaN where unknown."""
    sales = panel.values[days : days + HORIZON]
    names = [*panel.series, TOTAL]
    candidates = []
    for candidate, forecast in forecasts_of_all(panel.until(days)).items():
        # A series that could not be forecast is in neither sum.
        is_unknown = np.isnan(forecast.values[:, :-1])
        actual = with_total(np.where(is_unknown, np.nan, sales))
        columns = {
            "candidate": candidate,
            "series": np.tile(names, HORIZON),
            "origin": days,
            "week": np.repeat(np.arange(HORIZON) // DAYS, len(names)),
            "forecast": forecast.values.ravel(),
            "actual": actual.ravel(),
        }
        candidates.append(pd.DataFrame(columns))
    past = pd.concat(candidates)
    past["kind"] = past["series"].str.partition(":")[0]
    if "category" in past["kind"].values:
        return past
    return past[past["kind"] != TOTAL]


def score(candidate: str, past: pd.DataFrame) -> dict[str, Any]:
    """Return the accuracy of a candidate as ratios (0.1 is 10 %), None without sales: the WAPE of `weekly`
    sums by kind of series, their mean `score`, by which candidates are compared, the same `by_origin`, and
    the total's `bias`."""
    by_week = past.groupby(["kind", "series", "origin", "week"])
    sums = by_week[["forecast", "actual"]].sum(min_count=DAYS)
    weeks = sums.dropna().reset_index()
    is_total = weeks["kind"] == TOTAL
    total = weeks[is_total].sum()
    weeks = weeks[~is_total]
    weekly = _wape(weeks, ["kind"])
    by_origin = _wape(weeks, ["origin", "kind"]).groupby("origin").mean()
    errors = {}
    for kind in KINDS:
        if kind in past["kind"].values:
            errors[kind] = _ratio(weekly.get(kind))
    all_origins = past["origin"].unique()
    return {
        "candidate": candidate,
        "score": _ratio(weekly.mean()),
        "by_origin": [_ratio(by_origin.get(origin)) for origin in all_origins],
        "weekly": errors,
        "bias": _ratio(total["forecast"] - total["actual"], total["actual"]),
    }


def _wape(weeks: pd.DataFrame, groups: list[str]) -> "pd.Series[float]":
    """The absolute errors as a share of sales by groups of weeks, without those that have no sales."""
    differences = weeks["forecast"] - weeks["actual"]
    errors = weeks.assign(error=differences.abs())
    sums = errors.groupby(groups)[["error", "actual"]].sum()
    sums = sums[sums["actual"] > 0]
    return sums["error"] / sums["actual"]


def _ratio(part: float | None, whole: float = 1.0) -> float | None:
    """Return a share with six decimals; None where it is unknown."""
    if part is None or np.isnan(part) or whole <= 0:
        return None
    return round(float(part / whole), 6) + 0.0  # no minus zero


def select(test: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the champion, store the record of the choice, and return it with its name as `version`. The same
    back-test gives the same record."""
    store = Store.of_models()
    as_of = date.fromisoformat(test["as_of"])
    # The champion of the day before: a repeated run starts from where the first one did.
    champion = registry.champion(store, as_of - timedelta(days=1))
    record = choose(test, champion.name) | dict(test)
    version = registry.keep(store, registry.CHAMPIONS, as_of, record)
    return {"version": version, **record}


def choose(test: Mapping[str, Any], champion: str) -> dict[str, Any]:
    """Return the new `champion`, the `previous` one, and `why` in one sentence. The champion changes for a
    challenger that is at least 5 % better, by more than chance, the best of several, the first of equals,
    whose total is not more than 10 % too high or too low, unless the champion's is further off."""
    scores = {score["candidate"]: score for score in test["scores"]}
    present = scores.get(champion, {"score": None})
    challengers = []
    for challenger in test["scores"]:
        if _is_better(challenger, present):
            challengers.append(challenger)
    chosen = champion
    tested = counted(len(test["origins"]), "weekly origin")
    why = (
        f"{champion} stays: at {tested} ({FEWEST_ORIGINS} are needed) no candidate is at least 5 % better "
        "by more than chance, with a total within 10 % of actual sales."
    )
    if challengers:
        best = min(challengers, key=itemgetter("score"))
        chosen = best["candidate"]
        share = percent(best["score"])
        former = percent(present["score"])
        why = f"{chosen} replaces {champion}: its score is {share}, {champion}'s {former}."
    return {"champion": chosen, "previous": champion, "why": why}


def _is_better(challenger: Mapping[str, Any], present: Mapping[str, Any]) -> bool:
    """Return whether a challenger may replace the champion, whose scores are `present`."""
    if challenger["score"] is None or not present["score"]:
        return False
    if challenger["score"] > round(ENOUGH * present["score"], 9):
        return False
    bias = abs(challenger["bias"] or 0)
    if bias > MOST_BIAS and bias >= abs(present["bias"] or 0):
        return False
    return _is_more_than_chance(present["by_origin"], challenger["by_origin"])


def _is_more_than_chance(
    present: list[float | None], challenger: list[float | None]
) -> bool:
    """Return whether the challenger's errors by origin are lower than can be chance."""
    gains = pd.Series(present, dtype=float) - pd.Series(challenger, dtype=float)
    count = gains.count()
    mean = gains.mean()
    if count < FEWEST_ORIGINS or mean <= 0:
        return False
    error = gains.std() / np.sqrt(count - 1)
    return bool(mean >= CHANCE * error)


def notify(record: Mapping[str, Any]) -> str:
    """Mail the record of a selection to `report_recipients`; return why there is no mail, or an empty text.
    The same choice always has the same Message-ID."""
    name = f"selection.{record['as_of']}.{record['champion']}"
    return transport.send_report(lambda: compose(record), name)


def compose(record: Mapping[str, Any]) -> EmailMessage:
    """Compose the mail without its addresses."""
    champion = record["champion"]
    subject = f"Forecast model: {champion} stays"
    if champion != record["previous"]:
        subject = f"Forecast model: {champion} replaces {record['previous']}"
    rows = []
    for score in record["scores"]:
        name = score["candidate"]
        if name == champion:
            name += " (champion)"
        errors = [score["score"], *score["weekly"].values()]
        rows.append([name, *map(percent, errors), signed_percent(score["bias"])])
    header = ["Candidate", "Score", *map(KIND_NAMES.get, record["series"]), "Bias"]
    texts = dict(record)
    texts.update(header=header, rows=rows)
    return transport.compose(subject, "selection_mail", texts)
