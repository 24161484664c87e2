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
ORDERS = parquet_schema(columns("orders"))
STORED_LINES = parquet_schema(columns("order_lines"))
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


@dataclass(frozen=True)
class Remembered:
    """A stand-in for `warehouse.load_history`; what is not given was never read before."""

    last_read: Callable[[str], datetime | None] = lambda source: None
    was_read: Callable[[str, date], bool] = lambda source, day: False
    known_refunds: Callable[[str, Sequence[str]], Any] = lambda source, order_ids: (
        REFUNDS.empty_table()
    )
    refunded_channels: Callable[[str], list[str]] = lambda source: []
    stored_orders: Callable[[str, Sequence[str]], Any] = lambda source, order_ids: (
        ORDERS.empty_table()
    )
    stored_lines: Callable[[str, Sequence[str]], Any] = lambda source, order_ids: (
        STORED_LINES.empty_table()
    )
    known_lines: Callable[[str, Sequence[str]], Any] = lambda source, order_ids: (
        LINES.empty_table()
    )
    known_orders: Callable[[str, date], list[str]] = lambda source, day: []
    rejected_orders: Callable[[str, date], list[str]] = lambda source, day: []
    delivered_files: Callable[[str, date], list[str]] = lambda source, oldest: []
    loaded_files: Callable[..., Mapping[str, LoadedFile]] = (
        lambda source, names, order_ids=(): {}
    )
