"""A storefront's days around one business day: all that may happen to an order, and what must be read."""

from datetime import timedelta
from decimal import Decimal

from demo.services.storefront import (
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
    WooStore,
)

HUGE = 2**53 + 1
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

OF_THE_DAY = {1, 2, 3, 4, 5, 6, 7, 8, HUGE}
"""Orders created within the business day."""
CHANGED_ON_THE_DAY = {20, 21, 22, 23, 24, 25}
"""Old ones, changed within it so that every server shows it."""
AFTER_THE_DAY = {30, 31}
"""Created or changed after its end, before the read."""
LOOKED_BACK_AT = {40, 41, 42, 43}
"""Created in the days before it; not every server shows that they changed."""


def storefront_days(day):
    """The store as it is some hours after `day` has ended."""
    products = [
        WooProduct(
            11,
            "MUG",
            "Mug",
            ["Kitchen", "Gifts"],
            day.start - 90 * DAY,
        ),
        WooProduct(
            12,
            "TEA",
            "Tea, loose",
            ["Grocery"],
            day.start - 90 * DAY,
        ),
    ]
    noon = day.start + 12 * HOUR
    long_ago = day.start - 60 * DAY
    one_mug = WooRefundLine(
        9001,
        60,
        Decimal(1),
        Decimal("9.00"),
        Decimal("0.72"),
    )
    edited = WooLine(
        400, 11, "MUG", "Mug", Decimal(1), Decimal(10), Decimal(10), Decimal("1.44")
    )
    small_refunds = [
        WooRefund(
            2000 + n,
            noon + n * SECOND,
            Decimal("0.10"),
        )
        for n in range(120)
    ]
    orders = [
        _changed(1, day.start, day.end + HOUR),
        _changed(
            2,
            day.end - SECOND,
            day.end + HOUR,
        ),
        # Where the clocks go back these two show the same wall-clock time.
        _order(3, day.start + 1.5 * HOUR),
        _order(4, day.start + 2.5 * HOUR),
        _order(
            5,
            noon,
            lines=[],
            shipping=Decimal("4.95"),
        ),
        _order(
            6,
            noon,
            refunds=[
                WooRefund(
                    901,
                    noon + HOUR,
                    Decimal("9.72"),
                    "chipped",
                    [one_mug],
                )
            ],
        ),
        _changed(7, noon, noon + HOUR, "trash"),
        _order(
            8,
            noon,
            lines=[
                _line(80, product=12, quantity="0.375"),
                _line(81, product=99),
            ],
        ),
        _order(
            HUGE,
            noon,
            lines=[_line(HUGE + 7)],
        ),
        _changed(20, long_ago, day.start),
        # In the repeated hour: HPOS dates this an hour early.
        _changed(21, long_ago, day.start + 2.25 * HOUR, "cancelled"),
        _changed(22, long_ago, noon, "trash"),
        _changed(23, None, noon, "pending"),
        _changed(
            24,
            long_ago,
            noon,
            "refunded",
            refunds=[WooRefund(903, noon, Decimal("19.44"), "all of it")],
        ),
        _changed(25, long_ago, day.end - SECOND),
        _order(30, day.end),
        _changed(31, long_ago, day.end + HOUR),
        _order(
            40,
            day.start - 10 * DAY,
            lines=[edited],
            changes=[(noon, "line")],
        ),
        _order(
            41,
            day.start - 10 * DAY,
            refunds=[WooRefund(904, noon, Decimal("2.75"), "goodwill")],
        ),
        _order(
            42,
            day.start - 10 * DAY,
            refunds=[
                WooRefund(
                    902, day.start - 9 * DAY, Decimal("1.00"), "lost", deleted=True
                )
            ],
        ),
        _order(
            43,
            day.start - 13 * DAY,
            refunds=small_refunds,
        ),
        _order(50, day.start - 40 * DAY),
        _order(
            51,
            day.start - 40 * DAY,
            status="trash",
        ),
    ]
    return WooStore(orders, products)


def _changed(number, created_at, changed_at, status="completed", **values):
    """Return an order that got its status at `changed_at`."""
    changes = [(changed_at, "status")]
    return _order(
        number,
        created_at,
        status=status,
        changes=changes,
        **values,
    )


def _order(number, created_at, **values):
    defaults = {
        "status": "processing",
        "email": f"buyer{number}@example.com",
        "country": "US",
        "lines": [_line(number * 10)],
    }
    return WooOrder(number, created_at, **{**defaults, **values})


def _line(number, product=11, quantity="2"):
    sku = {11: "MUG", 12: "TEA"}.get(product, "GONE")
    return WooLine(
        number,
        product,
        sku,
        sku.title(),
        Decimal(quantity),
        Decimal("20.00"),
        Decimal("18.00"),
        Decimal("1.44"),
    )


def facts(order):
    """What an extract must tell of an order: status, creation, lines and refunds, none of an order in the
    trash."""
    lines = []
    for line in order.lines:
        product = (line.id, line.product_id, line.sku)
        lines.append((*product, float(line.quantity), f"{line.subtotal:.2f}"))
    refunds = set()
    for refund in order.refunds:
        if order.status != "trash" and not refund.deleted:
            created = _gmt(refund.created_at)
            refunds.add((str(refund.id), f"{refund.amount:.2f}", created))
    return order.status, _gmt(order.created_at), lines, refunds


def _gmt(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None
