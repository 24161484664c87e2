"""Drop the partners' files, with the dirt such files have."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

from demo.ledger import OLD_SHOP, PARTNERS, Line, Order, PartnerFile, Snapshot

HEADER = (
    *("order_id", "line_number", "ordered_at", "updated_at", "status", "sku", "product_name", "category"),
    *(
        "quantity",
        "unit_price",
        "discount_amount",
        "tax_amount",
        "currency",
        "customer_email",
        "country_code",
    ),
)


@dataclass(frozen=True, slots=True)
class _Habits:
    """How one partner, or the old shop, writes its files."""

    encoding: str
    line_end: str
    clock: tzinfo
    extra_columns: tuple[str, ...]
    extra_values: tuple[str, ...]


_HABITS = {
    PARTNERS[0]: _Habits("utf-8-sig", "\r\n", timezone(timedelta(hours=1)), (), ()),
    PARTNERS[1]: _Habits("utf-8", "\n", UTC, ("warehouse",), ("LIS-2",)),
    OLD_SHOP: _Habits("utf-8", "\n", UTC, (), ()),
}


def fill(folder: Path, snapshot: Snapshot) -> None:
    """Write the files of `snapshot` that are not there as they should be, each whole at once.

    A file's modification time is when it was received. Other files in `folder` are left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in snapshot.files:
        target, content = folder / file.name, render(file)
        received_at = file.received_at.timestamp()
        if target.exists() and target.stat().st_mtime == received_at and target.read_bytes() == content:
            continue
        write(target, content, received_at)


def write(target: Path, content: bytes, modified_at: float) -> None:
    """Write a file whole at once, with the modification time `modified_at`."""
    partial = target.with_name(f".{target.name}.partial")
    partial.write_bytes(content)
    os.utime(partial, (modified_at, modified_at))
    partial.rename(target)


def render(file: PartnerFile) -> bytes:
    """The bytes of one file: compressed when its name says so."""
    habits = _HABITS[file.partner]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=habits.line_end)
    writer.writerow((*HEADER, *habits.extra_columns))
    middle = len(file.orders) // 2
    writer.writerows(row for order in file.orders[:middle] for row in _rows(file, order, habits))
    # Bad rows lie between good ones: a reader that gives up at the first loses the rest.
    text.writelines(_bad_rows(file, habits))
    writer.writerows(row for order in file.orders[middle:] for row in _rows(file, order, habits))
    content = text.getvalue().encode(habits.encoding)
    return gzip.compress(content, mtime=0) if file.name.endswith(".gz") else content


def _rows(file: PartnerFile, order: Order, habits: _Habits) -> Iterator[tuple[object, ...]]:
    for line in order.lines:
        times = 2 if (order.order_id, line.line_number) in file.repeated else 1
        yield from [_row(order, line, habits)] * times


def _row(order: Order, line: Line, habits: _Habits) -> tuple[object, ...]:
    return (
        *(order.order_id, line.line_number),
        *(_clock(order.ordered_at, habits), _clock(order.updated_at, habits)),
        *(order.status, line.sku, line.product_name, line.category),
        *(line.quantity, line.unit_price, line.discount, line.tax),
        *(order.currency, order.email, order.country_code),
        *habits.extra_values,
    )


def _clock(instant: datetime, habits: _Habits) -> str:
    return instant.astimezone(habits.clock).isoformat().replace("+00:00", "Z")


def _bad_rows(file: PartnerFile, habits: _Habits) -> Iterator[str]:
    for bad in file.bad_rows:
        complete = bad.text.count(",") == len(HEADER) - 1
        yield ",".join((bad.text, *(habits.extra_values if complete else ()))) + habits.line_end
