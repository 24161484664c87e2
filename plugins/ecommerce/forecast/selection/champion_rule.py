"""The rule by which the champion changes or stays, and the record of the choice."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from ecommerce.forecast.models import registry
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection.backtest import FEWEST_ORIGINS
from ecommerce.forecast.wording import percent
from ecommerce.storage.kept_files import Store

ENOUGH = Decimal("0.95")
"""Of the champion's score: a challenger must be at least 5 % better."""
MOST_BIAS = 0.1


def select(test: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the champion, store the record of the choice, and return it with its name as `version`. The same
    back-test gives the same record."""
    store, as_of = Store.of_models(), date.fromisoformat(test["as_of"])
    # The champion of the day before: a repeated run starts from where the first one did.
    record = {**choose(test, registry.champion(store, as_of - timedelta(days=1)).name), **test}
    return {"version": registry.keep(store, registry.CHAMPIONS, as_of, record), **record}


def choose(test: Mapping[str, Any], champion: str) -> dict[str, Any]:
    """Return the new `champion`, the `previous` one, and `why` in one sentence. The champion changes for a
    challenger that is at least 5 % better, the best of several, the first of equals, whose total is not more
    than 10 % too high or too low, unless the champion's is further off."""

    def stays(why: str) -> dict[str, Any]:
        return {"champion": champion, "previous": champion, "why": f"{champion} stays: {why}."}

    if len(test["origins"]) < FEWEST_ORIGINS:
        return stays(
            f"{test['days']} days of history give {len(test['origins'])} weekly origins, and the test needs "
            f"{FEWEST_ORIGINS}"
        )
    present = next(each for each in test["scores"] if each["candidate"] == champion)
    if not present["score"]:
        return stays("it has no error, or there were no sales to compare with")
    challengers = sorted(
        (each for each in test["scores"] if each["score"] is not None and each["score"] < present["score"]),
        key=lambda each: (each["score"], CANDIDATES.index(each["candidate"])),
    )
    if not challengers:
        return stays(f"no candidate has a better score than its {percent(present['score'])}")
    good = [each for each in challengers if exact(each["score"]) <= ENOUGH * exact(present["score"])]
    for each in good:
        bias = abs(each["bias"] or 0)
        if bias <= MOST_BIAS or bias < abs(present["bias"] or 0):
            name = each["candidate"]
            why = (
                f"{name} replaces {champion}: its score of {percent(each['score'])} is "
                f"{_improvement(each, present)} better than {percent(present['score'])}."
            )
            return {"champion": name, "previous": champion, "why": why}
    best = challengers[0]
    name, gain, bias = best["candidate"], _improvement(best, present), best["bias"] or 0
    if not good:
        return stays(f"the next best, {name}, is {gain} better, and 5 % are needed")
    side = "high" if bias > 0 else "low"
    return stays(
        f"{name} is {gain} better, but its forecasts of the total are {percent(abs(bias))} too {side}"
    )


def exact(value: float) -> Decimal:
    """Return a figure with its stored digits: 0.19 is 0.95 of 0.2, which floats may deny."""
    return Decimal(str(value))


def _improvement(challenger: Mapping[str, Any], champion: Mapping[str, Any]) -> str:
    """Rounded down, so that 4.96 % is not shown as 5."""
    part = 1 - exact(challenger["score"]) / exact(champion["score"])
    return f"{(part * 100).quantize(Decimal('0.1'), ROUND_DOWN)} %"
