"""The central bank's reference rates."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from demo.ledger.model import Rate

# Rates vary around these values and have as many decimals.
_PAR = {
    "USD": "1.0850",
    "JPY": "163.50",
    "CZK": "25.120",
    "DKK": "7.4580",
    "GBP": "0.85320",
    "HUF": "392.30",
    "PLN": "4.3150",
    "SEK": "11.3420",
    "CHF": "0.9640",
    "NOK": "11.5310",
    "AUD": "1.6420",
    "CAD": "1.4730",
    "CNY": "7.8540",
    "INR": "90.1250",
}
_HISTORY = timedelta(days=60)
_HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}


def published_rates(seed: int, first_day: date, until: datetime) -> Iterator[Rate]:
    """Yield the rates published from 60 days before `first_day`, on working days at 15:00 UTC, oldest first.

    Args:
        seed: the ledger's seed.
        first_day: the first business day.
        until: the instant of the last publication.
    """
    day = first_day - _HISTORY
    published_at = datetime.combine(day, time(15), UTC)
    while published_at <= until:
        if day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS:
            for currency, par in _PAR.items():
                rate = _rate(
                    seed,
                    day,
                    currency,
                    Decimal(par),
                )
                yield Rate(
                    day,
                    currency,
                    rate,
                    published_at,
                )
        day += timedelta(days=1)
        published_at += timedelta(days=1)


def _rate(
    seed: int,
    day: date,
    currency: str,
    par: Decimal,
) -> Decimal:
    noise = random.Random(f"{seed}|rate|{day}|{currency}").uniform(-0.003, 0.003)
    swing = 0.02 * math.sin(day.toordinal() / 40 + len(currency + str(par)))
    return (par * Decimal(f"{1 + swing + noise:.6f}")).quantize(par)
