"""Seeder of the company's sales targets: the folder of `TARGETS_URI`."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from demo.ledger import SECOND_SOURCE, Ledger
from demo.seeders.atomic import write

_ORDER_VALUE = 140
"""The net sales of an average order, in US dollars."""
_AMBITION = (0.97, 1.1)
"""The smallest and largest target of a month, relative to what the season lets expect."""
_SECOND_SHARE = Decimal("0.05")
"""The part of the company's sales that the second Shopify shop is to have from its first day on."""


def fill(folder: Path, ledger: Ledger, today: date) -> None:
    """Write the targets of all months up to the one after `today`.

    A month's target never changes: it depends on the company's growth and season, not on its sales.
    """
    folder.mkdir(parents=True, exist_ok=True)
    month = ledger.first_day.replace(day=1)
    if ledger.old_shop:
        month = ledger.old_shop.first_day
    last = _next_month(today)
    lines = ["month,channel,net_sales,currency"]
    while month <= last:
        lines.append(f"{month:%Y-%m},total,{_target(ledger, month):f},USD")
        next_month = _next_month(month)
        if next_month > ledger.first_day:
            target = _SECOND_SHARE * _target(ledger, max(month, ledger.first_day))
            lines.append(f"{month:%Y-%m},{SECOND_SOURCE},{target:f},USD")
        month = next_month
    write(folder / "targets.csv", ("\n".join(lines) + "\n").encode())


def _target(ledger: Ledger, first_day: date) -> Decimal:
    """Return the target of the net sales from a day to the end of its month, in full thousands."""
    orders = 0.0
    day = first_day
    while day < _next_month(first_day):
        orders += ledger.shop.volume(day)
        day += timedelta(days=1)
    ambition = Random(f"target of {first_day}").uniform(*_AMBITION)
    return Decimal(orders * _ORDER_VALUE * ambition).quantize(Decimal("1E3"))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
