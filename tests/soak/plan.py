"""The steps of a soak, drawn from its seed: the same seed gives the same kinds, targets and times."""

import random
from dataclasses import dataclass

PER_HOUR = {
    # What schedules and people do.
    "daily": 50,
    "events": 30,
    "catalogue": 12,
    "sync": 30,
    "reconciliation": 8,
    "backfill": 15,
    "repair": 30,
    "rebuild": 8,
    # What goes wrong in operation.
    "start twice": 12,
    "clear": 30,
    "pause": 10,
    "kill task": 60,
    "kill worker": 20,
    "freeze task": 20,
    "freeze system": 15,
    "kill scheduler": 8,
    "kill api-server": 6,
    "kill dag-processor": 4,
    "kill bigquery": 10,
    "kill sales_db": 10,
    "kill storefront": 8,
    "kill exchange_rates": 6,
    "kill web_events": 8,
    "kill catalogue": 4,
    "kill mail": 8,
    "cut": 60,
    "fill disk": 15,
    "move clock": 12,
    "rotate password": 8,
    # What happens to the data.
    "edit": 30,
    "edit silently": 12,
    "delete": 12,
    "redeliver": 12,
}
"""How often each kind of step occurs in an hour."""


@dataclass(frozen=True, order=True)
class Step:
    """A step `at` so many seconds after the start; `target` and `extent`, from 0 to 1, select its target and
    its duration or size."""

    at: float
    kind: str
    target: float
    extent: float


def plan(seed: int, minutes: float) -> list[Step]:
    """Return the steps of a soak by time. Each kind is spread over the whole soak."""
    rng = random.Random(f"soak {seed} {minutes:g}")
    steps = []
    for kind, per_hour in PER_HOUR.items():
        expected = per_hour * minutes / 60
        count = int(expected) + (rng.random() < expected % 1)
        for number in range(count):
            at = (number + rng.random()) / count * minutes * 60
            steps.append(Step(round(at, 1), kind, round(rng.random(), 4), round(rng.random(), 4)))
    return sorted(steps)
