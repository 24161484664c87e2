"""The steps of a soak, drawn from its seed: the same seed gives the same kinds, targets and times."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Step:
    """A step `at` so many seconds after the start; `target` and `extent`, from 0 to 1, select its target and
    its duration or size."""

    at: float
    kind: str
    target: float
    extent: float


def plan(seed, minutes, per_hour):
    """Return the steps of a soak by time. Each kind, of which `per_hour` has the number, is spread over the
    whole soak."""
    rng = random.Random(f"soak {seed} {minutes:g}")
    steps = []
    for kind, rate in per_hour.items():
        expected = rate * minutes / 60
        count = int(expected) + (rng.random() < expected % 1)
        for number in range(count):
            at = (number + rng.random()) / count * minutes * 60
            steps.append(
                Step(round(at, 1), kind, round(rng.random(), 4), round(rng.random(), 4))
            )
    return sorted(steps)
