"""What an order of Shopify's Admin API becomes, computed in plain Python from the API's own fields.

It follows docs/SOURCES.md (Shopify) and shares no code with the pipeline. An order is a dict with the keys of
the API, its connections as lists.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tests.oracle_customers import rounded

ZERO = Fraction(0)


def exact(bag):
    """An amount in the shop's currency."""
    return Fraction(bag["shopMoney"]["amount"]) if bag else ZERO


def tax_of(part):
    """The tax of a line or of shipping."""
    return sum((exact(each["priceSet"]) for each in part["taxLines"]), ZERO)


def lines_of(order):
    """All lines of an order, by their ids: those that are `goods` count as sold."""
    tip = exact(order.get("totalTipReceivedSet"))
    rows = []
    by_id = sorted(order["lineItems"], key=lambda line: int(line["id"].split("/")[-1]))
    for number, line in enumerate(by_id, 1):
        price = exact(line["originalTotalSet"])
        tax = tax_of(line)
        net = price
        for allocation in line["discountAllocations"]:
            net -= exact(allocation["allocatedAmountSet"])
        gross = price
        if order["taxesIncluded"]:
            if net > 0:
                gross = price * (net - tax) / net
            else:
                rates = [Fraction(str(each["rate"])) for each in line["taxLines"]]
                gross = price / (1 + sum(rates))
            net -= tax
        kind = "goods"
        if line["isGiftCard"]:
            kind = "gift card"
        elif not line["product"] and not line["variant"] and price == tip > 0:
            kind = "tip"
        row = {
            "id": line["id"],
            "line_number": number,
            "kind": kind,
            "quantity": line["quantity"],
            "current": line["currentQuantity"],
            "gross": rounded(gross),
            "net": rounded(net),
            "tax": rounded(tax),
        }
        rows.append(row)
    return rows


def totals_of(order):
    """What the row of the order must have."""
    lines = lines_of(order)
    goods = [line for line in lines if line["kind"] == "goods"]
    shipments = [each for each in order["shippingLines"] if not each["isRemoved"]]
    shipping = sum((exact(each["discountedPriceSet"]) for each in shipments), ZERO)
    if order["taxesIncluded"]:
        shipping -= sum(map(tax_of, shipments), ZERO)
    fees = sum((exact(each["price"]) for each in order["additionalFees"]), ZERO)
    if order["taxesIncluded"]:
        fees -= sum(map(tax_of, order["additionalFees"]), ZERO)
    fees += exact(order.get("totalTipReceivedSet"))
    duties = exact(order.get("originalTotalDutiesSet"))
    sold = sum(Fraction(line["net"]) for line in lines if line["kind"] != "tip")
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


@dataclass
class Returned:
    """What one refund pays back, before `rest` is allocated to parts of the order."""

    refund_id: str
    lines: list[tuple[int, Decimal, Decimal]]
    merchandise: Fraction = ZERO
    tax: Fraction = ZERO
    shipping: Fraction = ZERO
    rest: Fraction = ZERO
    kept: Fraction = ZERO
    paid: Fraction = ZERO
    explained: Fraction = ZERO
    """What its lines, shipping and duties amount to."""


def returns_of(order):
    """Refund id, line number, merchandise, tax, and shipping with fees of each row of
    refunds; line 0 holds all that belongs to no line of goods."""
    lines = {line["id"]: line for line in lines_of(order)}
    totals = totals_of(order)
    left = [
        Fraction(totals["gross_amount"] - totals["discount_amount"]),
        Fraction(totals["tax_amount"]),
        Fraction(totals["shipping_amount"] + totals["fee_amount"]),
    ]
    allocated = [ZERO, ZERO, ZERO]
    paid = ZERO
    for returned in settled(order, lines):
        for line in returned.lines:
            yield (returned.refund_id, *line, Decimal(0))
        of_lines = [
            sum((Fraction(line[1]) for line in returned.lines), returned.merchandise),
            sum((Fraction(line[2]) for line in returned.lines), returned.tax),
            returned.shipping,
        ]
        paid += returned.rest
        open_amount = paid
        now = [ZERO, ZERO, ZERO]
        for part in range(3):
            left[part] -= max(of_lines[part], ZERO)
            so_far = max(allocated[part], min(open_amount, left[part]))
            now[part] = so_far - allocated[part]
            allocated[part] = so_far
            open_amount -= so_far
        excess = returned.rest - sum(now)
        yield (
            returned.refund_id,
            0,
            rounded(returned.merchandise + now[0] + excess),
            rounded(returned.tax + now[1]),
            rounded(returned.shipping + now[2]),
        )
    if not order["cancelledAt"]:
        yield from removed_units(order, lines)


def settled(order, lines):
    """What each refund pays back, without what the shop owed before. A shop keeps no more than it holds: what
    was paid, is not paid back, and is not the price of what the customer has. The last one is what was never
    paid of a cancelled order."""
    owed = owed_to_customer(order, lines)
    received = received_for(order)
    repaid = sum((exact(each["totalRefundedSet"]) for each in order["refunds"]), ZERO)
    held = max(received - repaid - exact(order["currentTotalPriceSet"]), ZERO)
    unpaid = exact(order["totalPriceSet"]) - received
    for refund in order["refunds"]:
        returned = returned_by(refund, order["taxesIncluded"], lines, held)
        held -= returned.kept
        repaid = min(returned.rest, owed)
        returned.rest -= repaid
        owed -= repaid
        unpaid += returned.paid - returned.explained - returned.rest + returned.kept
        yield returned
    if (
        order["cancelledAt"]
        and exact(order["totalReceivedSet"])
        and unpaid >= Fraction(1, 100)
    ):
        yield Returned(f"removed-{order['legacyResourceId']}", [], rest=unpaid)


def owed_to_customer(order, lines):
    """What was taken off an order and not paid back at once, if it was paid before: an edit, or a refund or
    exchange without its payment."""
    received = received_for(order)
    taken_off = ZERO
    if order["edited"]:
        taken_off += max(received - exact(order["totalPriceSet"]), ZERO)
    if not order["cancelledAt"]:
        for row in removed_units(order, lines, ("goods", "gift card", "tip")):
            taken_off += Fraction(row[2] + row[3])
    overpaid = received - exact(order["currentTotalPriceSet"])
    for refund in order["refunds"]:
        returned = returned_by(refund, order["taxesIncluded"], lines, ZERO)
        if not is_exchange(refund) and statuses_of(refund) & {"SUCCESS", "PENDING"}:
            overpaid -= returned.explained
        else:
            overpaid -= returned.paid
            taken_off += max(returned.explained - returned.paid, ZERO)
    return max(min(taken_off, overpaid), ZERO)


def received_for(order):
    """What the customer paid, at the exchange rate of the order: that of a payment may be another."""
    total = order["totalPriceSet"]
    charged = Fraction(total["presentmentMoney"]["amount"])
    if charged == 0:
        return exact(order["totalReceivedSet"])
    received = Fraction(order["totalReceivedSet"]["presentmentMoney"]["amount"])
    return exact(total) * received / charged


def returned_by(refund, taxes_included, lines, held):
    """What a refund pays back for its lines, shipping and duties, and the rest; it keeps at most `held`."""
    items = refund["refundLineItems"]
    shipments = refund["refundShippingLines"]
    amounts = sum((exact(item["subtotalSet"]) for item in items), ZERO)
    amounts += sum((exact(each["subtotalAmountSet"]) for each in shipments), ZERO)
    shipping_tax = sum((exact(each["taxAmountSet"]) for each in shipments), ZERO)
    tax = sum((exact(item["totalTaxSet"]) for item in items), shipping_tax)
    listed = refund.get("duties") or []
    duties = sum((exact(duty["amountSet"]) for duty in listed), ZERO)
    paid = exact(refund["totalRefundedSet"])
    has_tax = taxes_included and paid != amounts + tax + duties
    explained = amounts + duties + (ZERO if has_tax else tax)

    returned = Returned(str(refund["legacyResourceId"]), [])
    returned.paid = paid
    returned.explained = explained
    returned.tax = shipping_tax
    returned.shipping = duties - (shipping_tax if has_tax else ZERO)
    returned.shipping += sum(
        (exact(each["subtotalAmountSet"]) for each in shipments), ZERO
    )
    goods = ZERO
    gift_cards = ZERO
    for item in items:
        line = lines[item["lineItem"]["id"]]
        item_tax = exact(item["totalTaxSet"])
        net = exact(item["subtotalSet"]) - (item_tax if has_tax else ZERO)
        if line["kind"] == "goods":
            goods += net
            row = (line["line_number"], rounded(net), rounded(item_tax))
            returned.lines.append(row)
        elif line["kind"] == "tip":
            returned.shipping += net
            returned.tax += item_tax
        else:
            gift_cards += net + item_tax

    rest = ZERO if is_exchange(refund) else unexplained(refund, paid - explained)
    returned.rest = max(rest, ZERO)
    returned.kept = min(max(-rest, ZERO), held)
    # What it keeps of a gift card reduces no goods.
    of_goods = returned.rest - returned.kept + gift_cards
    returned.merchandise = max(min(of_goods, ZERO), -goods)
    return returned


def is_exchange(refund):
    """Whether the returned goods were replaced by others."""
    return bool((refund.get("return") or {}).get("exchangeLineItems"))


def statuses_of(refund):
    """The statuses of its payments to the customer."""
    payments = refund["transactions"]
    return {each["status"] for each in payments if each["kind"] == "REFUND"}


def unexplained(refund, difference):
    """What was paid back beyond the refund's own lines; below zero what the shop kept."""
    statuses = statuses_of(refund)
    if difference > 0 and statuses & {"SUCCESS", "PENDING"}:
        return difference
    if difference < 0 and "SUCCESS" in statuses and "PENDING" not in statuses:
        return difference
    return ZERO


def removed_units(order, lines, kinds=("goods",)):
    """The rows of units of some kinds that an edit removed and no refund has."""
    refunded = {}
    for refund in order["refunds"]:
        for item in refund["refundLineItems"]:
            line_id = item["lineItem"]["id"]
            refunded[line_id] = refunded.get(line_id, 0) + item["quantity"]
    for line in lines.values():
        removed = line["quantity"] - line["current"] - refunded.get(line["id"], 0)
        if removed > 0 and line["kind"] in kinds:
            share = Fraction(removed, line["quantity"])
            yield (
                f"removed-{order['legacyResourceId']}",
                line["line_number"],
                rounded(Fraction(line["net"]) * share),
                rounded(Fraction(line["tax"]) * share),
                Decimal(0),
            )
