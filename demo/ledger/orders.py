"""The orders of one day with their whole history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from demo.ledger.catalogue import (
    MARKETS,
    PRODUCTS,
    Market,
    price_from_usd,
    price_in,
    quantity_range,
    round_money,
)
from demo.ledger.model import (
    CHANNELS,
    PARTNER_FILES,
    PARTNERS,
    SALES_DB,
    SHOPIFY,
    STOREFRONT,
    Customer,
    Line,
    Order,
    Product,
    Refund,
)
from demo.ledger.order_lifecycle import PAID, OrderHistory, simulate_order
from demo.ledger.season import offer_of, popularity
from demo.ledger.shop import Shop

_SHARE = {SALES_DB: 0.5, STOREFRONT: 0.35, SHOPIFY: 0.1, PARTNER_FILES: 0.15}
_COUPONS = (("WELCOME10", "0.10"), ("AUTUMN15", "0.15"), ("Friends-20", "0.20"))
WEEKDAY_VOLUME = (0.95, 0.9, 0.92, 1.0, 1.1, 1.2, 1.05)
_FIRST_ID_DAY = date(2015, 1, 1)
SHOP_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class _Sale:
    """The fields of an order that never change."""

    channel: str
    day: date
    order_id: str
    first_line: int
    partner: str
    ordered_at: datetime


def order_histories(
    shop: Shop, day: date, late_refunds: Sequence[datetime] = ()
) -> Iterator[OrderHistory]:
    """Yield the orders placed on `day`, by channel and id.

    Args:
        shop: the company's constants.
        day: the business day.
        late_refunds: the instants at which refunds dated `day` are booked, each of another order in the sales
            database.
    """
    placed = 0
    for channel in CHANNELS:
        rng = shop.rng("orders", day, channel)
        volume = (
            shop.volume(day)
            * _SHARE[channel]
            * WEEKDAY_VOLUME[day.weekday()]
            * rng.uniform(0.85, 1.15)
        )
        unbooked = sorted(late_refunds) if channel == SALES_DB else []
        paid_out = shop.window(day)[1] - timedelta(hours=1)
        for number, ordered_at in enumerate(
            shop.instants(day, round(volume), rng), start=1
        ):
            placed += 1
            buyer = shop.buyer(day, placed, rng)
            order = _order(
                shop, _sale(channel, day, number, ordered_at, rng), buyer, rng
            )
            history = simulate_order(shop, order)
            if unbooked and _is_refundable(history, paid_out, unbooked[0]):
                history = simulate_order(
                    shop, order, late_refund=(paid_out, unbooked.pop(0))
                )
            yield history


def orphan_refunds(shop: Shop, day: date) -> Iterator[Refund]:
    """Yield the refunds booked on `day` for orders that the sales database no longer has."""
    rng = shop.rng("orphans", day)
    if rng.random() < 0.4:
        refunded_at = shop.instants(day, 9, rng)[4]
        yield Refund(
            channel=SALES_DB,
            refund_id=f"R-{day:%Y%m%d}-X1",
            order_id=f"S-2019{rng.randint(1, 12):02}15-00042",
            currency=None,
            amount=Decimal(rng.randint(500, 4500)) / 100,
            quantity=Decimal(1),
            lines=(),
            reason="order archived",
            refunded_at=refunded_at,
            updated_at=refunded_at,
        )


def _is_refundable(
    history: OrderHistory, refunded_at: datetime, booked_at: datetime
) -> bool:
    """Whether a first refund, dated `refunded_at` and booked at `booked_at`, is consistent with `history`."""
    versions = [
        version for version in history.versions if version.updated_at < booked_at
    ]
    return (
        bool(versions)
        and versions[-1].status in PAID
        and not versions[-1].is_test
        and versions[-1].ordered_at < refunded_at
        and versions[-1].valid_lines[0].after_discount > 0
        and not history.refunds
    )


def _sale(
    channel: str, day: date, number: int, ordered_at: datetime, rng: Random
) -> _Sale:
    if channel == SALES_DB:
        return _Sale(channel, day, f"S-{day:%Y%m%d}-{number:05}", 1, "", ordered_at)
    if channel == STOREFRONT:
        # Ten ids each, for the order and its refunds: WooCommerce uses one sequence for both.
        order_id = (day - _FIRST_ID_DAY).days * 1_000_000 + number * 10
        return _Sale(channel, day, str(order_id), order_id, "", ordered_at)
    if channel == SHOPIFY:
        order_id = (day - _FIRST_ID_DAY).days * 100_000 + number
        return _Sale(
            channel,
            day,
            str(order_id),
            1,
            "web" if rng.random() < 0.7 else "pos",
            ordered_at,
        )
    partner = PARTNERS[0] if rng.random() < 0.6 else PARTNERS[1]
    return _Sale(
        channel,
        day,
        f"{partner[:3].upper()}-{day:%y%m%d}-{number:05}",
        1,
        partner,
        ordered_at,
    )


def _order(shop: Shop, sale: _Sale, buyer: Customer, rng: Random) -> Order:
    market = next(market for market in MARKETS if market.country == buyer.country_code)
    if sale.channel == SHOPIFY:
        market = replace(
            market, currency=SHOP_CURRENCY
        )  # Shopify also states all amounts in the shop's
    coupon, percent = coupon_of(shop, sale.day, rng)
    if sale.channel == PARTNER_FILES:
        coupon = None
    chosen = basket(shop, sale.day, rng)
    lines = tuple(
        line_of(
            sale.channel,
            sale.first_line + place,
            product,
            market,
            coupon=Decimal(percent),
            rng=rng,
        )
        for place, product in enumerate(chosen)
    )
    if sale.channel == SALES_DB and rng.random() < 0.01:
        broken = replace(
            lines[0], line_number=len(lines) + 1, quantity=Decimal(0), gross=Decimal(0)
        )
        lines += (
            replace(
                broken,
                discount=Decimal(0),
                tax=Decimal(0),
                reject_reason="invalid_quantity",
            ),
        )
    merchandise = sum((line.after_discount for line in lines), Decimal(0))
    free = (
        merchandise > price_from_usd(Decimal(60), market.currency)
        or sale.channel == PARTNER_FILES
    )
    gift_wrap = sale.channel == STOREFRONT and rng.random() < 0.06
    # A phone order is entered hours later, possibly after the end of its day.
    entered_at = sale.ordered_at
    if sale.channel == SALES_DB and rng.random() < 0.02:
        entered_at += timedelta(minutes=rng.randint(90, 900))
    customer_id, email = _identity(sale, buyer, rng)
    return Order(
        channel=sale.channel,
        order_id=sale.order_id,
        partner=sale.partner,
        customer_id=customer_id,
        email=email,
        country_code=buyer.country_code if rng.random() > 0.005 else None,
        currency=market.currency,
        status="new",
        coupon_code=coupon,
        is_test=sale.channel == SALES_DB and rng.random() < 0.02,
        shipping=Decimal(0)
        if free
        else price_from_usd(Decimal("4.95"), market.currency),
        fee=price_from_usd(Decimal("3.50"), market.currency)
        if gift_wrap
        else Decimal(0),
        lines=lines,
        ordered_at=sale.ordered_at,
        updated_at=entered_at,
        status_changed_at=entered_at,
    )


def basket(shop: Shop, day: date, rng: Random) -> list[Product]:
    """Return the products of an order."""
    count = rng.choices((1, 2, 3, 4, 5), (40, 28, 18, 9, 5))[0]
    if not shop.season:
        return rng.sample(PRODUCTS, count)
    weights = popularity(day)
    chosen: dict[str, Product] = {}
    while len(chosen) < count:
        (product,) = rng.choices(PRODUCTS, weights)
        chosen[product.sku] = product
    return list(chosen.values())


def coupon_of(shop: Shop, day: date, rng: Random) -> tuple[str | None, str]:
    """Return an order's coupon code and its discount, as a share."""
    offer = offer_of(day) if shop.season else None
    if offer and rng.random() < offer.share:
        return offer.code, offer.percent
    return rng.choice(_COUPONS) if rng.random() < 0.18 else (None, "0")


def line_of(
    channel: str,
    line_number: int,
    product: Product,
    market: Market,
    *,
    coupon: Decimal,
    rng: Random,
) -> Line:
    """Return an order line.

    Args:
        channel: the order's channel.
        line_number: the line's number.
        product: the product sold.
        market: the country and currency of the order.
        coupon: the coupon's discount, as a share.
        rng: the source of randomness.
    """
    quantity = Decimal(rng.randint(*quantity_range(product)))
    if product.sku == "LIN-005" and channel not in (SALES_DB, SHOPIFY):
        quantity += Decimal("0.5")  # fabric by the metre; the others count pieces only
    in_cents = channel in (STOREFRONT, SHOPIFY)
    unit_price = price_in(product, market.currency, decimals=2 if in_cents else 4)
    gross = quantity * unit_price
    if in_cents:
        gross = round_money(gross, market.currency)
    markdown = Decimal("0.10") if rng.random() < 0.05 else Decimal(0)
    discount = round_money(gross * min(Decimal(1), coupon + markdown), market.currency)
    discount = min(discount, gross)
    return Line(
        line_number=line_number,
        sku=product.sku,
        product_name=product.name,
        category=product.category,
        quantity=quantity,
        unit_price=unit_price,
        gross=gross,
        discount=discount,
        tax=round_money((gross - discount) * market.tax, market.currency),
    )


def _identity(
    sale: _Sale, buyer: Customer, rng: Random
) -> tuple[str | None, str | None]:
    """Return the channel's customer id and its spelling of the e-mail address."""
    if sale.channel == SALES_DB:
        return (None, None) if rng.random() < 0.04 else (buyer.customer_id, buyer.email)
    email = buyer.email
    if sale.channel in (STOREFRONT, SHOPIFY):
        member = rng.random() < 0.6
        _, joined_on, number = buyer.customer_id.split("-")
        customer_id = (
            str(int(joined_on[2:]) * 100_000 + int(number)) if member else None
        )
        return customer_id, email and email.lower()
    if email and rng.random() < 0.3:
        email = rng.choice((email.upper(), f" {email} "))
    return None, email if rng.random() > 0.1 else None
