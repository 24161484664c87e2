"""What the partner publishes for forecasts: the company's offers as promotions, an index of the market."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from demo.ledger.season import market_index, offer_of

ANNOUNCED = timedelta(days=120)
"""How long before they begin offers are known."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def fill(root: Path, first_day: date, today: date) -> None:
    """Write `promotions.csv` and `market_index.csv`, each with its checksum: all that was published since
    `first_day`. The index of a week is known when the week is over."""
    root.mkdir(parents=True, exist_ok=True)
    _write(root / "promotions.csv", "start_date,end_date,sku,discount_percent", _offers(first_day, today))
    _write(root / "market_index.csv", "week_start,index", _weeks(first_day, today))


def _offers(first_day: date, today: date) -> Iterator[str]:
    """An offer is for the whole shop; it lasts as long as days in a row have its code."""
    days = (first_day + _DAY * number for number in range((today + ANNOUNCED - first_day).days + 1))
    known = ((day, offer) for day in days if (offer := offer_of(day)))
    for (_, _, percent), same in groupby(known, lambda each: (each[0].year, each[1].code, each[1].percent)):
        lasting = [day for day, _ in same]
        yield f"{lasting[0]},{lasting[-1]},*,{int(Decimal(percent) * 100)}"


def _weeks(first_day: date, today: date) -> Iterator[str]:
    monday = first_day - timedelta(days=first_day.weekday())
    while monday + _WEEK <= today:
        yield f"{monday},{market_index(monday)}"
        monday += _WEEK


def _write(path: Path, header: str, rows: Iterator[str]) -> None:
    """Whole at once, unless it is there already; the checksum last."""
    content = ("\n".join([header, *rows]) + "\n").encode()
    if path.exists() and path.read_bytes() == content:
        return
    checksum = f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode()
    for target, text in ((path, content), (path.with_name(f"{path.name}.sha256"), checksum)):
        partial = target.with_name(f".{target.name}.partial")
        partial.write_bytes(text)
        partial.replace(target)
