"""The columns that a statement declares, and their types in BigQuery's API and in Parquet files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecommerce.core.values import Values

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

_COLUMN = re.compile(
    r"^ {4}`?(\w+)`?(?: ([A-Z]\w*(?:\([\d, ]+\)|<\w+>)?))?( NOT NULL)?"
    r' OPTIONS \(\s*description = "([^"]+)"\s*\),?$',
    re.MULTILINE,
)
LIST = "ARRAY<STRING>"
"""The only type of the tables with more than one value."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a `table.sql`. `type` is as written, such as `NUMERIC(18, 4)` or `ARRAY<STRING>`."""

    name: str
    type: str
    required: bool
    description: str

    @property
    def declared_type(self) -> str:
        """The type, and whether the column is required."""
        return f"{self.type} NOT NULL" if self.required else self.type

    @property
    def digits(self) -> list[int]:
        """Precision and scale, [18, 4] of `NUMERIC(18, 4)`; nothing of another type."""
        return [int(number) for number in re.findall(r"\b\d+", self.type)]


def declared_columns(statement: str) -> tuple[Column, ...]:
    """Return the columns that a CREATE statement declares, in order; those of a view have no type."""
    return tuple(
        Column(name, kind, bool(required), description)
        for name, kind, required, description in _COLUMN.findall(statement)
    )


def api_field(column: Column, *, nullable: bool = False) -> bigquery.SchemaField:
    """Return a column as the API describes it; `nullable` drops NOT NULL, for staging tables."""
    from google.cloud import bigquery

    kind = column.type.partition("(")[0]
    mode = "NULLABLE"
    if column.type == LIST:
        kind = "STRING"
        mode = "REPEATED"
    elif column.required and not nullable:
        mode = "REQUIRED"
    digits: Values = dict(zip(("precision", "scale"), column.digits, strict=False))
    return bigquery.SchemaField(
        column.name, kind, mode=mode, description=column.description, **digits
    )


def parquet_schema(fields: Iterable[Column], *, nullable: bool = True) -> pa.Schema:
    """Return the schema of Parquet files with these columns, for BigQuery; unless `nullable`, those that are
    NOT NULL are required."""
    import pyarrow as pa

    types: Values = {
        "STRING": pa.string(),
        "INT64": pa.int64(),
        "BOOL": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us", tz="UTC"),
        LIST: pa.list_(pa.string()),
    }
    declared = []
    for column in fields:
        digits = column.digits
        kind = pa.decimal128(*digits) if digits else types[column.type]
        declared.append(pa.field(column.name, kind, nullable or not column.required))
    return pa.schema(declared)
