"""Seeder of the partner's FTP server: promotions and a market index, for forecasts."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from demo.ledger.season import market_index, offer_of
from demo.seeders.atomic import write

ANNOUNCED = timedelta(days=120)
"""How long before their start offers are published."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def fill(root: Path, first_day: date, today: date) -> None:
    """Write `promotions.csv` and `market_index.csv`, each with its checksum.

    Args:
        root: the server's folder.
        first_day: the first day of the files.
        today: the current date; the market index ends with the last completed week.
    """
    root.mkdir(parents=True, exist_ok=True)
    _write(
        root / "promotions.csv",
        "start_date,end_date,sku,discount_percent",
        _offers(first_day, today),
    )
    _write(root / "market_index.csv", "week_start,index", _weeks(first_day, today))


def _offers(first_day: date, today: date) -> Iterator[str]:
    """Yield a row per offer, which applies to all products and to consecutive days with the same code."""
    days = (
        first_day + _DAY * number
        for number in range((today + ANNOUNCED - first_day).days + 1)
    )
    offers = ((day, offer) for day in days if (offer := offer_of(day)))
    for (_, _, percent), pairs in groupby(
        offers, lambda pair: (pair[0].year, pair[1].code, pair[1].percent)
    ):
        offer_days = [day for day, _ in pairs]
        yield f"{offer_days[0]},{offer_days[-1]},*,{int(Decimal(percent) * 100)}"


def _weeks(first_day: date, today: date) -> Iterator[str]:
    monday = first_day - timedelta(days=first_day.weekday())
    while monday + _WEEK <= today:
        yield f"{monday},{market_index(monday)}"
        monday += _WEEK


def _write(path: Path, header: str, rows: Iterator[str]) -> None:
    """Write a changed file, then its checksum."""
    content = ("\n".join([header, *rows]) + "\n").encode()
    if path.exists() and path.read_bytes() == content:
        return
    checksum = f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode()
    write(path, content)
    write(path.with_name(f"{path.name}.sha256"), checksum)
