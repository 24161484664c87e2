"""The orders of one day with their whole history."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from demo.ledger.catalogue import (
    PRODUCTS,
    Market,
    market_of,
    price_from_usd,
    price_in,
    quantity_range,
    round_money,
)
from demo.ledger.coupons import Coupon, coupons_of
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
from demo.ledger.order_lifecycle import (
    PAID,
    OrderHistory,
    last_version,
    simulate_order,
)
from demo.ledger.season import popularity
from demo.ledger.shop import Shop

_SHARE = {
    SALES_DB: 0.5,
    STOREFRONT: 0.35,
    SHOPIFY: 0.1,
    PARTNER_FILES: 0.15,
}
_BY_SKU = {product.sku: product for product in PRODUCTS}
_FABRIC = "LIN-005"
"""The SKU of fabric by the metre."""
_COMPANIONS = {"KIT-001": "KIT-002", "LIN-001": "LIN-002"}
"""Products that some buyers take along: a board with the knife, pillow cases with the sheet."""
_TAKEN_ALONG = 0.3
"""The share of these buyers, of those who buy several products."""
WEEKDAY_VOLUME = (0.95, 0.9, 0.92, 1.0, 1.1, 1.2, 1.05)
_FIRST_ID_DAY = date(2015, 1, 1)


def order_histories(
    shop: Shop,
    day: date,
    late_refunds: Sequence[datetime] = (),
) -> Iterator[OrderHistory]:
    """Yield the orders placed on `day`, by channel and id.

    Args:
        shop: the company's constants.
        day: the business day.
        late_refunds: the instants at which refunds dated `day` are booked, each of another
            order in the sales database.
    """
    unbooked = sorted(late_refunds)
    paid_out = shop.window(day)[1] - timedelta(hours=1)
    placed = 0
    for channel in CHANNELS:
        rng = shop.rng("orders", day, channel)
        volume = shop.volume(day) * _SHARE[channel] * WEEKDAY_VOLUME[day.weekday()]
        count = round(volume * rng.uniform(0.85, 1.15))
        for number, ordered_at in enumerate(shop.instants(day, count, rng), start=1):
            placed += 1
            buyer = shop.buyer(day, placed, rng)
            order = _order(
                shop,
                channel,
                day,
                buyer,
                number=number,
                ordered_at=ordered_at,
                rng=rng,
            )
            history = simulate_order(shop, order)
            if (
                unbooked
                and channel == SALES_DB
                and _is_refundable(history, paid_out, unbooked[0])
            ):
                late_refund = (paid_out, unbooked.pop(0))
                history = simulate_order(shop, order, late_refund)
            yield history


def orphan_refunds(shop: Shop, day: date) -> Iterator[Refund]:
    """Yield the refunds booked on `day` for orders that the sales database has no more."""
    rng = shop.rng("orphans", day)
    if rng.random() < 0.4:
        refunded_at = shop.instants(day, 9, rng)[4]
        month = rng.randint(1, 12)
        yield Refund(
            channel=SALES_DB,
            refund_id=f"R-{day:%Y%m%d}-X1",
            order_id=f"S-2019{month:02}15-00042",
            currency=None,
            amount=Decimal(rng.randint(500, 4500)) / 100,
            quantity=Decimal(1),
            lines=(),
            reason="order archived",
            refunded_at=refunded_at,
            updated_at=refunded_at,
        )


def _is_refundable(
    history: OrderHistory,
    refunded_at: datetime,
    booked_at: datetime,
) -> bool:
    """Whether `history` can have a first refund with these dates."""
    if history.refunds:
        return False
    order = last_version(history.versions, booked_at - timedelta(microseconds=1))
    return (
        order is not None
        and order.status in PAID
        and not order.is_test
        and order.ordered_at < refunded_at
        and order.valid_lines[0].after_discount > 0
    )


def _partner(channel: str, rng: Random) -> str:
    """Return the partner of an order; in Shopify, where it was sold."""
    if channel == SHOPIFY:
        return "web" if rng.random() < 0.7 else "pos"
    if channel == PARTNER_FILES:
        return PARTNERS[0] if rng.random() < 0.6 else PARTNERS[1]
    return ""


def _order_id(channel: str, day: date, number: int, partner: str) -> str:
    """Return the id of the order `number` of a channel and day."""
    days = (day - _FIRST_ID_DAY).days
    if channel == SALES_DB:
        return f"S-{day:%Y%m%d}-{number:05}"
    if channel == STOREFRONT:
        # Ten ids each, for the order and its refunds: WooCommerce has one sequence.
        return str(days * 1_000_000 + number * 10)
    if channel == SHOPIFY:
        return str(days * 100_000 + number)
    return f"{partner[:3].upper()}-{day:%y%m%d}-{number:05}"


def _order(
    shop: Shop,
    channel: str,
    day: date,
    buyer: Customer,
    *,
    number: int,
    ordered_at: datetime,
    rng: Random,
) -> Order:
    partner = _partner(channel, rng)
    order_id = _order_id(channel, day, number, partner)
    # In the storefront, the ids of an order's lines follow its own.
    first_line = int(order_id) if channel == STOREFRONT else 1
    market = market_of(buyer)
    if channel == SHOPIFY:
        # Shopify also states all amounts in the shop's currency.
        market = replace(market, currency=shop.shopify_currency)
    coupons = coupons_of(
        shop,
        day,
        rng,
        is_new=shop.is_new(buyer, day),
        # The sales database has one column for a code.
        can_combine=channel in (STOREFRONT, SHOPIFY),
    )
    products = basket(shop, day, rng)
    lines = []
    for line_number, product in enumerate(products, start=first_line):
        line = line_of(
            channel,
            line_number,
            product,
            market,
            coupon=sum((coupon.percent for coupon in coupons), Decimal(0)),
            rng=rng,
        )
        lines.append(line)
    merchandise = sum((line.after_discount for line in lines), Decimal(0))
    if channel == SALES_DB and rng.random() < 0.01:
        lines.append(_without_quantity(lines[0], len(lines) + 1))
    shipping = Decimal(0)
    is_free = merchandise > price_from_usd(Decimal(60), market.currency)
    if not is_free and channel != PARTNER_FILES:
        shipping = price_from_usd(Decimal("4.95"), market.currency)
    fee = Decimal(0)
    if channel == STOREFRONT and rng.random() < 0.06:
        # For gift wrap.
        fee = price_from_usd(Decimal("3.50"), market.currency)
    entered_at = ordered_at
    if channel == SALES_DB and rng.random() < 0.02:
        # A phone order is entered hours later, possibly after the end of its day.
        entered_at += timedelta(minutes=rng.randint(90, 900))
    customer_id, email = _identity(channel, buyer, rng)
    return Order(
        channel=channel,
        order_id=order_id,
        partner=partner,
        customer_id=customer_id,
        email=email,
        country_code=buyer.country_code if rng.random() > 0.005 else None,
        currency=market.currency,
        status="new",
        coupon_code=_coupon_code(channel, coupons),
        is_test=channel == SALES_DB and rng.random() < 0.02,
        shipping=shipping,
        fee=fee,
        lines=tuple(lines),
        ordered_at=ordered_at,
        updated_at=entered_at,
        status_changed_at=entered_at,
    )


def _coupon_code(channel: str, coupons: Sequence[Coupon]) -> str | None:
    """Return the codes of an order as the channel has them, or None."""
    codes = ",".join(coupon.code for coupon in coupons)
    if channel == STOREFRONT:
        # WooCommerce stores them in lower case.
        codes = codes.lower()
    if channel == PARTNER_FILES:
        return None
    return codes or None


def basket(shop: Shop, day: date, rng: Random) -> list[Product]:
    """Return the products of an order."""
    count = rng.choices((1, 2, 3, 4, 5), (40, 28, 18, 9, 5))[0]
    chosen: dict[str, Product] = {}
    if shop.season:
        weights = popularity(day)
        while len(chosen) < count:
            product = rng.choices(PRODUCTS, weights)[0]
            chosen[product.sku] = product
    else:
        for product in rng.sample(PRODUCTS, count):
            chosen[product.sku] = product
    if count > 1:
        _take_along(chosen, rng)
    return list(chosen.values())


def _take_along(chosen: dict[str, Product], rng: Random) -> None:
    """Replace the last product by what is often bought with the first one."""
    first = next(iter(chosen))
    companion = _COMPANIONS.get(first)
    if companion is None or companion in chosen:
        return
    if rng.random() < _TAKEN_ALONG:
        chosen.popitem()
        chosen[companion] = _BY_SKU[companion]


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
    currency = market.currency
    quantity = Decimal(rng.randint(*quantity_range(product)))
    if product.sku == _FABRIC and channel not in (SALES_DB, SHOPIFY):
        # The sales database and Shopify count pieces only.
        quantity += Decimal("0.5")
    if channel in (STOREFRONT, SHOPIFY):
        unit_price = price_in(product, currency, decimals=2)
        gross = round_money(quantity * unit_price, currency)
    else:
        unit_price = price_in(product, currency, decimals=4)
        gross = quantity * unit_price
    share = coupon
    if rng.random() < 0.05:
        # A markdown.
        share += Decimal("0.10")
    discount = min(round_money(gross * share, currency), gross)
    return Line(
        line_number=line_number,
        sku=product.sku,
        product_name=product.name,
        category=product.category,
        quantity=quantity,
        unit_price=unit_price,
        gross=gross,
        discount=discount,
        tax=round_money((gross - discount) * market.tax, currency),
    )


def _without_quantity(line: Line, line_number: int) -> Line:
    """Return an invalid copy of a line."""
    return replace(
        line,
        line_number=line_number,
        quantity=Decimal(0),
        gross=Decimal(0),
        discount=Decimal(0),
        tax=Decimal(0),
        reject_reason="invalid_quantity",
    )


def _identity(
    channel: str,
    buyer: Customer,
    rng: Random,
) -> tuple[str | None, str | None]:
    """Return the channel's customer id and its spelling of the e-mail address."""
    email = buyer.email
    if channel == SALES_DB:
        if rng.random() < 0.04:
            return None, None
        return buyer.customer_id, email
    if channel in (STOREFRONT, SHOPIFY):
        customer_id = None
        if rng.random() < 0.6:
            _, joined_on, number = buyer.customer_id.split("-")
            customer_id = str(int(joined_on[2:]) * 100_000 + int(number))
        return customer_id, email and email.lower()
    if email and rng.random() < 0.3:
        email = rng.choice((email.upper(), f" {email} "))
    if rng.random() > 0.1:
        return None, email
    return None, None
