"""The warehouse's tables, as their files in include/sql/warehouse describe them, without a query.

For `make tables` and the list of tables in docs/QUERIES.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
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
BEGIN, END = "<!-- Written by make tables ARGS='--into docs/QUERIES.md' -->", "<!-- End of the tables -->"
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
@click.option("--into", type=click.Path(path_type=Path, exists=True), help="update this document instead")
def tables(into: Path | None) -> None:
    """List the warehouse's tables, their columns, types and descriptions, those for queries first."""
    if into:
        before, _, rest = into.read_text().partition(BEGIN)
        into.write_text(f"{before}{BEGIN}\n{markdown()}{END}{rest.partition(END)[2]}")
        return
    for table in described():
        show(f"\n{click.style(table.name, bold=True)}: {table.description}")
        for line in aligned([(each.name, _type(each), each.description) for each in table.columns]):
            show(f"  {line}")


def markdown() -> str:
    """Return all tables as Markdown for docs/QUERIES.md, those `FOR_ANALYSTS` first, without this machine's
    settings."""
    known = {each.name: each for each in described({})}
    own = [name for name in known if name not in FOR_ANALYSTS]
    lines = []
    for title, names in (("Tables to query", FOR_ANALYSTS), ("The pipeline's own tables", own)):
        lines += [f"### {title}", "", "| table | rows |", "|---|---|"]
        lines += [*(f"| [{name}](#{name}) | {_cell(known[name].description)} |" for name in names), ""]
    for name, table in known.items():
        must = f" A query must filter by `{table.filtered_by}`." if table.filtered_by else ""
        lines += [f"#### {name}", "", f"{table.description}{must}", ""]
        lines += ["| column | type | description |", "|---|---|---|"]
        for column in table.columns:
            lines.append(f"| `{column.name}` | {_cell(_type(column))} | {_cell(column.description)} |")
        lines.append("")
    return "\n".join(["", *lines, ""])


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


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _type(column: Column) -> str:
    return f"{column.type}{' NOT NULL' if column.required else ''}"
