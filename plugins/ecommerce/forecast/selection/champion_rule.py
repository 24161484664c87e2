"""The rule by which the champion changes or stays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from ecommerce.core.text import NOTHING, share
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection.backtest import FEWEST_ORIGINS, BackTest, CandidateScore

ENOUGH = Decimal("0.95")
"""Of the champion's score: a challenger must be at least 5 % better."""
MOST_BIAS = 0.1


@dataclass(frozen=True, slots=True)
class Choice:
    """The new champion, the previous one, and the reason in one sentence."""

    champion: str
    previous: str
    why: str

    @property
    def has_changed(self) -> bool:
        """Whether the champion is new."""
        return self.champion != self.previous


def choose(test: BackTest, champion: str) -> Choice:
    """Choose the champion by the back-test; `champion` is the present one.

    It changes for a challenger that is at least 5 % better, the best of several, the first of equals. A
    challenger's total must not be more than 10 % too high or too low, unless the champion's is further off.
    """

    def stays(why: str) -> Choice:
        return Choice(champion, champion, f"{champion} stays: {why}.")

    if len(test.origins) < FEWEST_ORIGINS:
        return stays(
            f"{test.days} days of history give {len(test.origins)} weekly origins, and the test needs "
            f"{FEWEST_ORIGINS}"
        )
    present = next(each for each in test.scores if each.candidate == champion)
    if not present.score:
        return stays("it has no error, or there were no sales to compare with")
    challengers = sorted(
        (each for each in test.scores if each.score is not None and each.score < present.score),
        key=lambda each: (each.score, CANDIDATES.index(each.candidate)),
    )
    if not challengers:
        return stays(f"no candidate has a better score than its {percent(present.score)}")
    good = [each for each in challengers if exact(each.score) <= ENOUGH * exact(present.score)]
    for each in good:
        if is_fair(each, present):
            return Choice(
                each.candidate,
                champion,
                f"{each.candidate} replaces {champion}: its score of {percent(each.score)} is "
                f"{_improvement(each, present)} better than {percent(present.score)}.",
            )
    best = challengers[0]
    bias = best.bias or 0
    if good:
        return stays(
            f"{best.candidate} is {_improvement(best, present)} better, but its forecasts of the total are "
            f"{percent(abs(bias))} too {'high' if bias > 0 else 'low'}"
        )
    return stays(
        f"the next best, {best.candidate}, is {_improvement(best, present)} better, and 5 % are needed"
    )


def is_fair(challenger: CandidateScore, champion: CandidateScore) -> bool:
    """Return whether a challenger's total is not too far off, or the champion's is further off."""
    bias = abs(challenger.bias or 0)
    return bias <= MOST_BIAS or bias < abs(champion.bias or 0)


def percent(value: float | None) -> str:
    """Format 0.1234 as `12.3 %`; a dash for None."""
    return NOTHING if value is None else share(exact(value), Decimal(1))


def exact(value: float | None) -> Decimal:
    """Return a figure with its stored digits: 0.19 is 0.95 of 0.2, which floats may deny."""
    return Decimal(repr(value or 0.0))


def _improvement(challenger: CandidateScore, champion: CandidateScore) -> str:
    """Rounded down, so that 4.96 % is not shown as 5."""
    part = 1 - exact(challenger.score) / exact(champion.score)
    return f"{(part * 100).quantize(Decimal('0.1'), ROUND_DOWN)} %"
