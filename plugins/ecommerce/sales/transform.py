"""Transform of orders: a source's raw staging folder → its loadable one, by include/sql/transform/orders."""

from functools import partial

from ecommerce.transform.run import TransformSpec, run_transform

ORDERS = TransformSpec(
    folder="orders",
    first_steps=("country_codes", "order_status", "staged"),
    required_tables=("orders", "order_lines", "refunds", "order_versions"),
)

transform = partial(run_transform, ORDERS)
"""`run_transform` of orders, whose control totals also have orders (count) and amount (of the accepted lines,
gross, decimal text)."""
