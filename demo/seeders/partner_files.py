"""Seeder of the partners' drop folder: CSV files with typical defects, and settlements."""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

from demo.ledger import OLD_SHOP, PARTNERS, Line, Order, PartnerFile, Snapshot
from demo.ledger.settlements import Settlement
from demo.seeders.atomic import write

HEADER = (
    "order_id",
    "line_number",
    "ordered_at",
    "updated_at",
    "status",
    "sku",
    "product_name",
    "category",
    "quantity",
    "unit_price",
    "discount_amount",
    "tax_amount",
    "currency",
    "customer_email",
    "country_code",
)
SETTLEMENT_HEADER = (
    "settlement_id",
    "deposited_on",
    "deposit_amount",
    "currency",
    "order_id",
    "kind",
    "amount",
    "posted_at",
)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """The dialect of one partner's files, or of the old shop's export.

    `extra` are the header and the value of columns that the contract does not have.
    """

    encoding: str = "utf-8"
    line_end: str = "\n"
    clock: tzinfo = UTC
    extra: tuple[str, ...] = ()
    has_costs: bool = True


_DIALECTS = {
    PARTNERS[0]: _Dialect("utf-8-sig", "\r\n", timezone(timedelta(hours=1))),
    PARTNERS[1]: _Dialect(extra=("warehouse", "LIS-2")),
    OLD_SHOP: _Dialect(has_costs=False),
}


def fill(folder: Path, snapshot: Snapshot) -> None:
    """Write the new and changed files of `snapshot`.

    Their modification time is the time of receipt. Other files in `folder` are left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in snapshot.files:
        target = folder / file.name
        content = render(file)
        _deliver(target, content, file.received_at)
    by_name: dict[str, list[Settlement]] = {}
    for settlement in snapshot.settlements:
        by_name.setdefault(settlement.file_name, []).append(settlement)
    for name, settlements in by_name.items():
        received_at = settlements[0].received_at
        _deliver(folder / name, render_settlements(settlements), received_at)


def _deliver(target: Path, content: bytes, received_at: datetime) -> None:
    """Write a file, unless it is there."""
    modified = received_at.timestamp()
    is_same = target.exists() and target.read_bytes() == content
    if not is_same or target.stat().st_mtime != modified:
        write(target, content, modified)


def render(file: PartnerFile) -> bytes:
    """Return the content of a file, compressed where its name ends with .gz."""
    dialect = _DIALECTS[file.partner]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=dialect.line_end)
    cost = ("unit_cost",) if dialect.has_costs else ()
    writer.writerow([*HEADER, *cost, *dialect.extra[:1]])
    # Bad rows are in the middle, so that a reader that stops at the first loses good ones.
    middle = len(file.orders) // 2
    writer.writerows(_rows(file, file.orders[:middle], dialect))
    for bad in file.bad_rows:
        cells = [bad.text]
        is_complete = bad.text.count(",") == len(HEADER) - 1
        if is_complete and dialect.has_costs:
            cells.append("5.00")
        if is_complete:
            cells += dialect.extra[1:]
        text.write(",".join(cells) + dialect.line_end)
    writer.writerows(_rows(file, file.orders[middle:], dialect))
    content = text.getvalue().encode(dialect.encoding)
    if file.name.endswith(".gz"):
        return gzip.compress(content, mtime=0)
    return content


def render_settlements(settlements: Sequence[Settlement]) -> bytes:
    """Return the content of a file of settlements: the first row of each is its deposit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SETTLEMENT_HEADER)
    for settlement in settlements:
        number = settlement.settlement_id
        deposit = (settlement.day, settlement.amount, settlement.currency)
        writer.writerow([number, *deposit, "", "", "", ""])
        for row in settlement.rows:
            posted_at = _timestamp(row.posted_at, _Dialect())
            movement = (row.order_id, row.kind, row.amount, posted_at)
            writer.writerow([number, "", "", "", *movement])
    return text.getvalue().encode()


def _rows(
    file: PartnerFile,
    orders: Sequence[Order],
    dialect: _Dialect,
) -> Iterator[list[object]]:
    for order in orders:
        for line in order.lines:
            yield _row(order, line, dialect)
            if (order.order_id, line.line_number) in file.repeated:
                yield _row(order, line, dialect)


def _row(order: Order, line: Line, dialect: _Dialect) -> list[object]:
    ordered_at = _timestamp(order.ordered_at, dialect)
    updated_at = _timestamp(order.updated_at, dialect)
    row = [
        order.order_id,
        line.line_number,
        ordered_at,
        updated_at,
        order.status,
        line.sku,
        line.product_name,
        line.category,
        line.quantity,
        line.unit_price,
        line.discount,
        line.tax,
        order.currency,
        order.email,
        order.country_code,
    ]
    if dialect.has_costs:
        row.append(line.unit_cost)
    return [*row, *dialect.extra[1:]]


def _timestamp(instant: datetime, dialect: _Dialect) -> str:
    return instant.astimezone(dialect.clock).isoformat().replace("+00:00", "Z")
