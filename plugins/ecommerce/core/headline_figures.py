"""The headline figures of a business day: their names, labels, kinds and SQL. Reports, restatements, views
and queries read this list."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ecommerce.core.text import Kind

Amounts = Mapping[str, Decimal | None]
"""Headline figures by name. None: the figure does not exist, such as an average of no order."""


class Meaning(NamedTuple):
    """The label and the kind of a headline figure; `good` is the direction a shop likes (0: neither).
    `known_by` names the column `has_…` of the view comparable_days where a day may lack the figure.
    `expression` is the SQL of a figure that is not a column of `daily_summary`, from columns of `summary`, a
    row of this table. `per_order`: an average, which does not exist without orders, nor for a category."""

    label: str
    kind: Kind
    good: int
    known_by: str | None = None
    expression: str | None = None
    per_order: bool = False


HEADLINE: dict[str, Meaning] = {
    "net_sales": Meaning("Net sales", "money", 1),
    "orders": Meaning("Orders", "count", 1),
    "average_order_value": Meaning("Average order value", "money", 1, per_order=True),
    "customers": Meaning("Customers", "count", 1),
    "gross_sales": Meaning("Gross sales", "money", 1),
    "discounts": Meaning("Discounts", "money", 0, known_by="discounts"),
    "returns": Meaning("Returns", "money", -1, known_by="returns"),
    "units": Meaning("Units", "quantity", 1),
    "new_customers": Meaning("New customers", "count", 1, known_by="new_customers"),
    "returning_customers": Meaning(
        "Returning customers",
        "count",
        1,
        known_by="new_customers",
        expression="summary.customers - summary.new_customers",
    ),
    "tax": Meaning("Tax", "money", 0, known_by="tax"),
    "shipping": Meaning("Shipping", "money", 0, known_by="shipping"),
}
"""The headline figures in reading order; the first four are the tiles of page one. A change after the mail is
a restatement."""


LEAST_COST_COVERAGE = 95
"""The percentage of net sales that must have a cost of goods, for a gross margin."""
