"""A stand-in for what the warehouse remembers of earlier reads, made of functions."""

import pyarrow as pa

from ecommerce.core.read_window import EarlierRuns
from ecommerce.warehouse.column_types import parquet_schema
from ecommerce.warehouse.rendering import columns

TEXT = pa.string()
AMOUNT = pa.decimal128(18, 4)
REFUNDS = parquet_schema(columns("refunds"))
LINES = pa.schema(
    {
        "order_id": TEXT,
        "line_number": pa.int64(),
        "sku": TEXT,
        "category": TEXT,
        "quantity": AMOUNT,
        "cost_amount": AMOUNT,
    }
)


def empty(table):
    """A table of the warehouse without rows."""
    return parquet_schema(columns(table)).empty_table()


class Remembered:
    """A stand-in for `warehouse.load_history`; what is not given was never read before."""

    def __init__(self, **functions):
        vars(self).update(functions)

    def earlier_runs(self, source, day):
        return EarlierRuns(last_read=None, was_read=False, rejected_orders=[])

    def known_orders(self, source, day):
        return []

    delivered_files = known_orders

    def refunded_channels(self, source):
        return []

    def stored_rows(self, table, source, order_ids):
        return empty(table)

    def known_lines(self, source, order_ids):
        return LINES.empty_table()

    def loaded_files(self, source, names, order_ids=()):
        return {}
