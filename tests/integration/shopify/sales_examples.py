"""Orders of real shops as they are placed and edited, and their amounts."""

from dataclasses import replace
from decimal import Decimal

from demo.services.shopify import FeeFacts, TaxFacts
from tests.integration.shopify.orders import (
    line,
    off,
    order,
    paid,
    refund,
    shipping,
    tip,
)

FEE_WITH_TAX = FeeFacts("Bag", Decimal("1.10"), tax=Decimal("0.10"))
BAG = FeeFacts("Bag", Decimal(1))
DUTIES = FeeFacts("Duties", Decimal(12))

SALES = {
    "several discounts of one line": (
        order(line("30", 2, discounts=[off("5", code="A"), off("7"), off("0.50")])),
        "gross 60, discounts 12.50",
    ),
    "two taxes": (
        order(
            line("100", taxes=[TaxFacts(Decimal("0.05")), TaxFacts(Decimal("0.07"))])
        ),
        "gross 100, tax 12",
    ),
    "a price with tax, a fifth off": (
        order(line("121", rate="0.21", off="24.20"), taxes_included=True),
        "gross 100, discounts 20, tax 16.80",
    ),
    "a price with tax, all of it off": (
        order(line("121", rate="0.21", off="121"), taxes_included=True),
        "gross 100, discounts 100",
    ),
    "a price with two taxes, all of it off": (
        order(
            line(
                "112",
                taxes=[TaxFacts(Decimal("0.05")), TaxFacts(Decimal("0.07"))],
                off="112",
            ),
            taxes_included=True,
        ),
        "gross 100, discounts 100",
    ),
    "a price with tax that does not divide": (
        order(line("10", rate="0.19", off="3.33"), taxes_included=True),
        "gross 8.4108, discounts 2.8008, tax 1.06",  # 10 * 5.61 / 6.67
    ),
    "yen with tax": (
        order(line("1000", rate="0.08"), taxes_included=True, currency="JPY"),
        "gross 926, tax 74",
    ),
    "dinars with three decimals": (
        order(line("1.235", 2, rate="0.05"), currency="KWD"),
        "gross 2.470, tax 0.124",
    ),
    "paid in another currency": (
        order(
            line("13.50", rate="0.10"),
            currency="CAD",
            payments=[paid("14.04", kind="SALE")],
            refunds=[refund(transactions=[paid("7.10")])],
        ),
        "gross 13.50, tax 1.35, returns 7.10",
    ),
    "tax of lines and shipping": (
        order(line("24", rate="0.10"), shipping=[shipping("5", "0.10")]),
        "gross 24, tax 2.90, shipping 5",
    ),
    "shipping with tax in its price": (
        order(
            line("110", rate="0.10"),
            shipping=[shipping("5.50", "0.10")],
            taxes_included=True,
        ),
        "gross 100, tax 10.50, shipping 5",
    ),
    "two parcels with a discount, and one that was removed": (
        order(
            line("10"),
            shipping=[
                shipping("5", discount=Decimal(2)),
                shipping("4"),
                shipping("9", removed=True),
            ],
        ),
        "gross 10, shipping 7",
    ),
    "a gift card, a duty, a tip and a fee": (
        order(
            line("50", gift_card=True),
            line("10", rate="0.10", duty="2"),
            tip("3"),
            shipping=[shipping("5")],
            fees=[BAG],
        ),
        "gross 10, tax 1, shipping 5, fees 6",
    ),
    "a custom item, a deleted product and a gift of no price are goods": (
        order(
            line("4", custom=True),
            line("5", deleted_product=True),
            line("0", custom=True),
            tip("3"),
        ),
        "gross 9, fees 3",
    ),
    "a gift of no price, and no tip": (
        order(line("9"), line("0", custom=True)),
        "gross 9",
    ),
    "duties that are listed among the fees": (
        order(
            line("100", duty="12"),
            shipping=[shipping("15")],
            fees=[replace(BAG, amount=Decimal(5))],
            duties_place="fees",
        ),
        "gross 100, shipping 15, fees 17",
    ),
    "duties of their own beside a fee of the same amount": (
        order(line("100", duty="12"), fees=[replace(DUTIES, name="Bag")]),
        "gross 100, fees 24",
    ),
    "duties in the prices": (
        order(line("100", duty="12"), fees=[DUTIES], duties_place="prices"),
        "gross 100, fees 12",
    ),
    "duties and prices with tax": (
        order(line("121", rate="0.21", duty="12"), taxes_included=True),
        "gross 100, tax 21, fees 12",
    ),
    "a fee with tax in its price": (
        order(line("11", rate="0.10"), fees=[FEE_WITH_TAX], taxes_included=True),
        "gross 10, tax 1.10, fees 1",
    ),
    "a fee with tax on top": (
        order(line("10", rate="0.10"), fees=[replace(FEE_WITH_TAX, amount=Decimal(1))]),
        "gross 10, tax 1.10, fees 1",
    ),
}
