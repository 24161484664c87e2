"""The rule by which the champion changes, or stays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from ecommerce.core.text import NOTHING, share
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection.backtest import FEWEST_ORIGINS, BackTest, CandidateScore, by_name

ENOUGH = Decimal("0.95")
"""A challenger's score is at most this part of the champion's: 5 % better, so that chance changes nothing."""
MOST_BIAS = 0.1


@dataclass(frozen=True, slots=True)
class Choice:
    """The champion from now on, the one before, and why: one sentence."""

    champion: str
    previous: str
    why: str

    @property
    def has_changed(self) -> bool:
        """Whether another candidate is trained from now on."""
        return self.champion != self.previous


def choose(test: BackTest, champion: str) -> Choice:
    """The champion by what was tested, where `champion` is the present one.

    It changes for a challenger that is at least 5 % better, the best of several, the first of equals. Whose
    forecasts of the total are more than 10 % too high or too low is no challenger, unless the champion's are
    further off.
    """

    def stays(why: str) -> Choice:
        return Choice(champion, champion, f"{champion} stays: {why}.")

    if len(test.origins) < FEWEST_ORIGINS:
        return stays(
            f"{_days(test.days)} of history are enough for {len(test.origins)} weekly origins, and the test "
            f"needs {FEWEST_ORIGINS}"
        )
    present = by_name(test.scores)[champion]
    if not present.score:
        return stays("there were no sales to hold a forecast against, or it made no error")
    challengers = sorted(
        (each for each in test.scores if each.score is not None and each.score < present.score),
        key=lambda each: (each.score, CANDIDATES.index(each.candidate)),
    )
    if not challengers:
        return stays(f"no candidate has a better score than its {percent(present.score)}")
    good = [each for each in challengers if is_enough(each, present)]
    fair = [each for each in good if is_fair(each, present)]
    if fair:
        best = fair[0]
        return Choice(
            best.candidate,
            champion,
            f"{best.candidate} takes over from {champion}: its score of {percent(best.score)} is "
            f"{_better(best, present)} better than {percent(present.score)}.",
        )
    best = challengers[0]
    if good:
        return stays(
            f"{best.candidate} is {_better(best, present)} better, but its forecasts of the total are "
            f"{percent(abs(best.bias or 0))} too {'high' if (best.bias or 0) > 0 else 'low'}"
        )
    return stays(f"the best other, {best.candidate}, is {_better(best, present)} better, and 5 % are needed")


def is_enough(challenger: CandidateScore, champion: CandidateScore) -> bool:
    """Whether a challenger is at least 5 % better."""
    return exact(challenger.score) <= ENOUGH * exact(champion.score)


def is_fair(challenger: CandidateScore, champion: CandidateScore) -> bool:
    """Whether a challenger's total is not too far off, or the champion's is further off."""
    bias = abs(challenger.bias or 0)
    return bias <= MOST_BIAS or bias < abs(champion.bias or 0)


def percent(value: float | None) -> str:
    """0.1234 as `12.3 %`; a dash where there is none."""
    return NOTHING if value is None else share(exact(value), Decimal(1))


def _better(challenger: CandidateScore, champion: CandidateScore) -> str:
    """By how much; rounded down, so that 4.96 % is not said to be 5."""
    part = 1 - exact(challenger.score) / exact(champion.score)
    return f"{(part * 100).quantize(Decimal('0.1'), ROUND_DOWN)} %"


def exact(value: float | None) -> Decimal:
    """A figure with the digits that it is kept with: 0.19 is 0.95 of 0.2, which floats may deny."""
    return Decimal(repr(value or 0.0))


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
