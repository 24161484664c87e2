"""The deliveries of partner files, and the orders that they contain."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from demo.ledger.model import PARTNERS, BadRow, HeldFile, Order, PartnerFile
from demo.ledger.order_lifecycle import OrderHistory, last_version
from demo.ledger.shop import Shop

_DAY = timedelta(days=1)
_BEFORE = timedelta(microseconds=1)
_BAD_CELLS = (
    ("invalid_number", {"price": "12.50 USD"}),
    ("invalid_quantity", {"quantity": "-2"}),
    ("invalid_timestamp", {"time": "T25:61:00Z"}),
    ("negative_price", {"price": "-10.00"}),
)
"""The reason for which a row is rejected, and what is wrong in it."""


def deliveries(
    shop: Shop,
    days: Sequence[date],
    sold: Iterable[OrderHistory],
    held: Sequence[HeldFile],
) -> tuple[PartnerFile, ...]:
    """Return all deliveries, by the instant received.

    A file has the orders of its day and the changed orders of the day before, as of the
    end of its day. Some files arrive a day late, or are delivered again without one of
    their orders. The second partner sends nothing on Saturdays; its Sunday files have
    those orders.

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
    arrivals = {(file.partner, file.day): file.received_at for file in held}
    files = []
    for day in days:
        for partner in PARTNERS:
            if not _sends(partner, day):
                continue
            today = by_day.get((partner, day), [])
            before = by_day.get((partner, day - _DAY), [])
            for file in _deliveries_of_day(
                shop,
                partner,
                day,
                today,
                before,
            ):
                received_at = arrivals.get((partner, day), file.received_at)
                if received_at:
                    files.append(replace(file, received_at=received_at))
    return tuple(sorted(files, key=lambda file: (file.received_at, file.name)))


def merge_files(received: Sequence[PartnerFile]) -> list[Order]:
    """Return the orders in the last delivery of each file; `received` is sorted by time.

    The version with the newest `updated_at` wins, then the file received last.
    """
    last_deliveries = {file.name: file for file in received}
    newest: dict[str, Order] = {}
    for file in sorted(last_deliveries.values(), key=lambda file: file.received_at):
        for order in file.orders:
            known = newest.get(order.order_id)
            if known is None or order.updated_at >= known.updated_at:
                newest[order.order_id] = order
    return [order for _, order in sorted(newest.items())]


def _sends(partner: str, day: date) -> bool:
    return partner != PARTNERS[1] or day.weekday() != 5


def _deliveries_of_day(
    shop: Shop,
    partner: str,
    day: date,
    today: Sequence[OrderHistory],
    before: Sequence[OrderHistory],
) -> list[PartnerFile]:
    """Return one or two deliveries of the file of a day.

    Args:
        shop: the company's constants.
        partner: the partner.
        day: the business day.
        today: the partner's orders of the day.
        before: its orders of the day before.
    """
    rng = shop.rng("file", partner, day)
    start, end = shop.window(day)
    orders = [_version_before(history, end) for history in today]
    sent_before = _sends(partner, day - _DAY)
    for history in before:
        order = _version_before(history, end)
        if order.updated_at >= start or not sent_before:
            orders.append(order)
    received_at = end + timedelta(minutes=rng.randint(20, 150))
    if rng.random() < 0.06:
        received_at += _DAY
    repeated = []
    for order in orders:
        if rng.random() < 0.04:
            repeated.append((order.order_id, order.lines[0].line_number))
    ending = ".csv.gz" if partner == PARTNERS[1] else ".csv"
    file = PartnerFile(
        name=f"{partner}_{day}{ending}",
        partner=partner,
        day=day,
        received_at=received_at,
        orders=tuple(orders),
        bad_rows=_bad_rows(partner, day) if rng.random() < 0.5 else (),
        repeated=tuple(repeated),
    )
    removed = _order_sent_once(shop, day, today)
    if rng.random() > 0.1 or len(today) < 2 or not removed:
        return [file]
    kept = [order for order in orders if order.order_id != removed]
    again = replace(
        file,
        received_at=received_at + timedelta(hours=30),
        orders=tuple(kept),
        repeated=tuple(row for row in repeated if row[0] != removed),
    )
    return [file, again]


def _order_sent_once(
    shop: Shop,
    day: date,
    today: Sequence[OrderHistory],
) -> str | None:
    """Return an order of `day` that the next day's file does not contain."""
    end = shop.window(day)[1]
    tomorrow = shop.window(day + _DAY)[1]
    for history in today:
        order = _version_before(history, tomorrow)
        if order.updated_at < end:
            return order.order_id
    return None


def _version_before(history: OrderHistory, instant: datetime) -> Order:
    version = last_version(history.versions, instant - _BEFORE)
    assert version
    return version


def _bad_rows(partner: str, day: date) -> tuple[BadRow, ...]:
    """Return a row for each reason, and a row that is cut off."""
    prefix = f"{partner[:3].upper()}-{day:%y%m%d}"
    good = {"quantity": "1", "price": "10.00", "time": "T12:00:00Z"}
    rows = []
    for number, (reason, change) in enumerate(_BAD_CELLS, start=1):
        cells = good | change
        at = f"{day}{cells['time']}"
        text = (
            f"{prefix}-900{number},1,{at},{at},completed,KIT-001,Chef's knife,Kitchen,"
            f"{cells['quantity']},{cells['price']},0.00,0.80,USD,buyer@example.org,US"
        )
        rows.append(BadRow(text, reason))
    cut_off = f"{prefix}-9005,1,{day}T12:00:00Z,cut off in the mid"
    rows.append(BadRow(cut_off, "malformed_line"))
    return tuple(rows)
