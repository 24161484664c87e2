"""The benchmark runner compares each run with the limit's of the same round, and hides no failure."""

import sys

import pytest

from benchmarks.runner import Contender, compare

pytestmark = pytest.mark.slow


def reporting(name, log, seconds):
    """A contender that reports the next of these seconds at each of its runs."""
    program = f"""
import json
with open({str(log)!r}, "a+") as log:
    log.seek(0)
    n = log.read().split().count({name!r})
    log.write({name!r} + " ")
print(json.dumps({{"seconds": {seconds}[n], "facts": {{"n": n}}}}))
"""
    return Contender(name, [sys.executable, "-c", program])


def test_ratios_are_of_the_same_round_and_rounds_take_turns(tmp_path):
    log = tmp_path / "log"
    # The machine is ten times slower in the second round; the ratio does not show it.
    limit = reporting("limit", log, [9, 1, 10, 2])
    other = reporting("other", log, [9, 3, 30, 5])
    one, two = compare([limit, other], "limit", rounds=3)
    assert (one.seconds, one.ratio, one.runs) == (2, 1, [1, 10, 2])
    assert (two.seconds, two.ratio, two.facts) == (5, 3, {"n": 3})
    order = "limit other limit other other limit limit other"
    assert log.read_text().strip() == order


def test_a_contender_that_fails_is_not_a_result():
    program = "print('why'); raise SystemExit(3)"
    broken = Contender("broken", [sys.executable, "-c", program])
    with pytest.raises(RuntimeError, match=r"(?s)^broken failed with 3:\n.*why"):
        compare([broken], "broken")
