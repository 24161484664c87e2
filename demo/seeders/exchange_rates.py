"""Seeder of the reference rates, in the layout of the European Central Bank's history file."""

from pathlib import Path

from demo.ledger import Snapshot
from demo.seeders.atomic import write

PATH = "stats/eurofxref/eurofxref-hist.csv"
"""The path of the file below the server's root."""

# The bank's file still has columns for former currencies.
_CURRENCIES = (
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
    "RUB",
    "AUD",
    "CAD",
    "CNY",
    "INR",
)


def fill(root: Path, snapshot: Snapshot) -> None:
    """Write `PATH` below `root`.

    The header is `Date,USD,JPY,…,` with a trailing comma. The newest day is first; `N/A` is
    in place of a missing rate.
    """
    days: dict[str, dict[str, str]] = {}
    for rate in snapshot.rates:
        day = rate.rate_date.isoformat()
        days.setdefault(day, {})[rate.currency] = str(rate.rate)
    lines = [f"Date,{','.join(_CURRENCIES)},\n"]
    for day, rates in sorted(days.items(), reverse=True):
        cells = [rates.get(currency, "N/A") for currency in _CURRENCIES]
        lines.append(f"{day},{','.join(cells)},\n")
    target = root / PATH
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, "".join(lines).encode("ascii"))
