"""The warehouse's tables, as their files in include/sql/warehouse describe them, without a query.

For `make tables`, the list of tables in docs/QUERIES.md, and SHOW TABLES and DESCRIBE in `make query`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import aligned
from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.parts import exists

if TYPE_CHECKING:
    from ecommerce.warehouse.adhoc_query import QueryResult
    from ecommerce.warehouse.rendering import Column

OPERATIONS = "operations"
"""The group of tables that all domains write, or no load."""
FOR_ANALYSTS = (
    "daily_summary", "daily_sales", "orders", "order_lines", "order_lines_reporting", "refunds", "products",
    "customers", "orders_attributes", "daily_funnel", "sessions", "user_events", "sales_forecasts",
    "exchange_rates", "conversion_rates",
)  # fmt: skip
"""The tables for queries, most important first; the others are the pipeline's own."""
BEGIN, END = "<!-- Written by make tables ARGS='--into docs/QUERIES.md' -->", "<!-- End of the tables -->"
_FILTER = re.compile(r"^PARTITION BY (?P<column>\w+)(?s:.*)require_partition_filter = TRUE", re.MULTILINE)
_TABLE = re.compile(r'^OPTIONS \(\s*description = "(?P<description>[^"]+)"', re.MULTILINE)
_NAME = r"(?:`?[\w-]+`?\s*\.\s*|`[\w.-]+\.)*`?(\w+)`?"
_SHOW = re.compile(r"\s*SHOW\s+TABLES(?:\s+(?:FROM|IN)\s+[\w`.-]+)?\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(rf"\s*(?:DESC|DESCRIBE)\s+{_NAME}\s*;?\s*", re.IGNORECASE)
INSTEAD = "type SHOW TABLES, or DESCRIBE and the name of a table; make tables lists all columns of all tables"


class Described(NamedTuple):
    """A table or view, and the domain whose load writes it. A view's columns have empty types. A query must
    filter by the column `filtered_by`, if it is set."""

    domain: str
    name: str
    description: str
    columns: Sequence[Column]
    filtered_by: str = ""


@click.command()
@click.option("--into", type=click.Path(path_type=Path, exists=True), help="update this document instead")
def tables(into: Path | None) -> None:
    """List the warehouse's tables, their columns, types and descriptions, by the domain that writes them."""
    if into:
        before, _, rest = into.read_text().partition(BEGIN)
        into.write_text(f"{before}{BEGIN}\n{markdown()}{END}{rest.partition(END)[2]}")
        return
    domain = ""
    for table in described():
        if table.domain != domain:
            domain = table.domain
            click.echo(f"\n{click.style(domain.upper(), bold=True)}")
        click.echo(f"\n  {click.style(table.name, bold=True)}: {table.description}")
        for line in aligned([(each.name, _type(each), each.description) for each in table.columns]):
            click.echo(f"    {line}")


def markdown() -> str:
    """Return all tables as Markdown for docs/QUERIES.md, those `FOR_ANALYSTS` first, without this machine's
    settings."""
    known = {each.name: each for each in described({})}
    own = sorted(known.keys() - set(FOR_ANALYSTS))
    lines = []
    for title, names in (("Tables to query", FOR_ANALYSTS), ("The pipeline's own tables", own)):
        lines += [f"### {title}", "", "| table | rows |", "|---|---|"]
        lines += [*(f"| [{name}](#{name}) | {_cell(known[name].description)} |" for name in names), ""]
    for name in (*FOR_ANALYSTS, *own):
        table = known[name]
        must = f" A query must filter by `{table.filtered_by}`." if table.filtered_by else ""
        lines += [f"#### {name}", "", f"{table.description}{must}", ""]
        lines += ["| column | type | description |", "|---|---|---|"]
        for column in table.columns:
            lines.append(f"| `{column.name}` | {_cell(_type(column))} | {_cell(column.description)} |")
        lines.append("")
    return "\n".join(["", *lines, ""])


def described(environ: Mapping[str, str] | None = None) -> Iterator[Described]:
    """Yield all tables and views by domain, the shared ones last, with the settings of `environ` (default: of
    this command)."""
    from ecommerce.core.settings import load_settings
    from ecommerce.warehouse.rendering import declared_columns, render, views
    from ecommerce.warehouse.rendering import tables as all_tables

    if environ is None:
        with suppress(ConfigurationError):  # only the names of attributes depend on the settings
            environment.load()
        environ = os.environ
    settings = load_settings({"CUSTOMER_HASH_KEY": "not in any statement", **environ})
    files = dict.fromkeys(all_tables(), "table.sql") | dict.fromkeys(views(), "view.sql")
    statements = {
        name: render(f"warehouse/tables/{name}/{file}", settings=settings) for name, file in files.items()
    }
    domains = _domains(statements)
    order = [*dict.fromkeys(domains.values()), OPERATIONS]
    by_domain = sorted((order.index(domains.get(name, OPERATIONS)), name) for name in statements)
    for place, name in by_domain:
        head = statements[name].partition("\nAS\n")[0]
        options, filtered = _TABLE.search(head), _FILTER.search(head)
        description = options["description"] if options else ""
        filtered_by = filtered["column"] if filtered else ""
        yield Described(order[place], name, description, declared_columns(head), filtered_by)


def _domains(statements: Mapping[str, str]) -> dict[str, str]:
    """Return the domain of each table that the load of one domain writes, the first where two do, and of each
    view, that of the first table it reads; by domain, sales first."""
    from ecommerce.warehouse.spec import LoadSpec

    deployed = filter(exists, ("sales", "events", "catalogue", "forecast"))
    modules = [import_module(f"ecommerce.{name}.loading") for name in deployed]
    specs = [each for module in modules for each in vars(module).values() if isinstance(each, LoadSpec)]
    loads = [spec for spec in specs if spec.files]
    of_all = set.intersection(*(set(load.tables) for load in loads))
    domains = {name: load.name for load in reversed(loads) for name in load.tables if name not in of_all}
    for view in (name for name in statements if "CREATE VIEW" in statements[name]):
        read = re.findall(r"FROM `[^`]*?(\w+)`", statements[view])
        domains[view] = next((domains[each] for each in read if each in domains), OPERATIONS)
    return {name: domains[name] for load in loads for name in domains if domains[name] == load.name}


def answer(sql: str) -> QueryResult | None:
    """Return the answer to SHOW TABLES, DESCRIBE or DESC of a table; None for any other statement. Raises
    ContractError: there is no table of that name."""
    from ecommerce.warehouse.adhoc_query import QueryResult

    if _SHOW.fullmatch(sql):
        rows = [(each.name, each.domain, each.description) for each in described()]
        columns = ("table_name", "domain", "description")
    elif described_table := _DESCRIBE.fullmatch(sql):
        known = {each.name: each for each in described()}
        name = described_table[1].lower()
        if name not in known:
            similar = get_close_matches(name, known, n=1)
            meant = f"; did you mean {similar[0]}?" if similar else ""
            raise ContractError(f"there is no table {described_table[1]}{meant} (SHOW TABLES lists them)")
        rows = [(each.name, _type(each), each.description) for each in known[name].columns]
        columns = ("column_name", "type", "description")
    else:
        return None
    return QueryResult(tuple((column, "STRING") for column in columns), len(rows), iter(rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _type(column: Column) -> str:
    return f"{column.type}{' NOT NULL' if column.required else ''}"
