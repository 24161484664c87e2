"""Publish the reference rates in the layout of the European Central Bank's history file."""

from __future__ import annotations

from pathlib import Path

from demo.ledger import Snapshot

PATH = "stats/eurofxref/eurofxref-hist.csv"
"""Where the file lies below the server's root, as at the bank."""

# The bank's file still has columns for currencies that the euro replaced.
_CURRENCIES = (
    *("USD", "JPY", "CYP", "CZK", "DKK", "EEK", "GBP", "HUF", "LTL", "PLN", "SEK", "CHF", "NOK", "HRK"),
    *("RUB", "AUD", "CAD", "CNY", "INR"),
)


def fill(root: Path, snapshot: Snapshot) -> None:
    """Write `PATH` below `root`, whole at once."""
    target = root / PATH
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_text(render(snapshot), encoding="ascii")
    partial.replace(target)


def render(snapshot: Snapshot) -> str:
    """`Date,USD,JPY,…,` with a trailing comma, newest day first, `N/A` where nothing was published."""
    days: dict[str, dict[str, str]] = {}
    for rate in snapshot.rates:
        days.setdefault(rate.rate_date.isoformat(), {})[rate.currency] = str(rate.rate)
    lines = [f"Date,{','.join(_CURRENCIES)},"]
    for day in sorted(days, reverse=True):
        lines.append(f"{day},{','.join(days[day].get(currency, 'N/A') for currency in _CURRENCIES)},")
    return "\n".join(lines) + "\n"
