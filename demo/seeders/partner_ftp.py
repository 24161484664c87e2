"""Seeder of the partner's FTP server: promotions and a market index, for forecasts."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from demo.ledger.season import market_index, offer_of
from demo.seeders.atomic import write

ANNOUNCED = timedelta(days=120)
"""How long before their start offers are published."""
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def fill(root: Path, first_day: date, today: date) -> None:
    """Write `promotions.csv` and `market_index.csv`, each with its checksum.

    Args:
        root: the server's folder.
        first_day: the first day of the files.
        today: the current date; the market index ends with the last completed week.
    """
    root.mkdir(parents=True, exist_ok=True)
    offers = _offers(first_day, today + ANNOUNCED)
    offers.insert(0, "start_date,end_date,sku,discount_percent")
    _write(root / "promotions.csv", offers)
    weeks = ["week_start,index"]
    monday = first_day - timedelta(days=first_day.weekday())
    while monday + _WEEK <= today:
        weeks.append(f"{monday},{market_index(monday)}")
        monday += _WEEK
    _write(root / "market_index.csv", weeks)


def _offers(first_day: date, last_day: date) -> list[str]:
    """Return a row per offer, of consecutive days; it applies to all products."""
    rows = []
    day = first_day
    while day <= last_day:
        offer = offer_of(day)
        start = day
        while offer and day < last_day and offer_of(day + _DAY):
            day += _DAY
        if offer:
            percent = int(Decimal(offer.percent) * 100)
            rows.append(f"{start},{day},*,{percent}")
        day += _DAY
    return rows


def _write(path: Path, lines: list[str]) -> None:
    """Write a changed file, then its checksum."""
    content = "".join(f"{line}\n" for line in lines).encode()
    if path.exists() and path.read_bytes() == content:
        return
    checksum = f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"
    write(path, content)
    write(path.with_name(f"{path.name}.sha256"), checksum.encode())
