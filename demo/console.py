"""The demo's output in the terminal: lines, progress bars, and the table of figures."""

import sys
import time
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_PROGRESS_SECONDS = 10.0
"""Seconds between two lines of progress without a terminal."""


def echo(text: str = "") -> None:
    """Print a line and flush it."""
    print(text, flush=True)


class Progress:
    """The progress of one step: a bar in a terminal, elsewhere (a pipe, CI) a line every few seconds.

    Args:
        unit: what is counted, in the plural.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._bar: Any = None
        self._logged: set[str] = set()
        self._next_line = time.monotonic() + _PROGRESS_SECONDS

    def update(self, done: int, total: int, note: str = "") -> None:
        """Show that `done` of `total` are complete.

        Args:
            done: how many are complete.
            total: how many there are; may grow.
            note: shown after the numbers.
        """
        if sys.stdout.isatty():
            self._draw(done, total, note)
        elif time.monotonic() > self._next_line or (total and done == total):
            self.log(f"  {done} of {total} {self._unit} finished{note and f'; {note}'}")
            self._next_line = time.monotonic() + _PROGRESS_SECONDS

    def log(self, line: str) -> None:
        """Print a line above the bar, each line once."""
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
            bar_format = "  {percentage:3.0f}%|{bar:30}| {n_fmt} of {total_fmt} {unit} [{elapsed}{postfix}]"
            self._bar = tqdm(
                total=total, unit=self._unit, bar_format=bar_format, file=sys.stdout
            )
        self._bar.total = total
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()


def describe_history(totals: dict[str, Any], months: Sequence[dict[str, Any]]) -> str:
    """Return one line about a history load: loaded orders, rejected rows, gross sales.

    Args:
        totals: the return value of the task `control_totals`.
        months: the return value of the task `summary`.
    """
    exported = sum(month["orders"] for month in totals["months"])
    loaded = sum(month["orders"] for month in months)
    read, rejected = (
        sum(month[f"rows_{kind}"] for month in months) for kind in ("read", "rejected")
    )
    gross = sum(
        (Decimal(month["amounts"].get("USD", "0")) for month in months), Decimal(0)
    )
    return (
        f"Loaded {len(months)} months, {months[0]['month']} to {months[-1]['month']}: {loaded:,} of "
        f"{exported:,} orders; {rejected:,} of {read:,} rows rejected; gross sales {gross:,.2f} USD, plus "
        "other currencies"
    )


def format_days(days: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table of rows of `daily_summary`."""
    yield f"{'business day':14}{'orders':>8}{'gross sales':>16}{'net sales':>16}  complete"
    for day in days:
        amounts = (
            day[name].quantize(Decimal("0.01"), ROUND_HALF_UP)
            for name in ("gross_sales", "net_sales")
        )
        cells = "".join(f"{amount:>12,} USD" for amount in amounts)
        yield f"{day['business_date']!s:14}{day['orders']:>8}{cells}  {'yes' if day['complete'] else 'no'}"
