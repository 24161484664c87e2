"""Orders of real shops with removed units and refunds, and their amounts."""

from decimal import Decimal

from demo.services.shopify import FeeFacts
from tests.integration.shopify.orders import (
    LATER,
    line,
    order,
    paid,
    refund,
    shipping,
    tip,
    unit,
)

BAG = FeeFacts("Bag", Decimal(1))
SHIPPING_ONLY = unit(restock_type="NO_RESTOCK", subtotal=Decimal(0), tax=Decimal(0))

RETURNS = {
    "a unit removed by an edit": (
        order(line("100", 2, rate="0.13", removed=1), edited_at=LATER),
        "gross 200, tax 26, returns 100, returned_tax 13",
    ),
    "one of three units with a discount removed from a price with tax": (
        order(
            line("12.10", 3, rate="0.21", off="1", removed=1),
            edited_at=LATER,
            taxes_included=True,
        ),
        # 36.30 - 1.00, of 6.13 tax is 29.17 net; a third of it is removed.
        "gross 29.9963, discounts 0.8263, tax 6.13, returns 9.7233, returned_tax 2.0433",
    ),
    "one unit removed, another paid back": (
        order(line("10", 3, removed=1), refunds=[refund(unit())], edited_at=LATER),
        "gross 30, returns 20",
    ),
    "a gift card removed": (
        order(line("50", 2, gift_card=True, removed=1), line("10"), edited_at=LATER),
        "gross 10",
    ),
    "cancelled, and paid back": (
        order(
            line("20"),
            cancelled_at=LATER,
            refunds=[refund(unit(restock_type="CANCEL"))],
        ),
        "gross 20, returns 20",
    ),
    "cancelled, and one of two units paid back": (
        order(
            line("20", 2),
            cancelled_at=LATER,
            refunds=[refund(unit(restock_type="CANCEL"))],
        ),
        "gross 40, returns 20",
    ),
    "a refund line of 0, and 15 that were paid back": (
        order(
            line("10"),
            shipping=[shipping("5")],
            refunds=[refund(SHIPPING_ONLY, shipping="5", transactions=[paid("15")])],
        ),
        "gross 10, shipping 5, returns 10, returned_shipping 5",
    ),
    "a line and its shipping with tax": (
        order(
            line("10", rate="0.10"),
            shipping=[shipping("5", "0.10")],
            refunds=[refund(unit(), shipping="5", shipping_tax="0.50")],
        ),
        "gross 10, tax 1.50, shipping 5, returns 10, returned_tax 1.50, "
        "returned_shipping 5",
    ),
    "shipping with tax in its price": (
        order(
            line("11", rate="0.10"),
            shipping=[shipping("5.50", "0.10")],
            taxes_included=True,
            refunds=[refund(shipping="5.50", shipping_tax="0.50")],
        ),
        "gross 10, tax 1.50, shipping 5, returned_tax 0.50, returned_shipping 5",
    ),
    "of a price with tax, in amounts with tax": (
        order(
            line("121", 2, rate="0.21"),
            taxes_included=True,
            refund_subtotals_with_tax=True,
            refunds=[refund(unit())],
        ),
        "gross 200, tax 42, returns 100, returned_tax 21",
    ),
    "of a price with tax, in amounts before tax": (
        order(
            line("121", 2, rate="0.21"),
            taxes_included=True,
            refund_subtotals_with_tax=False,
            refunds=[refund(unit())],
        ),
        "gross 200, tax 42, returns 100, returned_tax 21",
    ),
    "of a price with tax, nothing paid back": (
        order(
            line("121", 2, rate="0.21"),
            taxes_included=True,
            refunds=[refund(unit(), transactions=[])],
        ),
        "gross 200, tax 42, returns 100, returned_tax 21",
    ),
    "three units with a discount, one by one": (
        order(
            line("3.33", 3, rate="0.07", off="0.50"),
            refunds=[refund(unit()) for _ in range(3)],
        ),
        "gross 9.99, discounts 0.50, tax 0.66, returns 9.49, returned_tax 0.66",
    ),
    "goodwill": (
        order(line("10"), refunds=[refund(adjustment=Decimal(-3))]),
        "gross 10, returns 3",
    ),
    "more than a line": (
        order(line("10", 2), refunds=[refund(unit(), transactions=[paid("13")])]),
        "gross 20, returns 13",
    ),
    "all of an order at once, as an amount": (
        order(
            line("100", rate="0.08", off="10"),
            shipping=[shipping("5")],
            refunds=[refund(transactions=[paid("102.20")])],
        ),
        "gross 100, discounts 10, tax 7.20, shipping 5, "
        "returns 90, returned_tax 7.20, returned_shipping 5",
    ),
    "more than the order": (
        order(
            line("100", rate="0.08", off="10"),
            shipping=[shipping("5")],
            refunds=[refund(transactions=[paid("150")])],
        ),
        "gross 100, discounts 10, tax 7.20, shipping 5, "
        "returns 137.80, returned_tax 7.20, returned_shipping 5",
    ),
    "a line, then amounts up to the order's total": (
        order(
            line("50", 2, rate="0.10"),
            shipping=[shipping("5")],
            fees=[BAG],
            refunds=[
                refund(unit()),
                refund(transactions=[paid("52")]),
                refund(transactions=[paid("9")]),
            ],
        ),
        "gross 100, tax 10, shipping 5, fees 1, "
        "returns 100, returned_tax 10, returned_shipping 6",
    ),
    "a part kept as a fee": (
        order(
            line("10"),
            refunds=[refund(unit(), adjustment=Decimal(4))],
        ),
        "gross 10, returns 6",
    ),
    "a part of a price with tax kept": (
        order(
            line("121", rate="0.21"),
            taxes_included=True,
            refunds=[refund(unit(), transactions=[paid("101")])],
        ),
        "gross 100, tax 21, returns 80, returned_tax 21",
    ),
    "more kept than the goods were": (
        order(
            line("10", rate="0.10"),
            refunds=[refund(unit(), transactions=[paid("0.40")])],
        ),
        "gross 10, tax 1, returned_tax 1",
    ),
    "a gift card": (
        order(line("50", gift_card=True), line("10"), refunds=[refund(unit())]),
        "gross 10",
    ),
    "a part of a gift card kept": (
        order(
            line("50", 2, gift_card=True),
            line("10"),
            refunds=[
                refund(unit(), unit(1), transactions=[paid("58")]),
                refund(unit(), transactions=[paid("0.50")]),
            ],
        ),
        "gross 10, returns 10",
    ),
    "a tip with the goods": (
        order(line("10"), tip("3"), refunds=[refund(unit(), unit(1))]),
        "gross 10, fees 3, returns 10, returned_shipping 3",
    ),
    "duties with the goods": (
        order(
            line("100", duty="12"),
            shipping=[shipping("15")],
            refunds=[refund(unit(), duties="12")],
        ),
        "gross 100, shipping 15, fees 12, returns 100, returned_shipping 12",
    ),
    "duties with goods of a price with tax": (
        order(
            line("121", rate="0.21", duty="12"),
            taxes_included=True,
            refunds=[refund(unit(), duties="12")],
        ),
        "gross 100, tax 21, fees 12, returns 100, returned_tax 21, returned_shipping 12",
    ),
    "duties with goods of a price with tax, in amounts before tax": (
        order(
            line("121", rate="0.21", duty="12"),
            taxes_included=True,
            refund_subtotals_with_tax=False,
            refunds=[refund(unit(), duties="12")],
        ),
        "gross 100, tax 21, fees 12, returns 100, returned_tax 21, returned_shipping 12",
    ),
    "duties that are listed among the fees, alone": (
        order(
            line("100", duty="12"), refunds=[refund(duties="12")], duties_place="fees"
        ),
        "gross 100, fees 12, returned_shipping 12",
    ),
    "an exchange for something dearer": (
        order(
            line("100"),
            line("250"),
            refunds=[refund(unit(), transactions=[], return_number=1, exchanged=[1])],
            payments=[paid("100", kind="SALE"), paid("150", kind="SALE")],
        ),
        "gross 350, returns 100",
    ),
    "an exchange for something cheaper": (
        order(
            line("100"),
            line("60"),
            refunds=[
                refund(
                    unit(), transactions=[paid("40")], return_number=1, exchanged=[1]
                )
            ],
        ),
        "gross 160, returns 100",
    ),
    "a return without an exchange, a part of it paid back": (
        order(
            line("100"),
            refunds=[refund(unit(), transactions=[paid("40")], return_number=1)],
        ),
        "gross 100, returns 40",
    ),
    "a payment that failed": (
        order(
            line("10"),
            refunds=[refund(unit(), transactions=[paid("10", status="FAILURE")])],
        ),
        "gross 10, returns 10",
    ),
    "a payment that is pending": (
        order(
            line("10"),
            refunds=[refund(unit(), transactions=[paid("10", status="PENDING")])],
        ),
        "gross 10, returns 10",
    ),
    "a payment of which a part is pending": (
        order(
            line("10"),
            refunds=[
                refund(unit(), transactions=[paid("4"), paid("6", status="PENDING")])
            ],
        ),
        "gross 10, returns 10",
    ),
    "goodwill of which a part is pending": (
        order(
            line("10"),
            refunds=[refund(transactions=[paid("4"), paid("3", status="PENDING")])],
        ),
        "gross 10, returns 4",
    ),
    "goodwill that is pending": (
        order(
            line("10"),
            refunds=[refund(transactions=[paid("3", status="PENDING")])],
        ),
        "gross 10",
    ),
    "no payment": (
        order(line("10", 2), refunds=[refund(unit(), transactions=[])]),
        "gross 20, returns 10",
    ),
    "nothing but a voided authorization": (
        order(
            line("10"), refunds=[refund(unit(), transactions=[paid("10", kind="VOID")])]
        ),
        "gross 10, returns 10",
    ),
    "goodwill whose payment failed": (
        order(
            line("10"),
            refunds=[refund(transactions=[paid("3", status="FAILURE")])],
        ),
        "gross 10",
    ),
}
