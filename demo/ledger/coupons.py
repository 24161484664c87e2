"""The shop's coupon codes, and the orders that use them."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from demo.ledger.season import offer_of
from demo.ledger.shop import Shop


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code and its discount, as a share.

    `new` and `known` are the shares of the orders that use it: of first orders, and of the others.
    """

    code: str
    percent: Decimal
    new: float
    known: float


_WELCOME = Coupon(
    "WELCOME10",
    Decimal("0.10"),
    new=0.18,
    known=0.0,
)
_NEWSLETTER = Coupon(
    "News-15",
    Decimal("0.15"),
    new=0.01,
    known=0.13,
)
_FRIENDS = Coupon(
    "FRIENDS20",
    Decimal("0.20"),
    new=0.04,
    known=0.015,
)
_MOVE = Coupon(
    "NEWSHOP15",
    Decimal("0.15"),
    new=0.05,
    known=0.08,
)
"""The campaign for the new shop. It ends after `_MOVE_DAYS`."""
_MOVE_DAYS = timedelta(days=5)
_COMBINED = 0.05
"""The share of coupons with which customers use a friend's code too."""


def coupons_of(
    shop: Shop,
    day: date,
    rng: Random,
    *,
    is_new: bool,
    can_combine: bool,
) -> list[Coupon]:
    """Return the coupons of an order: mostly none.

    Args:
        shop: the company's constants.
        day: the business day.
        rng: the source of randomness.
        is_new: whether it is the customer's first order.
        can_combine: whether an order can have two coupons.
    """
    roll = rng.random()
    used: list[Coupon] = []
    for coupon in _valid(shop, day):
        roll -= coupon.new if is_new else coupon.known
        if roll < 0:
            used.append(coupon)
            break
    if used and can_combine and rng.random() < _COMBINED and _FRIENDS not in used:
        used.append(_FRIENDS)
    return used


def _valid(shop: Shop, day: date) -> list[Coupon]:
    """Return the coupons that are valid on `day`."""
    coupons = [_WELCOME, _NEWSLETTER, _FRIENDS]
    if not shop.season:
        return coupons
    offer = offer_of(day)
    if offer:
        percent = Decimal(offer.percent)
        coupons.insert(
            0,
            Coupon(
                offer.code,
                percent,
                new=offer.share,
                known=offer.share,
            ),
        )
    if timedelta(0) <= day - shop.season.moved_on < _MOVE_DAYS:
        coupons.append(_MOVE)
    return coupons
