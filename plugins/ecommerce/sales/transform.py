"""Transform of orders: a source's raw staging folder → its loadable one, by include/sql/transform/orders."""

from ecommerce.storage.staging import Manifest
from ecommerce.storage.transform import TransformSpec, run_transform

ORDERS = TransformSpec(
    folder="orders",
    first_steps=("order_status", "staged"),
    always_there=("orders", "order_lines", "refunds", "order_versions"),
    when_they_have_rows=(
        *(
            "products",
            "customers",
            "exchange_rates",
            "rejected_rows",
            "loaded_files",
            "control_totals",
        ),
    ),
)


def transform(manifest: Manifest, *, run_id: str, mapping: str = "") -> Manifest:
    """Transform orders; arguments and errors as of `run_transform`. The control totals also have orders
    (count) and amount (of the accepted lines, gross, decimal text)."""
    return run_transform(ORDERS, manifest, run_id=run_id, mapping=mapping)
