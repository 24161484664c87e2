"""Orders as the API returns them, derived from simple facts."""

from __future__ import annotations

import zlib
from datetime import datetime
from decimal import Decimal
from typing import Any

from demo.services.shopify.amounts import Amounts, add, round_money
from demo.services.shopify.clock import stamp
from demo.services.shopify.facts import (
    DiscountFacts,
    FeeFacts,
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
        self.facts, self.amounts = facts, Amounts(facts)

    def order(self) -> Record:
        facts = self.facts
        changes = [
            facts.edited_at,
            facts.cancelled_at,
            *(refund.at for refund in facts.refunds),
        ]
        updated_at = facts.updated_at or max(
            each for each in (facts.created_at, *changes) if each
        )
        codes = [
            each.code for line in facts.lines for each in line.discounts if each.code
        ]
        address = facts.country and {
            "id": self._gid("MailingAddress"),
            "countryCodeV2": facts.country,
        }
        return {
            "id": self._gid("Order"),
            "legacyResourceId": str(facts.number),
            "name": f"#{facts.number}",
            "number": facts.number,
            "test": facts.test,
            "edited": facts.edited_at is not None,
            "confirmed": True,
            "closed": False,
            "createdAt": stamp(facts.created_at),
            "processedAt": stamp(facts.processed_at or facts.created_at),
            "updatedAt": stamp(updated_at),
            "cancelledAt": stamp(facts.cancelled_at) if facts.cancelled_at else None,
            "cancelReason": "CUSTOMER" if facts.cancelled_at else None,
            "displayFinancialStatus": self._financial_status(),
            "displayFulfillmentStatus": facts.fulfillment_status,
            "returnStatus": "RETURNED"
            if any(each.return_number for each in facts.refunds)
            else "NO_RETURN",
            "sourceName": facts.source_name,
            "tags": facts.tags,
            "discountCodes": list(dict.fromkeys(codes)),
            "discountCode": codes[0] if codes else None,
            "taxesIncluded": facts.taxes_included,
            "dutiesIncluded": facts.duties_place == "prices",
            "currencyCode": facts.currency,
            "presentmentCurrencyCode": facts.presentment_currency or facts.currency,
            "email": facts.email,
            "app": {"id": "gid://shopify/OrderApp/580111", "name": "Online Store"},
            "attribution": {
                "handle": facts.source_name,
                "displayName": facts.source_name,
            },
            "customer": facts.customer_id
            and {"id": f"gid://shopify/Customer/{facts.customer_id}"},
            "customerJourneySummary": self._journey(),
            "shippingAddress": address,
            "billingAddress": address,
            "customAttributes": [
                {"key": key, "value": value} for key, value in facts.attributes.items()
            ],
            "metafields": [],
            "disputes": [],
            **{
                name: self._money(amount)
                for name, amount in self.amounts.totals().items()
            },
            "totalReceivedSet": self._money(*self.amounts.received()),
            "totalRefundedSet": self._money(*self.amounts.refunded()),
            "additionalFees": [
                {
                    "id": self._gid("AdditionalFee", place),
                    "name": fee.name,
                    "price": self._money(fee.amount),
                    "taxLines": [{"title": "Tax", "priceSet": self._money(fee.tax)}]
                    if fee.tax
                    else [],
                }
                for place, fee in enumerate(self._fees())
            ],
            "shippingLines": [
                self._shipping_line(place) for place in range(len(facts.shipping))
            ],
            "lineItems": [self._line(place) for place in range(len(facts.lines))],
            "refunds": [self._refund(place) for place in range(len(facts.refunds))],
            "transactions": self._transactions(
                self.amounts.payments, facts.created_at, -1
            ),
        }

    def _fees(self) -> list[FeeFacts]:
        duties = self.amounts.totals().get("originalTotalDutiesSet")
        if duties and self.facts.duties_place == "fees":
            return [*self.facts.fees, FeeFacts("Duties", duties)]
        return self.facts.fees

    def _financial_status(self) -> str | None:
        if self.facts.financial_status != "derived":
            return self.facts.financial_status
        (received, _), (refunded, _) = self.amounts.received(), self.amounts.refunded()
        if refunded:
            return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
        if not received and self.amounts.total:
            return "PENDING"
        return (
            "PARTIALLY_PAID"
            if received < self.amounts.totals()["currentTotalPriceSet"]
            else "PAID"
        )

    def _journey(self) -> Record | None:
        if self.facts.utm is None:
            return None
        visit = {
            "id": self._gid("CustomerVisit"),
            "source": self.facts.utm.get("source", "direct"),
            "occurredAt": stamp(self.facts.created_at),
            "utmParameters": self.facts.utm,
        }
        return {"ready": True, "firstVisit": visit, "lastVisit": visit}

    def _line(self, place: int) -> Record:
        line, amounts = self.facts.lines[place], self.amounts
        current, title = (
            amounts.current_quantity(place),
            line.title or line.sku or "Item",
        )
        full = line.price * line.quantity
        on_line = [each for each in line.discounts if not each.order_level]
        duty = {
            "id": self._gid("Duty", place),
            "price": self._money(line.duty or Decimal(0)),
        }
        return {
            "id": self._gid("LineItem", place),
            "sku": line.sku,
            "name": title,
            "title": title,
            "vendor": line.vendor,
            "quantity": line.quantity,
            "currentQuantity": current,
            "refundableQuantity": current,
            "isGiftCard": line.gift_card,
            "taxable": bool(line.taxes),
            "requiresShipping": not (line.gift_card or line.tip),
            **_product(line),
            "lineItemGroup": line.bundle and self._group(line.bundle),
            "originalUnitPriceSet": self._money(line.price),
            "originalTotalSet": self._money(full),
            "discountedTotalSet": self._money(
                full - add(each.amount for each in on_line if not each.code)
            ),
            "totalDiscountSet": self._money(add(each.amount for each in on_line)),
            "priceAfterAllDiscountsBeforeTaxesSet": self._money(
                amounts.current_net(place)
            ),
            "discountAllocations": [
                {
                    "allocatedAmountSet": self._money(each.amount),
                    "discountApplication": _application(at, each),
                }
                for at, each in enumerate(line.discounts)
            ],
            "taxLines": self._taxes(line.taxes, amounts.discounted(line)),
            "duties": [duty] if line.duty else [],
        }

    def _group(self, bundle: str) -> Record:
        gid = f"{self._gid('LineItemGroup')}{_sku_number(bundle)}"
        return {"id": gid, "title": bundle, "quantity": 1, "variantSku": bundle}

    def _shipping_line(self, place: int) -> Record:
        line = self.facts.shipping[place]
        return {
            "id": self._gid("ShippingLine", place),
            "title": "Standard",
            "custom": False,
            "isRemoved": line.removed,
            "originalPriceSet": self._money(line.price),
            "discountedPriceSet": self._money(line.price - line.discount),
            "taxLines": self._taxes(line.taxes, line.price - line.discount),
        }

    def _taxes(self, taxes: list[TaxFacts], price: Decimal) -> list[Record]:
        return [
            {
                "title": "Tax",
                "rate": float(tax.rate),
                "channelLiable": tax.channel_liable,
                "priceSet": self._money(amount),
            }
            for tax, amount in zip(taxes, self.amounts.taxes(taxes, price), strict=True)
        ]

    def _refund(self, place: int) -> Record:
        refund, gid = self.facts.refunds[place], self._gid("Refund", place)
        transactions = self.amounts.refund_transactions(refund)
        shipping = {
            "id": self._gid("RefundShippingLine", place),
            "shippingLine": {"id": self._gid("ShippingLine", 0)},
            "subtotalAmountSet": self._money(refund.shipping),
            "taxAmountSet": self._money(refund.shipping_tax),
        }
        return {
            "id": gid,
            "legacyResourceId": gid.rpartition("/")[2],
            **dict.fromkeys(
                ("createdAt", "processedAt", "updatedAt"), stamp(refund.at)
            ),
            "note": refund.note,
            "totalRefundedSet": self._money(
                *self.amounts.moved(transactions, "REFUND")
            ),
            "refundLineItems": [
                self._refund_line(part, self._gid("RefundLineItem", place, at))
                for at, part in enumerate(refund.lines)
            ],
            "refundShippingLines": [shipping] if refund.shipping else [],
            "orderAdjustments": [
                {
                    "id": self._gid("OrderAdjustment", place, at),
                    "reason": each.reason,
                    "amountSet": self._money(each.amount),
                    "taxAmountSet": self._money(each.tax),
                }
                for at, each in enumerate(refund.adjustments)
            ],
            "duties": [{"amountSet": self._money(refund.duties)}]
            if refund.duties
            else [],
            "transactions": self._transactions(transactions, refund.at, place),
            "return": self._return(refund),
        }

    def _refund_line(self, part: RefundLineFacts, gid: str) -> Record:
        return {
            "id": gid,
            "lineItem": {"id": self._gid("LineItem", part.line)},
            "quantity": part.quantity,
            "restockType": part.restock_type,
            "restocked": part.restock_type != "NO_RESTOCK",
            "subtotalSet": self._money(self.amounts.refund_subtotal(part)),
            "totalTaxSet": self._money(self.amounts.refund_tax(part)),
        }

    def _return(self, refund: RefundFacts) -> Record | None:
        if refund.return_number is None:
            return None
        return {
            "id": f"{self._gid('Return')}{refund.return_number:03d}",
            "name": f"#{self.facts.number}-R{refund.return_number}",
            "status": "CLOSED",
            "createdAt": stamp(refund.at),
            "totalQuantity": sum(part.quantity for part in refund.lines),
            "exchangeLineItems": [
                {
                    "id": self._gid("ExchangeLineItem", place),
                    "quantity": self.facts.lines[place].quantity,
                    "lineItems": [{"id": self._gid("LineItem", place)}],
                }
                for place in refund.exchanged
            ],
        }

    def _transactions(
        self, transactions: list[TransactionFacts], at: datetime, *places: int
    ) -> list[Record]:
        return [
            {
                "id": self._gid("OrderTransaction", *places, index),
                "kind": each.kind,
                "status": each.status,
                "gateway": "shopify_payments",
                "test": self.facts.test,
                **dict.fromkeys(("createdAt", "processedAt"), stamp(at)),
                "amountSet": self._money(each.amount, each.presentment),
            }
            for index, each in enumerate(transactions)
        ]

    def _money(self, amount: Decimal, presentment: Decimal | None = None) -> Record:
        currency = self.facts.currency
        other = self.amounts.presentment(amount) if presentment is None else presentment
        return {
            "shopMoney": {
                "amount": amount_text(round_money(amount, currency)),
                "currencyCode": currency,
            },
            "presentmentMoney": {
                "amount": amount_text(other),
                "currencyCode": self.facts.presentment_currency or currency,
            },
        }

    def _gid(self, kind: str, *places: int) -> str:
        return f"gid://shopify/{kind}/{self.facts.number}" + "".join(
            f"{place + 1:03d}" for place in places
        )


def _product(line: LineFacts) -> dict[str, Any]:
    """Return product and variant of a line, which belong together."""
    if line.tip or line.custom or line.deleted_product:
        return {"product": None, "variant": None}
    number = _sku_number(line.sku)
    category = {
        "id": f"gid://shopify/TaxonomyCategory/{_sku_number(line.category)}",
        "name": line.category,
    }
    product = {
        "id": f"gid://shopify/Product/{number}",
        "title": line.title or line.sku,
        "productType": line.product_type,
        "category": category if line.category else None,
    }
    return {
        "product": product,
        "variant": {"id": f"gid://shopify/ProductVariant/{number}", "sku": line.sku},
    }


def _application(index: int, discount: DiscountFacts) -> Record:
    kind = (
        "DiscountCodeApplication" if discount.code else "AutomaticDiscountApplication"
    )
    name = {"code": discount.code} if discount.code else {"title": "Discount"}
    return {"__typename": kind, "index": index, "targetType": "LINE_ITEM", **name}


def _sku_number(sku: str | None) -> int:
    """Return a number that identifies a SKU."""
    return zlib.crc32((sku or "").encode())
