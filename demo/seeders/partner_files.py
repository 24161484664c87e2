"""Seeder of the partners' drop folder: CSV files with typical defects."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

from demo.ledger import OLD_SHOP, PARTNERS, Line, Order, PartnerFile, Snapshot
from demo.seeders.atomic import write

HEADER = (
    *(
        "order_id",
        "line_number",
        "ordered_at",
        "updated_at",
        "status",
        "sku",
        "product_name",
        "category",
    ),
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
class _Dialect:
    """The dialect of one partner's files, or of the old shop's export."""

    encoding: str
    line_end: str
    clock: tzinfo
    extra_columns: tuple[str, ...]
    extra_values: tuple[str, ...]


_DIALECTS = {
    PARTNERS[0]: _Dialect("utf-8-sig", "\r\n", timezone(timedelta(hours=1)), (), ()),
    PARTNERS[1]: _Dialect("utf-8", "\n", UTC, ("warehouse",), ("LIS-2",)),
    OLD_SHOP: _Dialect("utf-8", "\n", UTC, (), ()),
}


def fill(folder: Path, snapshot: Snapshot) -> None:
    """Write the new and changed files of `snapshot`, with the time of receipt as modification time.

    Other files in `folder` are left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in snapshot.files:
        target, content = folder / file.name, render(file)
        received_at = file.received_at.timestamp()
        if (
            target.exists()
            and target.stat().st_mtime == received_at
            and target.read_bytes() == content
        ):
            continue
        write(target, content, received_at)


def render(file: PartnerFile) -> bytes:
    """Return the content of a file, compressed where its name ends with .gz."""
    dialect = _DIALECTS[file.partner]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=dialect.line_end)
    writer.writerow((*HEADER, *dialect.extra_columns))
    middle = len(file.orders) // 2
    writer.writerows(
        row for order in file.orders[:middle] for row in _rows(file, order, dialect)
    )
    # Bad rows are in the middle, so that a reader that stops at the first loses good ones.
    text.writelines(_bad_rows(file, dialect))
    writer.writerows(
        row for order in file.orders[middle:] for row in _rows(file, order, dialect)
    )
    content = text.getvalue().encode(dialect.encoding)
    return gzip.compress(content, mtime=0) if file.name.endswith(".gz") else content


def _rows(
    file: PartnerFile, order: Order, dialect: _Dialect
) -> Iterator[tuple[object, ...]]:
    for line in order.lines:
        times = 2 if (order.order_id, line.line_number) in file.repeated else 1
        yield from [_row(order, line, dialect)] * times


def _row(order: Order, line: Line, dialect: _Dialect) -> tuple[object, ...]:
    return (
        *(order.order_id, line.line_number),
        *(_timestamp(order.ordered_at, dialect), _timestamp(order.updated_at, dialect)),
        *(order.status, line.sku, line.product_name, line.category),
        *(line.quantity, line.unit_price, line.discount, line.tax),
        *(order.currency, order.email, order.country_code),
        *dialect.extra_values,
    )


def _timestamp(instant: datetime, dialect: _Dialect) -> str:
    return instant.astimezone(dialect.clock).isoformat().replace("+00:00", "Z")


def _bad_rows(file: PartnerFile, dialect: _Dialect) -> Iterator[str]:
    for bad in file.bad_rows:
        complete = bad.text.count(",") == len(HEADER) - 1
        yield (
            ",".join((bad.text, *(dialect.extra_values if complete else ())))
            + dialect.line_end
        )
