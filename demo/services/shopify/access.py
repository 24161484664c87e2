"""Which fields of the API an app may read: its access scopes, and its access to protected customer data."""

from __future__ import annotations

from graphql import GraphQLError

from demo.services.shopify.store import Record

_SCOPES = {
    ("QueryRoot", "nodes"): "read_orders",
    ("QueryRoot", "order"): "read_orders",
    ("QueryRoot", "orders"): "read_orders",
    ("QueryRoot", "ordersCount"): "read_orders",
    ("QueryRoot", "refund"): "read_orders",
    ("QueryRoot", "shopifyPaymentsAccount"): "read_shopify_payments_accounts",
    ("Order", "customer"): "read_customers",
    ("LineItem", "product"): "read_products",
    ("LineItem", "variant"): "read_products",
    ("ProductVariant", "inventoryItem"): "read_inventory",
    ("Refund", "return"): "read_returns",
    ("ShopifyPaymentsAccount", "balanceTransactions"): "read_shopify_payments_payouts",
    ("ShopifyPaymentsAccount", "payouts"): "read_shopify_payments_payouts",
}
"""The access scope of a field, by type and name."""
_PROTECTED = {
    ("Order", "email"): "email",
    ("Order", "shippingAddress"): "address",
    ("Order", "billingAddress"): "address",
}
"""The level of protected customer data of a field, by type and name."""


def check_access(shop: Record, parent: str, field: str) -> None:
    """Raise a GraphQLError where the app may not read the field of the type `parent`."""
    scope = _SCOPES.get((parent, field))
    if scope and scope not in shop["accessScopes"]:
        required = f"`{scope}` access scope."
        raise GraphQLError(
            f"Access denied for {field} field. Required access: {required}",
            extensions={"code": "ACCESS_DENIED", "requiredAccess": required},
        )
    level = _PROTECTED.get((parent, field))
    if level and level not in shop["protectedData"]:
        raise GraphQLError(
            f"This app is not approved to use the {field} field. See "
            "https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
            extensions={"code": "ACCESS_DENIED"},
        )
