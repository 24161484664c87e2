"""The deliveries of partner files, and the orders that they contain."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from demo.ledger.model import PARTNERS, BadRow, HeldFile, Order, PartnerFile
from demo.ledger.order_lifecycle import OrderHistory
from demo.ledger.shop import Shop


def deliveries(
    shop: Shop,
    days: Sequence[date],
    sold: Iterable[OrderHistory],
    held: Sequence[HeldFile],
) -> tuple[PartnerFile, ...]:
    """Return all deliveries, by the instant received.

    A file has the orders of its day and the changed orders of the day before, as of the end of its day. Some
    files arrive a day late, or are delivered again without one of their orders. The second partner sends
    nothing on Saturdays; its Sunday files have those orders.

    Args:
        shop: the company's constants.
        days: all business days.
        sold: the histories of all partner orders.
        held: the files that are delivered late.
    """
    by_day: dict[tuple[str, date], list[OrderHistory]] = {}
    zone = ZoneInfo(shop.timezone)
    for history in sold:
        placed = history.versions[0]
        day = placed.ordered_at.astimezone(zone).date()
        by_day.setdefault((placed.partner, day), []).append(history)
    files: list[PartnerFile] = []
    for day in days:
        for partner in PARTNERS:
            if not _sends(partner, day):
                continue
            today = by_day.get((partner, day), [])
            before = by_day.get((partner, day - timedelta(days=1)), [])
            files += _deliveries_of_day(shop, partner, day, today, before)
    files = [file for file in (_apply_hold(file, held) for file in files) if file]
    return tuple(sorted(files, key=lambda file: (file.received_at, file.name)))


def merge_files(received: Sequence[PartnerFile]) -> list[Order]:
    """Return the orders in the last delivery of each file; `received` is sorted by time.

    The version with the newest `updated_at` wins, then the file received last.
    """
    newest: dict[str, Order] = {}
    for file in sorted(
        {file.name: file for file in received}.values(),
        key=lambda file: file.received_at,
    ):
        for order in file.orders:
            if (
                order.order_id not in newest
                or order.updated_at >= newest[order.order_id].updated_at
            ):
                newest[order.order_id] = order
    return sorted(newest.values(), key=lambda order: order.order_id)


def _sends(partner: str, day: date) -> bool:
    return partner != PARTNERS[1] or day.weekday() != 5


def _deliveries_of_day(
    shop: Shop,
    partner: str,
    day: date,
    today: Sequence[OrderHistory],
    before: Sequence[OrderHistory],
) -> list[PartnerFile]:
    rng = shop.rng("file", partner, day)
    start, end = shop.window(day)
    orders = [_version_at(history, end) for history in today]
    sent_before = _sends(partner, day - timedelta(days=1))
    for history in before:
        state = _version_at(history, end)
        if not sent_before or state.updated_at >= start:
            orders.append(state)
    ending = ".csv.gz" if partner == PARTNERS[1] else ".csv"
    received_at = end + timedelta(minutes=rng.randint(20, 150))
    if rng.random() < 0.06:
        received_at += timedelta(days=1)
    repeated = tuple(
        (order.order_id, order.lines[0].line_number)
        for order in orders
        if rng.random() < 0.04
    )
    file = PartnerFile(
        name=f"{partner}_{day}{ending}",
        partner=partner,
        day=day,
        received_at=received_at,
        orders=tuple(order for order in orders if order.lines),
        bad_rows=_bad_rows(partner, day) if rng.random() < 0.5 else (),
        repeated=repeated,
    )
    tomorrow = shop.window(day + timedelta(days=1))[1]
    sent_once = [
        state.order_id
        for state in (_version_at(history, tomorrow) for history in today)
        if state.updated_at < end
    ]
    if rng.random() > 0.1 or len(today) < 2 or not sent_once:
        return [file]
    # The partner removes an order, which the next day's file does not contain.
    gone = sent_once[0]
    again = replace(
        file,
        received_at=received_at + timedelta(hours=30),
        orders=tuple(order for order in file.orders if order.order_id != gone),
        repeated=tuple(row for row in repeated if row[0] != gone),
    )
    return [file, again]


def _version_at(history: OrderHistory, at: datetime) -> Order:
    return next(
        version for version in reversed(history.versions) if version.updated_at < at
    )


def _bad_rows(partner: str, day: date) -> tuple[BadRow, ...]:
    prefix = f"{partner[:3].upper()}-{day:%y%m%d}"
    noon = f"{day}T12:00:00Z"
    good = {"id": f"{prefix}-9000", "at": noon, "quantity": "1", "price": "10.00"}
    row = (
        "{id},1,{at},{at},completed,KIT-001,Chef's knife,Kitchen,{quantity},{price},0.00,0.80,USD,"
        "buyer@example.org,US"
    )
    cases = (
        ("invalid_number", {"price": "12.50 USD"}),
        ("invalid_quantity", {"quantity": "-2"}),
        ("invalid_timestamp", {"at": f"{day}T25:61:00Z"}),
        ("negative_price", {"price": "-10.00"}),
    )
    rows = [
        BadRow(row.format(**(good | {"id": f"{prefix}-900{number}"} | change)), reason)
        for number, (reason, change) in enumerate(cases, start=1)
    ]
    return (
        *rows,
        BadRow(f"{prefix}-9005,1,{noon},cut off in the mid", "malformed_line"),
    )


def _apply_hold(file: PartnerFile, held: Sequence[HeldFile]) -> PartnerFile | None:
    for incident in held:
        if (incident.partner, incident.day) == (file.partner, file.day):
            return (
                replace(file, received_at=incident.received_at)
                if incident.received_at
                else None
            )
    return file
