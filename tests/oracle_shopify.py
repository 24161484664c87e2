"""What an order of Shopify's Admin API becomes, computed in plain Python from the API's own fields.

It follows docs/SOURCES.md (Shopify) and shares no code with the pipeline. An order is a dict with the keys of
the API, its connections as lists.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

ZERO = Fraction(0)
Row = dict[str, Any]


def exact(bag: Any) -> Fraction:
    """An amount in the shop's currency."""
    return Fraction(bag["shopMoney"]["amount"]) if bag else ZERO


def rounded(amount: Fraction) -> Decimal:
    """To four decimals, half away from zero."""
    units = abs(amount) * 10_000
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return Decimal(whole if amount >= 0 else -whole) / 10_000


def tax_of(part: Row) -> Fraction:
    """The tax of a line or of shipping."""
    return sum((exact(each["priceSet"]) for each in part["taxLines"]), ZERO)


def lines_of(order: Row) -> list[Row]:
    """All lines of an order, by their ids: those that are `goods` count as sold."""
    tip, rows = exact(order.get("totalTipReceivedSet")), []
    for number, line in enumerate(
        sorted(order["lineItems"], key=lambda each: int(each["id"].split("/")[-1])), 1
    ):
        price, tax = exact(line["originalTotalSet"]), tax_of(line)
        discount = sum(
            (exact(each["allocatedAmountSet"]) for each in line["discountAllocations"]),
            ZERO,
        )
        gross, net = price, price - discount
        if order["taxesIncluded"]:
            net -= tax
            rate = sum((Fraction(str(each["rate"])) for each in line["taxLines"]), ZERO)
            gross = (
                price * net / (price - discount)
                if price > discount
                else price / (1 + rate)
            )
        is_tip = (
            not line["product"] and not line["variant"] and price > 0 and price == tip
        )
        kind = "gift card" if line["isGiftCard"] else "tip" if is_tip else "goods"
        rows.append(
            {
                "id": line["id"], "line_number": number, "kind": kind,
                "quantity": line["quantity"], "current": line["currentQuantity"],
                "gross": rounded(gross), "net": rounded(net), "tax": rounded(tax),
            }
        )  # fmt: skip
    return rows


def totals_of(order: Row) -> Row:
    """What the row of the order must have."""
    goods = [line for line in lines_of(order) if line["kind"] == "goods"]
    shipments = [each for each in order["shippingLines"] if not each["isRemoved"]]
    shipping = sum((exact(each["discountedPriceSet"]) for each in shipments), ZERO)
    if order["taxesIncluded"]:
        shipping -= sum(map(tax_of, shipments), ZERO)
    fees = sum((exact(each["price"]) for each in order["additionalFees"]), ZERO)
    if order["taxesIncluded"]:
        fees -= sum(map(tax_of, order["additionalFees"]), ZERO)
    fees += exact(order.get("totalTipReceivedSet"))
    duties = exact(order.get("originalTotalDutiesSet"))
    sold = sum(
        Fraction(line["net"]) for line in lines_of(order) if line["kind"] != "tip"
    )
    other_parts = sold + shipping + fees + exact(order["totalTaxSet"])
    gap_without = abs(exact(order["totalPriceSet"]) - other_parts)
    gap_with = abs(exact(order["totalPriceSet"]) - other_parts - duties)
    if gap_with <= gap_without:
        fees += duties
    return {
        "order_id": str(order["legacyResourceId"]),
        "item_count": len(goods),
        "gross_amount": sum((line["gross"] for line in goods), Decimal(0)),
        "discount_amount": sum(
            (line["gross"] - line["net"] for line in goods), Decimal(0)
        ),
        "tax_amount": rounded(exact(order["totalTaxSet"])),
        "shipping_amount": rounded(shipping),
        "fee_amount": rounded(fees),
    }


def returns_of(order: Row) -> Iterator[tuple[str, int, Decimal, Decimal]]:
    """Refund id, line number, and the amounts without and of tax, of each row of refunds; line 0 holds all
    that belongs to no line of goods, both amounts in one."""
    by_id = {line["id"]: line for line in lines_of(order)}
    refunded: dict[str, int] = {}
    for refund in order["refunds"]:
        items, shipments = refund["refundLineItems"], refund["refundShippingLines"]
        amounts = sum((exact(each["subtotalSet"]) for each in items), ZERO)
        amounts += sum((exact(each["subtotalAmountSet"]) for each in shipments), ZERO)
        tax = sum((exact(each["totalTaxSet"]) for each in items), ZERO)
        tax += sum((exact(each["taxAmountSet"]) for each in shipments), ZERO)
        duties = sum(
            (exact(each["amountSet"]) for each in refund.get("duties") or []), ZERO
        )
        paid = exact(refund["totalRefundedSet"])
        has_tax = order["taxesIncluded"] and paid != amounts + tax + duties
        explained = amounts + duties + (ZERO if has_tax else tax)
        payments = {
            each["status"]
            for each in refund["transactions"]
            if each["kind"] == "REFUND"
        }
        is_final = "SUCCESS" in payments and not (
            paid < explained and "PENDING" in payments
        )
        exchanged = ((refund.get("return") or {}).get("exchangeLineItems")) or []
        moved = is_final or (paid > explained and "PENDING" in payments)
        rest = paid - explained if moved and not exchanged else ZERO
        of_order, of_goods, of_cards = duties, ZERO, ZERO
        for each in items:
            line, net = by_id[each["lineItem"]["id"]], exact(each["subtotalSet"])
            net -= exact(each["totalTaxSet"]) if has_tax else ZERO
            refunded[line["id"]] = refunded.get(line["id"], 0) + each["quantity"]
            if line["kind"] == "goods":
                of_goods += net
                yield (
                    str(refund["legacyResourceId"]),
                    line["line_number"],
                    rounded(net),
                    rounded(exact(each["totalTaxSet"])),
                )
            elif line["kind"] == "tip":
                of_order += net + exact(each["totalTaxSet"])
            else:
                of_cards += net + exact(each["totalTaxSet"])
        for each in shipments:
            of_order += exact(each["subtotalAmountSet"]) + (
                ZERO if has_tax else exact(each["taxAmountSet"])
            )
        of_order += rest if rest > 0 else max(min(rest + of_cards, ZERO), -of_goods)
        if of_order:
            yield str(refund["legacyResourceId"]), 0, rounded(of_order), Decimal(0)
    for line in by_id.values() if not order["cancelledAt"] else ():
        removed = line["quantity"] - line["current"] - refunded.get(line["id"], 0)
        if removed > 0 and line["kind"] == "goods":
            share = Fraction(removed, line["quantity"])
            net, tax = (
                rounded(Fraction(line["net"]) * share),
                rounded(Fraction(line["tax"]) * share),
            )
            yield f"removed-{order['legacyResourceId']}", line["line_number"], net, tax
