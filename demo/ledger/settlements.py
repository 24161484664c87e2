"""The weekly settlements of the first partner: what it pays out for the orders of the week before."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from demo.ledger.catalogue import round_money
from demo.ledger.model import PARTNERS
from demo.ledger.order_lifecycle import OrderHistory, last_version
from demo.ledger.shop import Shop

_COMMISSION = Decimal("0.12")
_MONDAY = 0
_UNPAID = frozenset({"cancelled", "on-hold"})
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A movement of money; what the partner keeps is negative. `kind` is charge or commission."""

    order_id: str
    kind: str
    amount: Decimal
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payout of a partner in one currency. Those of a day are in one file, dated and received that day."""

    settlement_id: str
    partner: str
    day: date
    received_at: datetime
    currency: str
    rows: tuple[SettlementRow, ...]

    @property
    def amount(self) -> Decimal:
        """What reaches the bank."""
        return sum((row.amount for row in self.rows), Decimal(0))

    @property
    def file_name(self) -> str:
        """The name of the file in the drop folder."""
        return f"{self.partner}_settlement_{self.day}.csv"


def weekly_settlements(
    shop: Shop,
    days: Sequence[date],
    sold: Iterable[OrderHistory],
) -> Iterator[Settlement]:
    """Yield the settlements by day and currency: every Monday, those of the seven days before.

    Args:
        shop: the company's constants.
        days: all business days.
        sold: the histories of all partner orders.
    """
    zone = ZoneInfo(shop.timezone)
    by_day: dict[date, list[OrderHistory]] = {}
    for history in sold:
        placed = history.versions[0]
        if placed.partner == PARTNERS[0]:
            day = placed.ordered_at.astimezone(zone).date()
            by_day.setdefault(day, []).append(history)
    for day in days:
        if day.weekday() != _MONDAY:
            continue
        received_at = shop.window(day)[0] + timedelta(hours=10)
        rows: dict[str, list[SettlementRow]] = {}
        for earlier in days:
            if day - _WEEK <= earlier < day:
                for history in by_day.get(earlier, []):
                    _add_order(rows, history, received_at)
        for currency, of_currency in sorted(rows.items()):
            yield Settlement(
                settlement_id=f"{day:%Y%m%d}-{currency}",
                partner=PARTNERS[0],
                day=day,
                received_at=received_at,
                currency=currency,
                rows=tuple(of_currency),
            )


def _add_order(
    rows: dict[str, list[SettlementRow]],
    history: OrderHistory,
    instant: datetime,
) -> None:
    """Add what is paid for an order as of an instant to the rows of its currency."""
    order = last_version(history.versions, instant)
    if order is None or order.status.lower() in _UNPAID:
        return
    amount = round_money(order.merchandise + order.tax, order.currency)
    commission = round_money(amount * _COMMISSION, order.currency)
    for kind, part in (("charge", amount), ("commission", -commission)):
        if part:
            row = SettlementRow(order.order_id, kind, part, order.ordered_at)
            rows.setdefault(order.currency, []).append(row)
