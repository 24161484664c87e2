"""A stand-in for what the warehouse remembers of earlier reads, made of functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from ecommerce.core.read_window import LoadedFile
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


@dataclass(frozen=True)
class Remembered:
    """A stand-in for `warehouse.load_history`; what is not given was never read before."""

    last_read: Callable[[str], datetime | None] = lambda source: None
    was_read: Callable[[str, date], bool] = lambda source, day: False
    stored_rows: Callable[[str, str, Sequence[str]], Any] = (
        lambda table, source, order_ids: empty(table)
    )
    refunded_channels: Callable[[str], list[str]] = lambda source: []
    known_lines: Callable[[str, Sequence[str]], Any] = lambda source, order_ids: (
        LINES.empty_table()
    )
    known_orders: Callable[[str, date], list[str]] = lambda source, day: []
    rejected_orders: Callable[[str, date], list[str]] = lambda source, day: []
    delivered_files: Callable[[str, date], list[str]] = lambda source, oldest: []
    loaded_files: Callable[..., Mapping[str, LoadedFile]] = (
        lambda source, names, order_ids=(): {}
    )
