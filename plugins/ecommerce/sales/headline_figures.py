"""The headline figures of a business day: their names, labels and kinds."""

from typing import NamedTuple

from ecommerce.core.text import Kind


class Meaning(NamedTuple):
    """The label and the kind of a headline figure; `good` is the direction a shop likes (0: neither)."""

    label: str
    kind: Kind
    good: int


HEADLINE: dict[str, Meaning] = {
    "net_sales": Meaning("Net sales", "money", 1),
    "orders": Meaning("Orders", "count", 1),
    "average_order_value": Meaning("Average order value", "money", 1),
    "customers": Meaning("Customers", "count", 1),
    "gross_sales": Meaning("Gross sales", "money", 1),
    "discounts": Meaning("Discounts", "money", 0),
    "returns": Meaning("Returns", "money", -1),
    "units": Meaning("Units", "quantity", 1),
    "new_customers": Meaning("New customers", "count", 1),
    "returning_customers": Meaning("Returning customers", "count", 1),
    "tax": Meaning("Tax", "money", 0),
    "shipping": Meaning("Shipping", "money", 0),
}
"""The headline figures in reading order; the first four are the tiles of page one."""
