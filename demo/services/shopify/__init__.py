"""A stand-in for the Admin GraphQL API 2026-07 of a Shopify shop that keeps its data in one file (`store`).

As a program: `python -m demo.services.shopify DATA PORT TIMEZONE`; inside a test:
`with Shopify(store) as shop: …`. The access token is `TOKEN`; `CLIENT_ID` and `CLIENT_SECRET` get another.
`build_order` derives an order from `OrderFacts`, `build_payout` a payout from its balance transactions.
"""

from demo.services.shopify.builder import build_order
from demo.services.shopify.bulk import BulkFault
from demo.services.shopify.clock import ManualClock
from demo.services.shopify.facts import (
    DiscountFacts,
    FeeFacts,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    TaxFacts,
    TransactionFacts,
)
from demo.services.shopify.payouts import (
    BalanceFacts,
    PayoutFacts,
    build_balance_transaction,
    build_payout,
)
from demo.services.shopify.server import CLIENT_ID, CLIENT_SECRET, TOKEN, Fault, Shopify
from demo.services.shopify.store import ShopifyStore

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "TOKEN",
    "BalanceFacts",
    "BulkFault",
    "DiscountFacts",
    "Fault",
    "FeeFacts",
    "LineFacts",
    "ManualClock",
    "OrderFacts",
    "PayoutFacts",
    "RefundFacts",
    "RefundLineFacts",
    "ShippingFacts",
    "Shopify",
    "ShopifyStore",
    "TaxFacts",
    "TransactionFacts",
    "build_balance_transaction",
    "build_order",
    "build_payout",
]
