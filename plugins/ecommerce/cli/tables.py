"""`make tables`, and what `make query` answers to SHOW TABLES and DESCRIBE: the warehouse's tables as their
files in include/sql/warehouse describe them. Nothing is asked of the warehouse."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError, ContractError

if TYPE_CHECKING:
    from ecommerce.warehouse.asking import Answer
    from ecommerce.warehouse.rendering import Column

OPERATIONS = "operations"
"""The group of tables that every domain writes, or none by its load."""
_TABLE = re.compile(r'^OPTIONS \(\s*description = "(?P<description>[^"]+)"', re.MULTILINE)
_NAME = r"(?:`?[\w-]+`?\s*\.\s*|`[\w.-]+\.)*`?(\w+)`?"
_SHOW = re.compile(r"\s*SHOW\s+TABLES(?:\s+(?:FROM|IN)\s+[\w`.-]+)?\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(rf"\s*(?:DESC|DESCRIBE)\s+{_NAME}\s*;?\s*", re.IGNORECASE)
INSTEAD = "type SHOW TABLES, or DESCRIBE and the name of a table; make tables lists all columns of all tables"


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view; `domain` is the one whose load writes it, and types of a view's columns are empty."""

    domain: str
    name: str
    description: str
    columns: tuple[Column, ...]


@click.command()
def tables() -> None:
    """List the warehouse's tables, their columns, types and descriptions, by the domain that writes them."""
    domain = ""
    for table in described():
        if table.domain != domain:
            domain = table.domain
            click.echo(f"\n{click.style(domain.upper(), bold=True)}")
        click.echo(f"\n  {click.style(table.name, bold=True)}: {table.description}")
        widths = [max(len(part(column)) for column in table.columns) for part in (_name, _type)]
        for column in table.columns:
            click.echo(
                f"    {_name(column):<{widths[0]}}  {_type(column):<{widths[1]}}  {column.description}"
            )


def described() -> Iterator[Described]:
    """All tables and views, by domain, those that no single domain writes at the end."""
    from ecommerce.core.settings import load_settings
    from ecommerce.warehouse.rendering import declared_columns, render, views
    from ecommerce.warehouse.rendering import tables as all_tables

    with suppress(ConfigurationError):  # a table takes only the names of attributes from the settings
        environment.load()
    settings = load_settings({"CUSTOMER_HASH_KEY": "no statement has it", **os.environ})
    files = dict.fromkeys(all_tables(), "table.sql") | dict.fromkeys(views(), "view.sql")
    statements = {
        name: render(f"warehouse/tables/{name}/{file}", settings=settings) for name, file in files.items()
    }
    domains = _domains(statements)
    order = [*dict.fromkeys(domains.values()), OPERATIONS]
    for name in sorted(statements, key=lambda name: (order.index(domains.get(name, OPERATIONS)), name)):
        head = statements[name].partition("\nAS\n")[0]
        found = _TABLE.search(head)
        yield Described(
            domains.get(name, OPERATIONS),
            name,
            found["description"] if found else "",
            declared_columns(head),
        )


def _domains(statements: dict[str, str]) -> dict[str, str]:
    """The domain of each table that the load of one domain writes, the first where two do; and of each view,
    that of the first table it reads."""
    from ecommerce.catalogue.loading import CATALOGUE
    from ecommerce.events.loading import EVENTS
    from ecommerce.forecast.loading import FORECASTS
    from ecommerce.sales.loading import ORDERS

    loads = (ORDERS, EVENTS, CATALOGUE, FORECASTS)
    of_all = set.intersection(*(set(load.tables) for load in loads))
    domains = {name: load.name for load in reversed(loads) for name in load.tables if name not in of_all}
    for name, statement in statements.items():
        if name not in domains and "CREATE VIEW" in statement:
            read = re.findall(r"FROM `[^`]*?(\w+)`", statement)
            domains[name] = next((domains[each] for each in read if each in domains), OPERATIONS)
    return {name: domains[name] for load in loads for name in domains if domains[name] == load.name}


def answer(sql: str) -> Answer | None:
    """The answer to SHOW TABLES, or to DESCRIBE or DESC of a table; None to any other statement.

    Raises:
        ContractError: there is no table of that name.
    """
    from ecommerce.warehouse.asking import Answer

    if _SHOW.fullmatch(sql):
        rows = [(each.name, each.domain, each.description) for each in described()]
        columns = ("table_name", "domain", "description")
    elif asked := _DESCRIBE.fullmatch(sql):
        known = {each.name: each for each in described()}
        name = asked[1].lower()
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ContractError(f"there is no table {asked[1]}{meant} (SHOW TABLES lists them)")
        rows = [(each.name, _type(each), each.description) for each in known[name].columns]
        columns = ("column_name", "type", "description")
    else:
        return None
    return Answer(tuple((column, "STRING") for column in columns), len(rows), iter(rows))


def _name(column: Column) -> str:
    return column.name


def _type(column: Column) -> str:
    return f"{column.type}{' NOT NULL' if column.required else ''}"
