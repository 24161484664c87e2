"""The monthly selection of the model that the weekly forecast trains: back-test, rule, record, mail."""

from datetime import date, timedelta
from email.message import EmailMessage
from itertools import chain
from operator import itemgetter

import pandas as pd

from ecommerce.core.templates import render, render_rows
from ecommerce.core.values import Json
from ecommerce.forecast.data.history import History
from ecommerce.forecast.data.panel import YEAR, Panel
from ecommerce.forecast.models import registry
from ecommerce.forecast.models.ensemble import (
    CANDIDATES,
    predict_each_candidate,
    train,
)
from ecommerce.forecast.models.ridge import LEAST_DAYS
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import KIND_NAMES
from ecommerce.mail import transport
from ecommerce.storage.duckdb import connect_duckdb, run_sql_file, set_variables
from ecommerce.storage.kept_files import Store

ORIGINS = 8
"""The last weekly origins with four weeks after them."""
SEASON_ORIGINS = 4
"""Those of the coming four weeks a year ago."""
FEWEST_ORIGINS = 4
"""With fewer origins the champion stays."""
ENOUGH = 0.95
"""Of the champion's score: a challenger must be at least 5 % better."""
MOST_ORIGINS = 0.9
"""The share of the origins at which a challenger must be better. Of two equally good models one is, at eight
origins, in about one test of thirteen: neighbouring origins share three weeks."""
MOST_BIAS = 0.1
"""Of the total's actual sales; a challenger that is further off replaces only a champion that is as well."""


def back_test(history: History) -> Json:
    """Test every candidate at the weekly origins of `origins`. Return plain JSON:
    `as_of`, `first_day`, `days`, `origins` (the last known days), the number of `series` by kind, and
    `scores` as `score_candidates` returns them, none with too few origins or without series."""
    panel = history.panels["category"]
    known_days = origins(panel.days)
    series = {}
    tests = []
    for kind, tested in history.panels.items():
        if tested.series:
            series[kind] = len(tested.series)
            if len(known_days) >= FEWEST_ORIGINS:
                tests += [past_forecasts(tested, days) for days in known_days]
    scores = []
    if tests:
        scores = score_candidates(pd.concat(tests))
    last_days = [str(panel.dates[days - 1].date()) for days in known_days]
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
    newest = days - HORIZON
    a_year_ago = days - YEAR
    last_year = range(a_year_ago, a_year_ago + DAYS * SEASON_ORIGINS, DAYS)
    this_year = range(newest - DAYS * (ORIGINS - 1), newest + 1, DAYS)
    return [day for day in chain(last_year, this_year) if day >= LEAST_DAYS]


def past_forecasts(panel: Panel, days: int) -> pd.DataFrame:
    """Return every candidate's forecasts when `days` days were known, a row per day and series: `candidate`,
    `series`, `origin`, `day`, `forecast`, `actual`; NaN where unknown."""
    sales = panel.values[days : days + HORIZON]
    then = panel.until(days)
    rows = pd.MultiIndex.from_product(
        [range(HORIZON), panel.series], names=["day", "series"]
    )
    past = pd.DataFrame({"origin": days, "actual": sales.ravel()}, rows)
    facts = [*rows.names, *past]
    for candidate, predicted in predict_each_candidate(train(then), then).items():
        past[candidate] = predicted.forecast[:, :-1].ravel()
    return past.reset_index().melt(facts, None, "candidate", "forecast")


def score_candidates(past: pd.DataFrame) -> list[Json]:
    """Return the accuracy of each candidate by its `past_forecasts`, as of
    include/sql/transform/forecast/candidate_scores.sql."""
    # Sums do not depend on the number of threads.
    with connect_duckdb(threads=1) as duck:
        duck.register("past", past)
        set_variables(duck, candidates=list(CANDIDATES))
        return run_sql_file(duck, "transform/forecast/candidate_scores")


def select(test: Json) -> Json:
    """Choose the champion, store the record of the choice, and return it with its name as `version`. The same
    back-test gives the same record."""
    store = Store.of_models()
    as_of = date.fromisoformat(test["as_of"])
    # The champion of the day before: a repeated run starts from where the first one did.
    champion = registry.champion(store, as_of - timedelta(days=1))
    record = choose(test, champion.name) | test
    version = registry.keep(store, registry.CHAMPIONS, as_of, record)
    return {"version": version, **record}


def choose(test: Json, champion: str) -> Json:
    """Return the new `champion`, the `previous` one, and `why` in one sentence. The champion changes for a
    challenger that is at least 5 % better, and better at nine of ten origins, the best of several, the first
    of equals, whose total is not more than 10 % too high or too low, unless the champion's is further off."""
    accuracies = {accuracy["candidate"]: accuracy for accuracy in test["scores"]}
    present = accuracies.get(champion, {})
    challengers = [
        accuracy for accuracy in test["scores"] if _is_better(accuracy, present)
    ]
    best = min(challengers, key=itemgetter("score"), default=None)
    facts = {
        "best": best,
        "champion": champion,
        "present": present,
        "tested": len(test["origins"]),
        "fewest": FEWEST_ORIGINS,
    }
    return {
        "champion": best["candidate"] if best else champion,
        "previous": champion,
        "why": render("forecast/choice.txt", facts).strip(),
    }


def _is_better(challenger: Json, present: Json) -> bool:
    """Return whether a challenger may replace the champion, whose scores are `present`."""
    if challenger["score"] is None or not present["score"]:
        return False
    if challenger["score"] > round(ENOUGH * present["score"], 9):
        return False
    bias = abs(challenger["bias"] or 0)
    if bias > MOST_BIAS and bias >= abs(present["bias"] or 0):
        return False
    wins = []
    errors = zip(challenger["by_origin"], present["by_origin"], strict=True)
    for error, present_error in errors:
        if error is not None and present_error is not None:
            wins.append(error < present_error)
    known = len(wins)
    return known >= FEWEST_ORIGINS and sum(wins) >= MOST_ORIGINS * known


def notify(record: Json) -> str:
    """Mail the record of a selection to `report_recipients`; return why there is no mail, or an empty text.
    The same choice always has the same Message-ID."""
    name = f"selection.{record['as_of']}.{record['champion']}"
    return transport.send_report(lambda: compose(record), name)


def compose(record: Json) -> EmailMessage:
    """Compose the mail without its addresses."""
    outcome = "stays"
    if record["champion"] != record["previous"]:
        outcome = f"replaces {record['previous']}"
    subject = f"Forecast model: {record['champion']} {outcome}"
    facts = record | {"kinds": KIND_NAMES}
    header, *rows = render_rows("forecast/candidates.txt", facts)
    texts = record | {"header": header, "rows": rows}
    return transport.compose(subject, "selection_mail", texts)
