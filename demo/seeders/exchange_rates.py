"""Seeder of the reference rates, in the layout of the European Central Bank's history file."""

from pathlib import Path

from demo.ledger import Snapshot
from demo.seeders.atomic import write

PATH = "stats/eurofxref/eurofxref-hist.csv"
"""The path of the file below the server's root."""

# The bank's file still has columns for former currencies.
_CURRENCIES = (
    *(
        "USD",
        "JPY",
        "CYP",
        "CZK",
        "DKK",
        "EEK",
        "GBP",
        "HUF",
        "LTL",
        "PLN",
        "SEK",
        "CHF",
        "NOK",
        "HRK",
    ),
    *("RUB", "AUD", "CAD", "CNY", "INR"),
)


def fill(root: Path, snapshot: Snapshot) -> None:
    """Write `PATH` below `root`."""
    target = root / PATH
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, render(snapshot).encode("ascii"))


def render(snapshot: Snapshot) -> str:
    """Return the file: `Date,USD,JPY,…,` with a trailing comma, newest day first, `N/A` without a rate."""
    days: dict[str, dict[str, str]] = {}
    for rate in snapshot.rates:
        days.setdefault(rate.rate_date.isoformat(), {})[rate.currency] = str(rate.rate)
    lines = [f"Date,{','.join(_CURRENCIES)},"]
    for day in sorted(days, reverse=True):
        lines.append(
            f"{day},{','.join(days[day].get(currency, 'N/A') for currency in _CURRENCIES)},"
        )
    return "\n".join(lines) + "\n"
