"""The warehouse's tables, as their files in include/sql/warehouse describe them, without a query.

For `make tables`, and for the list of tables in docs/QUERIES.md (tests/tables_document.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import aligned, show
from ecommerce.core.errors import ConfigurationError

if TYPE_CHECKING:
    from ecommerce.warehouse.rendering import Column

FOR_ANALYSTS = (
    "daily_summary", "daily_sales", "orders", "order_lines", "order_lines_reporting", "refunds", "products",
    "customers", "orders_attributes", "daily_funnel", "sessions", "user_events", "sales_forecasts",
    "exchange_rates", "conversion_rates",
)  # fmt: skip
"""The tables for queries, most important first; the others are the pipeline's own."""
_FILTER = re.compile(r"^PARTITION BY (?P<column>\w+)(?s:.*)require_partition_filter = TRUE", re.MULTILINE)
_TABLE = re.compile(r'^OPTIONS \(\s*description = "(?P<description>[^"]+)"', re.MULTILINE)


class Described(NamedTuple):
    """A table or view. A view's columns have empty types. A query must filter by the column `filtered_by`, if
    it is set."""

    name: str
    description: str
    columns: Sequence[Column]
    filtered_by: str = ""


@click.command()
def tables() -> None:
    """List the warehouse's tables, their columns, types and descriptions, those for queries first."""
    for table in described():
        show(f"\n{click.style(table.name, bold=True)}: {table.description}")
        for line in aligned([(each.name, column_type(each), each.description) for each in table.columns]):
            show(f"  {line}")


def described(environ: Mapping[str, str] | None = None) -> Iterator[Described]:
    """Yield all tables and views, those `FOR_ANALYSTS` first. The settings are those of `environ`, or of this
    command."""
    from ecommerce.core.settings import load_settings
    from ecommerce.warehouse.rendering import declared_columns, render, views
    from ecommerce.warehouse.rendering import tables as all_tables

    if environ is None:
        with suppress(ConfigurationError):  # only the names of attributes depend on the settings
            environment.load()
        environ = os.environ
    settings = load_settings({"CUSTOMER_HASH_KEY": "not in any statement", **environ})
    files = dict.fromkeys(all_tables(), "table.sql") | dict.fromkeys(views(), "view.sql")
    own = sorted(files.keys() - set(FOR_ANALYSTS))
    for name in (*(each for each in FOR_ANALYSTS if each in files), *own):
        statement = render(f"warehouse/tables/{name}/{files[name]}", settings=settings)
        head = statement.partition("\nAS\n")[0]
        options, filtered = _TABLE.search(head), _FILTER.search(head)
        description = options["description"] if options else ""
        filtered_by = filtered["column"] if filtered else ""
        yield Described(name, description, declared_columns(head), filtered_by)


def column_type(column: Column) -> str:
    """Return the type, and whether the column is required."""
    return f"{column.type}{' NOT NULL' if column.required else ''}"
