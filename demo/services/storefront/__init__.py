"""A stand-in for a shop's WooCommerce REST API v3 that keeps its data in one file (layout: `store`).

As a program: `python -m demo.services.storefront DATA PORT TIMEZONE`; inside a test:
`with Storefront(store, mode) as shop: …`. Key and secret are `KEY` and `SECRET`.
"""

from demo.services.storefront.server import KEY, SECRET, Fault, Storefront
from demo.services.storefront.store import (
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
    WooStore,
)

__all__ = [
    "KEY",
    "SECRET",
    "Fault",
    "Storefront",
    "WooLine",
    "WooOrder",
    "WooProduct",
    "WooRefund",
    "WooRefundLine",
    "WooStore",
]
