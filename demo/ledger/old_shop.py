"""The company's former shop, and its bulk export.

The shop had one channel. The export has the last version of each order. Some customers order again after the
move.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from demo.ledger.catalogue import market_of
from demo.ledger.coupons import coupons_of
from demo.ledger.model import OLD_SHOP, PARTNER_FILES, BadRow, Order, PartnerFile
from demo.ledger.orders import WEEKDAY_VOLUME, basket, line_of
from demo.ledger.shop import Shop

# Fully refunded orders are cancelled there, because an export has no refunds.
_STATUSES = ("completed", "shipped", "cancelled", "on-hold")
_SHARES = (88, 4, 7, 1)


@dataclass(frozen=True, slots=True)
class OldShop:
    """The shop of the `months` calendar months up to the day before the move.

    Attributes:
        shop: the company's constants; its season has the day of the move.
    """

    shop: Shop
    months: int

    @property
    def first_day(self) -> date:
        """The first business day, the first of a month."""
        last = self._moved_on - timedelta(days=1)
        month = last.year * 12 + last.month - self.months
        return date(month // 12, month % 12 + 1, 1)

    @property
    def days(self) -> tuple[date, ...]:
        """The business days, first to last."""
        count = (self._moved_on - self.first_day).days
        return tuple(self.first_day + timedelta(days=number) for number in range(count))

    @property
    def _moved_on(self) -> date:
        assert self.shop.season
        return self.shop.season.moved_on

    def export(self) -> Iterator[PartnerFile]:
        """Yield the files of the bulk export, one per quarter.

        They are created at the instant of the move.
        """
        exported_at = self.shop.window(self._moved_on)[0]
        by_quarter: dict[str, list[date]] = {}
        for day in self.days:
            quarter = f"{day:%Y}-Q{(day.month + 2) // 3}"
            by_quarter.setdefault(quarter, []).append(day)
        for quarter, days in by_quarter.items():
            orders: list[Order] = []
            for day in days:
                orders += self._orders(day)
            # An invalid row at the end of each whole quarter.
            last = max(days)
            bad_rows = (_bad_row(last),) if last.month % 3 == 0 else ()
            yield PartnerFile(
                name=f"orders_{quarter}.csv.gz",
                partner=OLD_SHOP,
                day=days[0],
                received_at=exported_at,
                orders=tuple(orders),
                bad_rows=bad_rows,
                repeated=(),
            )

    def _orders(self, day: date) -> Iterator[Order]:
        shop = self.shop
        rng = shop.rng("old shop", day)
        volume = shop.volume(day) * WEEKDAY_VOLUME[day.weekday()]
        count = round(volume * rng.uniform(0.92, 1.08))
        for number, ordered_at in enumerate(shop.instants(day, count, rng), start=1):
            yield self._order(
                day,
                number,
                ordered_at,
                rng,
            )

    def _order(
        self,
        day: date,
        number: int,
        ordered_at: datetime,
        rng: Random,
    ) -> Order:
        shop = self.shop
        buyer = shop.buyer(day, number, rng)
        market = market_of(buyer)
        coupons = coupons_of(
            shop,
            day,
            rng,
            is_new=shop.is_new(buyer, day),
            can_combine=False,
        )
        lines = []
        for line_number, product in enumerate(basket(shop, day, rng), start=1):
            line = line_of(
                PARTNER_FILES,
                line_number,
                product,
                market,
                coupon=sum((coupon.percent for coupon in coupons), Decimal(0)),
                rng=rng,
            )
            lines.append(line)
        closed_at = shop.window(self._moved_on)[0]
        later = timedelta(minutes=rng.randint(5, 6000))
        changed_at = min(ordered_at + later, closed_at)
        return Order(
            channel=OLD_SHOP,
            order_id=f"O-{day:%y%m%d}-{number:04}",
            partner=OLD_SHOP,
            customer_id=None,
            email=buyer.email,
            country_code=buyer.country_code,
            currency=market.currency,
            status=rng.choices(_STATUSES, _SHARES)[0],
            coupon_code=None,
            is_test=False,
            shipping=Decimal(0),
            fee=Decimal(0),
            lines=tuple(lines),
            ordered_at=ordered_at,
            updated_at=changed_at,
            status_changed_at=changed_at,
        )


def _bad_row(day: date) -> BadRow:
    """Return an invalid row: a price edited by hand, with its currency."""
    at = f"{day:%Y-%m}-03T12:00:00Z"
    order = f"O-{day:%y%m}03-9001,1,{at},{at},completed"
    line = "KIT-001,Chef's knife,Kitchen,1,79.00 USD,0.00,6.32,USD,buyer@example.org,US"
    return BadRow(f"{order},{line}", "invalid_number")
