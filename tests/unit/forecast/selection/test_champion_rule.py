"""The rule by which the champion changes."""

from __future__ import annotations

import pytest

from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection.champion_rule import choose
from tests.unit.forecast.selection.shops import figures


def chosen(champion: str = "blend", /, **scores: float | tuple[float | None, float | None] | None) -> str:
    return choose(figures(**scores), champion).champion


def test_a_challenger_that_is_almost_enough_better_changes_nothing():
    choice = choose(figures(blend=0.2, ridge=0.1902), "blend")
    assert not choice.has_changed
    assert choice.why == "blend stays: the next best, ridge, is 4.9 % better, and 5 % are needed."
    assert chosen(blend=0.2, ridge=0.190001) == "blend"


@pytest.mark.parametrize("champion", [0.2, 0.1, 0.3, 0.123, 0.07])
def test_a_challenger_that_is_just_enough_better_takes_over(champion: float):
    choice = choose(figures(blend=champion, ridge=round(0.95 * champion, 6)), "blend")
    assert (choice.champion, choice.previous) == ("ridge", "blend")
    assert "ridge replaces blend" in choice.why
    assert "is 5.0 % better" in choice.why


def test_of_several_the_best_one_takes_over():
    assert chosen(blend=0.2, ridge=0.15, median=0.14, boosting=0.16) == "median"


def test_of_equals_the_first_candidate_takes_over():
    first, second = "weekday_mean_4", "ridge"
    assert CANDIDATES.index(first) < CANDIDATES.index(second)
    assert chosen(blend=0.2, ridge=0.15, weekday_mean_4=0.15) == first
    # The present champion needs no such luck.
    assert chosen("ridge", ridge=0.15, weekday_mean_4=0.15) == "ridge"


def test_where_nothing_is_better_it_says_so():
    choice = choose(figures(blend=0.1, ridge=0.1), "blend")
    assert choice.why == "blend stays: no candidate has a better score than its 10.0 %."


@pytest.mark.parametrize("bias", [0.11, -0.11])
def test_a_biased_challenger_takes_over_from_nobody_who_is_less_biased(bias: float):
    choice = choose(figures(blend=(0.2, 0.02), ridge=(0.1, bias)), "blend")
    assert choice.champion == "blend"
    side = "high" if bias > 0 else "low"
    assert choice.why == (
        f"blend stays: ridge is 50.0 % better, but its forecasts of the total are 11.0 % too {side}."
    )


def test_a_biased_challenger_takes_over_from_a_champion_that_is_further_off():
    assert chosen(blend=(0.2, -0.15), ridge=(0.1, 0.11)) == "ridge"
    assert chosen(blend=(0.2, -0.11), ridge=(0.1, 0.11)) == "blend"
    assert chosen(blend=(0.2, 0.02), ridge=(0.1, 0.1)) == "ridge", "ten percent are still fair"


def test_the_next_best_takes_over_where_the_best_is_biased():
    assert chosen(blend=0.2, ridge=(0.1, 0.3), median=0.15) == "median"


def test_too_few_origins_change_nothing():
    choice = choose(figures(3, blend=0.2, ridge=0.1), "blend")
    assert choice.champion == "blend"
    assert choice.why == ("blend stays: 339 days of history give 3 weekly origins, and the test needs 4.")


def test_candidates_that_could_not_be_judged_are_no_challengers():
    assert chosen(blend=0.2, ridge=(None, None)) == "blend"
    assert choose(figures(blend=(None, None), ridge=0.1), "blend").champion == "blend"
