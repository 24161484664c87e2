"""What the person who waits for the demo is told: sentences, progress, one table, where to look."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_QUIET = 10.0
"""Seconds between two lines of progress where there is no terminal."""


def echo(text: str) -> None:
    """A line, seen at once."""
    print(text, flush=True)


class Progress:
    """How far one step is: a bar in a terminal, elsewhere (a pipe, a CI) a line now and then.

    Args:
        unit: what is counted, in the plural.
    """

    def __init__(self, unit: str = "tasks") -> None:
        self._unit = unit
        self._bar: Any = None
        self._logged: set[str] = set()
        self._quiet_until = time.monotonic() + _QUIET

    def update(self, done: int, total: int, note: str = "") -> None:
        """`done` of `total`, which may grow; `note` says more."""
        if sys.stdout.isatty():
            self._draw(done, total, note)
        elif time.monotonic() > self._quiet_until or (total and done == total):
            self.log(f"  {done} of {total} {self._unit} done{note and f'; {note}'}")
            self._quiet_until = time.monotonic() + _QUIET

    def log(self, line: str) -> None:
        """A line beside the bar, once."""
        if line not in self._logged:
            self._logged.add(line)
            self._bar.write(line) if self._bar else echo(line)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()

    def _draw(self, done: int, total: int, note: str) -> None:
        from tqdm import tqdm

        if self._bar is None:
            shape = "  {percentage:3.0f}%|{bar:30}| {n_fmt} of {total_fmt} {unit} [{elapsed}{postfix}]"
            self._bar = tqdm(total=total, unit=self._unit, bar_format=shape, file=sys.stdout)
        self._bar.total = total
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()


def describe_history(totals: dict[str, Any], months: Sequence[dict[str, Any]]) -> str:
    """The control totals of a history load against what was loaded: what its tasks `control_totals` and
    `summary` returned."""
    exported = sum(month["orders"] for month in totals["months"])
    loaded = sum(month["orders"] for month in months)
    read, rejected = (sum(month[f"rows_{what}"] for month in months) for what in ("read", "rejected"))
    amount = sum((Decimal(month["amounts"].get("USD", "0")) for month in months), Decimal(0))
    return (
        f"{len(months)} months, {months[0]['month']} to {months[-1]['month']}: the export has {exported:,} "
        f"orders, {loaded:,} are loaded; {rejected:,} of {read:,} lines were rejected; {amount:,.2f} USD "
        "gross, and other currencies"
    )


def format_days(days: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Days of `daily_summary`, one a line."""
    names = ("gross_sales", "net_sales")
    titles = "".join(f"{name.replace('_', ' '):>13}" for name in names)
    yield f"{'business day':14}{'orders':>8}{titles}  complete (in USD)"
    for day in days:
        amounts = (day[name].quantize(Decimal("0.01"), ROUND_HALF_UP) for name in names)
        cells = "".join(f"{amount:>13,}" for amount in amounts)
        yield f"{day['business_date']!s:14}{day['orders']:>8}{cells}  {'yes' if day['complete'] else 'no'}"
