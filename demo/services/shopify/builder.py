"""Orders as the API returns them, derived from simple facts."""

from __future__ import annotations

import zlib
from datetime import datetime
from decimal import Decimal

from demo.services.shopify.amounts import Amounts, moved, round_money
from demo.services.shopify.clock import stamp
from demo.services.shopify.facts import (
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    TaxFacts,
    TransactionFacts,
)
from demo.services.shopify.store import Record


def build_order(facts: OrderFacts) -> Record:
    """Return an order with the keys of the GraphQL schema."""
    return _OrderBuilder(facts).order()


def amount_text(amount: Decimal) -> str:
    """Return an amount as Shopify writes it, with at least one decimal: `12.0`, `12.77`."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


class _OrderBuilder:
    def __init__(self, facts: OrderFacts) -> None:
        self.facts = facts
        self.amounts = Amounts(facts)

    def order(self) -> Record:
        facts = self.facts
        amounts = self.amounts
        return {
            "id": self._gid("Order"),
            "legacyResourceId": str(facts.number),
            "name": f"#{facts.number}",
            "test": facts.test,
            "createdAt": stamp(facts.created_at),
            "processedAt": stamp(facts.processed_at or facts.created_at),
            "updatedAt": self._updated_at(),
            "cancelledAt": _stamp(facts.cancelled_at),
            "displayFinancialStatus": self._financial_status(),
            "displayFulfillmentStatus": facts.fulfillment_status,
            "currencyCode": facts.currency,
            "edited": facts.edited_at is not None,
            "taxesIncluded": facts.taxes_included,
            "sourceName": facts.source_name,
            "attribution": {"displayName": facts.source_name},
            "app": {"name": "Online Store"},
            "discountCodes": self._discount_codes(),
            "tags": facts.tags,
            "customAttributes": self._custom_attributes(),
            "email": facts.email,
            "customer": self._customer(),
            "shippingAddress": self._address(),
            "billingAddress": self._address(),
            "customerJourneySummary": {"lastVisit": {"utmParameters": facts.utm}},
            "totalPriceSet": self._money(amounts.total),
            "currentTotalPriceSet": self._money(amounts.current_total),
            "totalTaxSet": self._money(amounts.tax),
            "totalTipReceivedSet": self._money(amounts.tips),
            "totalReceivedSet": self._money(amounts.received),
            "originalTotalDutiesSet": self._money_unless_zero(amounts.duties),
            "additionalFees": self._fees(),
            "shippingLines": self._shipping_lines(),
            "lineItems": self._lines(),
            "refunds": self._refunds(),
            "transactions": self._transactions(),
        }

    def _updated_at(self) -> str:
        facts = self.facts
        if facts.updated_at:
            return stamp(facts.updated_at)
        changes = [facts.created_at]
        for changed_at in (facts.edited_at, facts.cancelled_at):
            if changed_at:
                changes.append(changed_at)
        for refund in facts.refunds:
            changes.append(refund.at)
        return stamp(max(changes))

    def _financial_status(self) -> str | None:
        if self.facts.financial_status != "derived":
            return self.facts.financial_status
        received = self.amounts.received
        refunded = self.amounts.refunded
        if refunded and refunded >= received:
            return "REFUNDED"
        if refunded:
            return "PARTIALLY_REFUNDED"
        if not received and self.amounts.total:
            return "PENDING"
        if received < self.amounts.current_total:
            return "PARTIALLY_PAID"
        return "PAID"

    def _discount_codes(self) -> list[str]:
        codes = []
        for line in self.facts.lines:
            for discount in line.discounts:
                if discount.code and discount.code not in codes:
                    codes.append(discount.code)
        return codes

    def _custom_attributes(self) -> list[Record]:
        attributes = self.facts.attributes
        return [{"key": key, "value": value} for key, value in attributes.items()]

    def _customer(self) -> Record | None:
        customer_id = self.facts.customer_id
        if customer_id is None:
            return None
        return {"id": f"gid://shopify/Customer/{customer_id}"}

    def _address(self) -> Record | None:
        if self.facts.country is None:
            return None
        return {"countryCodeV2": self.facts.country}

    def _money_unless_zero(self, amount: Decimal) -> Record | None:
        if not amount:
            return None
        return self._money(amount)

    def _fees(self) -> list[Record]:
        fees = []
        for fee in self.facts.fees:
            taxes = []
            if fee.tax:
                taxes.append({"priceSet": self._money(fee.tax)})
            fees.append({"price": self._money(fee.amount), "taxLines": taxes})
        duties = self.amounts.duties
        if duties and self.facts.duties_place == "fees":
            fees.append({"price": self._money(duties), "taxLines": []})
        return fees

    def _shipping_lines(self) -> list[Record]:
        lines = []
        for number, line in enumerate(self.facts.shipping, 1):
            price = line.price - line.discount
            lines.append(
                {
                    "id": self._gid("ShippingLine", f"{number:03d}"),
                    "isRemoved": line.removed,
                    "discountedPriceSet": self._money(price),
                    "taxLines": self._taxes(line.taxes, price),
                }
            )
        return lines

    def _lines(self) -> list[Record]:
        return [self._line(place) for place in range(len(self.facts.lines))]

    def _line(self, place: int) -> Record:
        line = self.facts.lines[place]
        discounts = []
        for discount in line.discounts:
            discounts.append({"allocatedAmountSet": self._money(discount.amount)})
        return {
            "id": self._line_id(place),
            "sku": line.sku,
            "name": line.title or line.sku or "Item",
            "quantity": line.quantity,
            "currentQuantity": self.amounts.current_quantity(place),
            "isGiftCard": line.gift_card,
            "product": _product(line),
            "variant": self._variant(line),
            "originalTotalSet": self._money(line.price * line.quantity),
            "discountAllocations": discounts,
            "taxLines": self._taxes(line.taxes, self.amounts.discounted(line)),
        }

    def _variant(self, line: LineFacts) -> Record | None:
        if not _has_product(line):
            return None
        # A SKU has the same variant in all orders.
        number = zlib.crc32((line.sku or "").encode())
        item: Record = {"id": f"gid://shopify/InventoryItem/{number}", "unitCost": None}
        if line.unit_cost is not None:
            item["unitCost"] = self._money(line.unit_cost)["shopMoney"]
        return {
            "id": f"gid://shopify/ProductVariant/{number}",
            "inventoryItem": item,
        }

    def _taxes(self, taxes: list[TaxFacts], price: Decimal) -> list[Record]:
        lines = []
        amounts = self.amounts.taxes(taxes, price)
        for tax, amount in zip(taxes, amounts, strict=True):
            lines.append({"rate": float(tax.rate), "priceSet": self._money(amount)})
        return lines

    def _refunds(self) -> list[Record]:
        refunds = []
        for number, refund in enumerate(self.facts.refunds, 1):
            refunds.append(self._refund(refund, f"{number:03d}"))
        return refunds

    def _transactions(self) -> list[Record]:
        """Return the transactions of payments and refunds."""
        paid_at = self.facts.processed_at or self.facts.created_at
        transactions = []
        for place, payment in enumerate(self.amounts.payments, 1):
            transactions.append(self._transaction(payment, f"000{place}", paid_at))
        for number, refund in enumerate(self.facts.refunds, 1):
            transactions += self._refund_transactions(refund, f"{number:03d}")
        return transactions

    def _refund_transactions(self, refund: RefundFacts, number: str) -> list[Record]:
        transactions = []
        for place, payment in enumerate(self.amounts.refund_transactions(refund), 1):
            transaction = self._transaction(payment, f"{number}{place}", refund.at)
            transactions.append(transaction)
        return transactions

    def _transaction(
        self, facts: TransactionFacts, number: str, at: datetime
    ) -> Record:
        fees = []
        if facts.fee is not None:
            fees.append({"amount": self._money(facts.fee)["shopMoney"]})
        processed_at = stamp(facts.at or at)
        return {
            "id": self._gid("OrderTransaction", number),
            "kind": facts.kind,
            "status": facts.status,
            "gateway": facts.gateway or self.facts.gateway,
            "test": facts.test,
            "createdAt": processed_at,
            "processedAt": processed_at,
            "amountSet": self._money(facts.amount),
            "fees": fees,
        }

    def _refund(self, refund: RefundFacts, number: str) -> Record:
        transactions = self.amounts.refund_transactions(refund)
        shipping_lines = []
        if refund.shipping:
            shipping_lines.append(
                {
                    "subtotalAmountSet": self._money(refund.shipping),
                    "taxAmountSet": self._money(refund.shipping_tax),
                }
            )
        duties = []
        if refund.duties:
            duties.append({"amountSet": self._money(refund.duties)})
        return {
            "id": self._gid("Refund", number),
            "legacyResourceId": f"{self.facts.number}{number}",
            "processedAt": stamp(refund.at),
            "note": refund.note,
            "totalRefundedSet": self._money(moved(transactions, "REFUND")),
            "refundLineItems": [self._refund_line(part) for part in refund.lines],
            "refundShippingLines": shipping_lines,
            "duties": duties,
            "transactions": self._refund_transactions(refund, number),
            "return": self._return(refund),
        }

    def _refund_line(self, part: RefundLineFacts) -> Record:
        return {
            "lineItem": {"id": self._line_id(part.line)},
            "quantity": part.quantity,
            "restockType": part.restock_type,
            "subtotalSet": self._money(self.amounts.refund_subtotal(part)),
            "totalTaxSet": self._money(self.amounts.refund_tax(part)),
        }

    def _return(self, refund: RefundFacts) -> Record | None:
        if refund.return_number is None:
            return None
        items = []
        for place in refund.exchanged:
            items.append({"id": self._gid("ExchangeLineItem", f"{place + 1:03d}")})
        return {"exchangeLineItems": items}

    def _money(self, amount: Decimal) -> Record:
        currency = self.facts.currency
        text = amount_text(round_money(amount, currency))
        money = {"amount": text, "currencyCode": currency}
        return {"shopMoney": money, "presentmentMoney": money.copy()}

    def _line_id(self, place: int) -> str:
        return self._gid("LineItem", f"{place + 1:03d}")

    def _gid(self, kind: str, number: str = "") -> str:
        return f"gid://shopify/{kind}/{self.facts.number}{number}"


def _stamp(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return stamp(instant)


def _has_product(line: LineFacts) -> bool:
    return not (line.tip or line.custom or line.deleted_product)


def _product(line: LineFacts) -> Record | None:
    if not _has_product(line):
        return None
    category = {"name": line.category} if line.category else None
    return {"productType": line.product_type, "category": category}
