"""The facts of the demo company, from which its systems are seeded and the tests' oracle computes.

`Ledger(first_day, days)` has every order, refund, partner file and exchange rate of a small company;
`ledger.as_of(instant)` gives a `Snapshot`: the state as of an instant, exactly as the company's systems show
it then. `demo.seeders` writes snapshots into real systems; an oracle computes from the same snapshot what the
warehouse must hold. `model` documents every field. The ledger shares no code with the pipeline.
"""

from demo.ledger.model import (
    CHANNELS,
    OLD_SHOP,
    PARTNER_FILES,
    PARTNERS,
    SALES_DB,
    SECOND_SHOP,
    SECOND_SOURCE,
    SHOPIFY,
    STOREFRONT,
    BadRow,
    Customer,
    HeldFile,
    LateRefund,
    Line,
    Order,
    PartnerFile,
    Product,
    Rate,
    Refund,
    RefundLine,
    SilentChange,
)
from demo.ledger.snapshots import Ledger, Snapshot

__all__ = [
    "CHANNELS",
    "OLD_SHOP",
    "PARTNERS",
    "PARTNER_FILES",
    "SALES_DB",
    "SECOND_SHOP",
    "SECOND_SOURCE",
    "SHOPIFY",
    "STOREFRONT",
    "BadRow",
    "Customer",
    "HeldFile",
    "LateRefund",
    "Ledger",
    "Line",
    "Order",
    "PartnerFile",
    "Product",
    "Rate",
    "Refund",
    "RefundLine",
    "SilentChange",
    "Snapshot",
]
