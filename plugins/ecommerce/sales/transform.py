"""Transform of orders: a source's raw staging folder → its loadable one, by include/sql/transform/orders."""

from ecommerce.storage.staging import Manifest
from ecommerce.transform.run import TransformSpec, run_transform

ORDERS = TransformSpec(
    folder="orders",
    first_steps=("country_codes", "order_status", "staged"),
    required_tables=("orders", "order_lines", "refunds", "order_versions"),
)


def transform(manifest: Manifest, *, run_id: str, mapping: str = "") -> Manifest:
    """Transform a raw folder of orders into its loadable one, and return the manifest, whose control totals
    also have orders (count) and amount (of the accepted lines, gross, decimal text). `mapping` names the
    source whose SQL file maps the raw folder; by default it is the manifest's.

    Raises:
        StagingError: raw and loadable files are missing, or the raw ones are not the manifest's.
        ContractError: the raw files violate the source's contract, or a record was lost.
    """
    return run_transform(ORDERS, manifest, run_id=run_id, mapping=mapping)
