"""The amounts of orders; each test is an example with known totals."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from demo.services.shopify import (
    AdjustmentFacts,
    DiscountFacts,
    FeeFacts,
    LineFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    TaxFacts,
    TransactionFacts,
)
from tests.unit.demo.shopify_shop import NOW, make_order, shop_amount

LATER = NOW + timedelta(days=2)


def amounts(order: dict[str, Any], *names: str) -> list[str]:
    return [shop_amount(order[f"{name}Set"]) for name in names]


def total(order: dict[str, Any]) -> Decimal:
    """The total price as the sum of its parts."""

    def amount(money: dict[str, Any]) -> Decimal:
        return Decimal(shop_amount(money))

    taxed = not order["taxesIncluded"]
    parts = [
        amount(line["originalTotalSet"])
        - sum(
            amount(each["allocatedAmountSet"]) for each in line["discountAllocations"]
        )
        for line in order["lineItems"]
    ]
    parts += [
        amount(line["discountedPriceSet"])
        for line in order["shippingLines"]
        if not line["isRemoved"]
    ]
    parts += [amount(fee["price"]) for fee in order["additionalFees"]]
    parts += [
        amount(duty["price"]) for line in order["lineItems"] for duty in line["duties"]
    ]
    priced = [
        *order["lineItems"],
        *(each for each in order["shippingLines"] if not each["isRemoved"]),
    ]
    parts += [
        amount(each["priceSet"])
        for line in priced
        for each in line["taxLines"]
        if taxed
    ]
    return sum(parts, Decimal(0))


def line(
    price: str, quantity: int = 1, *, rate: str | None = None, **facts: Any
) -> LineFacts:
    taxes = [TaxFacts(Decimal(rate))] if rate else []
    return LineFacts(
        facts.pop("sku", "MUG"), Decimal(price), quantity, taxes=taxes, **facts
    )


def discount(amount: str, **facts: Any) -> DiscountFacts:
    return DiscountFacts(Decimal(amount), **facts)


def test_an_edit_that_removes_a_unit_changes_only_the_current_amounts() -> None:
    order = make_order(lines=[line("100", 2, rate="0.13", removed=1)], edited_at=LATER)
    assert amounts(order, "totalPrice", "originalTotalPrice", "currentTotalPrice") == [
        "226.0",
        "226.0",
        "113.0",
    ]
    item = order["lineItems"][0]
    assert (item["quantity"], item["currentQuantity"]) == (2, 1)
    assert shop_amount(item["taxLines"][0]["priceSet"]) == "26.0"
    assert order["updatedAt"] == "2026-11-04T12:00:00Z"


def test_an_edit_that_discounts_changes_total_and_subtotal() -> None:
    order = make_order(
        lines=[line("100", discounts=[discount("20", by_edit=True)])], edited_at=LATER
    )
    assert amounts(order, "subtotalPrice", "totalPrice", "originalTotalPrice") == [
        "80.0",
        "80.0",
        "100.0",
    ]


def test_an_edit_that_adds_an_item_leaves_the_order_partially_paid() -> None:
    order = make_order(lines=[line("10"), line("5", added=True)], edited_at=LATER)
    assert amounts(order, "totalPrice", "originalTotalPrice", "totalReceived") == [
        "15.0",
        "10.0",
        "10.0",
    ]
    assert order["displayFinancialStatus"] == "PARTIALLY_PAID"


def test_the_subtotal_is_after_the_discount_code() -> None:
    order = make_order(
        lines=[line("30", discounts=[discount("5", code="SAVE5", order_level=True)])]
    )
    assert amounts(order, "subtotalPrice", "totalDiscounts") == ["25.0", "5.0"]
    assert order["discountCodes"] == ["SAVE5"]


def test_the_discounted_total_omits_order_level_and_code_discounts() -> None:
    discounts = [
        discount("5", code="SAVE5"),
        discount("2", order_level=True),
        discount("1"),
    ]
    item = make_order(lines=[line("30", discounts=discounts)])["lineItems"][0]
    assert shop_amount(item["discountedTotalSet"]) == "29.0"
    assert [
        shop_amount(each["allocatedAmountSet"]) for each in item["discountAllocations"]
    ] == [
        "5.0",
        "2.0",
        "1.0",
    ]


def test_an_order_in_another_currency_is_paid_and_refunded_at_other_rates() -> None:
    order = make_order(
        lines=[line("13.50")],
        currency="CAD",
        presentment_currency="USD",
        exchange_rate=Decimal("1.5"),
        payments=[
            TransactionFacts(Decimal("12.77"), "SALE", presentment=Decimal("9.00"))
        ],
        refunds=[
            RefundFacts(
                LATER,
                transactions=[
                    TransactionFacts(Decimal("7.10"), presentment=Decimal("5.00"))
                ],
            )
        ],
    )
    assert order["totalPriceSet"] == {
        "shopMoney": {"amount": "13.5", "currencyCode": "CAD"},
        "presentmentMoney": {"amount": "9.0", "currencyCode": "USD"},
    }
    assert amounts(order, "totalReceived", "totalRefunded") == ["12.77", "7.1"]
    assert order["totalRefundedSet"]["presentmentMoney"]["amount"] == "5.0"


def test_included_taxes_are_a_part_of_the_price() -> None:
    order = make_order(
        lines=[line("121", rate="0.21", discounts=[discount("24.20")])],
        taxes_included=True,
    )
    price, off, tax = Decimal("121"), Decimal("24.20"), Decimal("16.80")
    item = order["lineItems"][0]
    assert shop_amount(item["taxLines"][0]["priceSet"]) == "16.8"
    assert shop_amount(item["priceAfterAllDiscountsBeforeTaxesSet"]) == "80.0"
    assert amounts(order, "totalPrice") == ["96.8"]
    net_share = (price - off - tax) / (price - off)
    assert [round(each * net_share, 2) for each in (price, off)] == [
        Decimal("100.00"),
        Decimal("20.00"),
    ]


def test_the_total_tax_contains_the_tax_of_the_shipping() -> None:
    order = make_order(
        lines=[line("24", rate="0.10")],
        shipping=[ShippingFacts(Decimal(5), taxes=[TaxFacts(Decimal("0.10"))])],
    )
    assert amounts(order, "totalTax", "totalPrice") == ["2.9", "31.9"]


def test_a_removed_shipping_line_is_not_part_of_the_total() -> None:
    order = make_order(
        shipping=[
            ShippingFacts(Decimal(5), removed=True),
            ShippingFacts(Decimal(4), Decimal(1)),
        ]
    )
    assert amounts(order, "totalPrice", "totalShippingPrice", "totalDiscounts") == [
        "13.0",
        "3.0",
        "1.0",
    ]


def test_a_cancelled_and_refunded_order_is_worth_nothing_now() -> None:
    refund = RefundFacts(LATER, [RefundLineFacts(0, restock_type="CANCEL")])
    order = make_order(lines=[line("20")], cancelled_at=LATER, refunds=[refund])
    assert amounts(order, "totalPrice", "totalRefunded", "currentTotalPrice") == [
        "20.0",
        "20.0",
        "0.0",
    ]
    assert order["displayFinancialStatus"] == "REFUNDED"
    assert order["lineItems"][0]["currentQuantity"] == 0


def test_an_exchange_refunds_nothing_although_a_line_is_returned() -> None:
    exchange = RefundFacts(
        LATER, [RefundLineFacts(0)], transactions=[], return_number=1, exchanged=[1]
    )
    payments = [
        TransactionFacts(Decimal(100), "SALE"),
        TransactionFacts(Decimal(150), "SALE"),
    ]
    order = make_order(
        lines=[line("100"), line("250", added=True)],
        refunds=[exchange],
        payments=payments,
    )
    assert amounts(order, "totalPrice", "currentTotalPrice", "totalRefunded") == [
        "350.0",
        "250.0",
        "0.0",
    ]
    assert (
        shop_amount(order["refunds"][0]["refundLineItems"][0]["subtotalSet"]) == "100.0"
    )
    returned = order["refunds"][0]["return"]
    assert returned["exchangeLineItems"][0]["lineItems"] == [
        {"id": order["lineItems"][1]["id"]}
    ]
    assert order["displayFinancialStatus"] == "PAID"


def test_a_refund_of_line_and_shipping_lists_both() -> None:
    refund = RefundFacts(LATER, [RefundLineFacts(0)], shipping=Decimal(5))
    order = make_order(shipping=[ShippingFacts(Decimal(5))], refunds=[refund])
    record = order["refunds"][0]
    assert shop_amount(record["totalRefundedSet"]) == "15.0"
    assert shop_amount(record["refundLineItems"][0]["subtotalSet"]) == "10.0"
    assert shop_amount(record["refundShippingLines"][0]["subtotalAmountSet"]) == "5.0"
    assert amounts(order, "currentTotalPrice", "totalRefundedShipping") == [
        "0.0",
        "5.0",
    ]


def test_a_refund_line_may_be_worth_nothing_although_money_was_refunded() -> None:
    refund = RefundFacts(
        LATER,
        [
            RefundLineFacts(
                0, restock_type="NO_RESTOCK", subtotal=Decimal(0), tax=Decimal(0)
            )
        ],
        shipping=Decimal(5),
        transactions=[TransactionFacts(Decimal(15))],
    )
    order = make_order(shipping=[ShippingFacts(Decimal(5))], refunds=[refund])
    assert amounts(order, "totalRefunded") == ["15.0"]
    assert (
        shop_amount(order["refunds"][0]["refundLineItems"][0]["subtotalSet"]) == "0.0"
    )


def test_a_goodwill_refund_has_an_adjustment_in_the_customers_favour_and_no_lines() -> (
    None
):
    order = make_order(
        refunds=[RefundFacts(LATER, adjustments=[AdjustmentFacts(Decimal(-3))])]
    )
    record = order["refunds"][0]
    assert (shop_amount(record["totalRefundedSet"]), record["refundLineItems"]) == (
        "3.0",
        [],
    )
    assert amounts(order, "refundDiscrepancy", "currentTotalPrice") == ["-3.0", "10.0"]


@pytest.mark.parametrize("status", ["PENDING", "FAILURE", "ERROR"])
def test_a_refund_does_not_prove_that_money_moved(status: str) -> None:
    refund = RefundFacts(
        LATER,
        [RefundLineFacts(0)],
        transactions=[TransactionFacts(Decimal(10), status=status)],
    )
    order = make_order(refunds=[refund])
    assert amounts(order, "totalRefunded") == ["0.0"]
    assert order["refunds"][0]["transactions"][0]["status"] == status


@pytest.mark.parametrize(("with_tax", "subtotal"), [(True, "121.0"), (False, "100.0")])
def test_both_readings_of_refund_subtotals_with_included_taxes_are_possible(
    with_tax: bool, subtotal: str
) -> None:
    order = make_order(
        lines=[line("121", 2, rate="0.21")],
        taxes_included=True,
        refund_subtotals_with_tax=with_tax,
        refunds=[RefundFacts(LATER, [RefundLineFacts(0)])],
    )
    record = order["refunds"][0]
    assert shop_amount(record["refundLineItems"][0]["subtotalSet"]) == subtotal
    assert shop_amount(record["refundLineItems"][0]["totalTaxSet"]) == "21.0"
    assert amounts(order, "totalRefunded", "currentTotalPrice") == ["121.0", "121.0"]


def test_units_refunded_one_by_one_add_up_to_the_line() -> None:
    refunds = [RefundFacts(LATER, [RefundLineFacts(0)]) for _ in range(3)]
    order = make_order(
        lines=[line("3.33", 3, rate="0.07", discounts=[discount("0.50")])],
        refunds=refunds,
    )
    assert amounts(order, "totalPrice", "totalRefunded") == ["10.15", "10.15"]
    assert (
        amounts(order, "currentTotalPrice", "currentTotalTax", "currentSubtotalPrice")
        == ["0.0"] * 3
    )


def test_gift_cards_tips_fees_and_duties_are_part_of_the_total() -> None:
    order = make_order(
        lines=[
            line("50", gift_card=True),
            line("10", rate="0.10", duty=Decimal(2)),
            LineFacts(None, Decimal(3), title="Tip", tip=True),
        ],
        shipping=[ShippingFacts(Decimal(5))],
        fees=[FeeFacts("Bag", Decimal(1))],
    )
    assert amounts(order, "totalPrice", "totalTipReceived", "subtotalPrice") == [
        "72.0",
        "3.0",
        "60.0",
    ]
    assert amounts(order, "currentTotalDuties", "originalTotalAdditionalFees") == [
        "2.0",
        "1.0",
    ]
    assert total(order) == Decimal(72)
    tip = order["lineItems"][2]
    assert (tip["product"], tip["variant"], tip["sku"]) == (None, None, None)
    assert "currentTotalDutiesSet" not in make_order()


def test_custom_items_deleted_products_and_bundles() -> None:
    custom, deleted, component = make_order(
        lines=[
            line("1", custom=True),
            line("2", deleted_product=True),
            line("3", bundle="SET"),
        ]
    )["lineItems"]
    assert custom["variant"] is None
    assert (deleted["product"], deleted["sku"]) == (None, "MUG")
    assert component["lineItemGroup"]["variantSku"] == "SET"


def test_amounts_have_the_decimals_of_their_currency() -> None:
    assert amounts(
        make_order(lines=[line("1000", rate="0.081")], currency="JPY"), "totalTax"
    ) == ["81.0"]
    assert amounts(
        make_order(lines=[line("1.2345", rate="0.05")], currency="KWD"), "totalTax"
    ) == ["0.062"]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"payments": []}, "PENDING"),
        ({"payments": [], "lines": [line("0")]}, "PAID"),
        ({"financial_status": None}, None),
        ({"financial_status": "VOIDED"}, "VOIDED"),
        (
            {
                "refunds": [
                    RefundFacts(LATER, adjustments=[AdjustmentFacts(Decimal(-3))])
                ]
            },
            "PARTIALLY_REFUNDED",
        ),
    ],
)
def test_the_financial_status_follows_from_payments_and_refunds(
    facts: dict, status: str | None
) -> None:
    assert make_order(**facts)["displayFinancialStatus"] == status
