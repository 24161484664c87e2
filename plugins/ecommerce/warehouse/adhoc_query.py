"""Queries of users: one statement that only reads, and its result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ecommerce.core.errors import ContractError
from ecommerce.warehouse.bigquery_errors import (
    bigquery_errors,
    reasons_of,
    refusal_text,
)
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.declarations import declaration
from ecommerce.warehouse.rendering import tables, views

if TYPE_CHECKING:
    from google.cloud.bigquery.table import RowIterator

_READS = re.compile(
    r"(?is)(?:[\s(]|(?:--|#)[^\n]*(?:\n|$)|(?>/\*.*?\*/))*(?:SELECT|WITH)\b"
)
"""The beginning of a query, after comments and parentheses."""
_UNKNOWN_COLUMN = re.compile(
    r"""unrecognized\ name:\ `?(?:\w+\.)*(\w+)
    | \bname\ (\w+)\ not\ found\ inside
    | \bcolumn\ "?(\w+)"?\ (?:in\ USING\ clause\ )?(?:not\ found|does\ not\ exist)
    | \bcolumn\ named\ "(\w+)\"""",
    re.IGNORECASE | re.VERBOSE,
)
"""In the engine's messages for a column that no table of the query has."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Names and BigQuery types of the columns, the number of rows, and the rows, at most as many as
    requested."""

    columns: tuple[tuple[str, str], ...]
    total: int
    rows: Iterator[tuple[Any, ...]]


def single_select(sql: str) -> str:
    """Return the statement without its last semicolon.

    Raises ContractError for a statement of another beginning, or with a semicolon before its end, which is
    not sent: the emulator executes some of them even in a dry run.
    """
    statement = sql.rstrip("; \t\r\n")
    if ";" in statement:
        raise _refused(
            "more than one statement, or has a semicolon in a text or comment"
        )
    if not _READS.match(statement):
        raise _refused("a statement that does not begin with SELECT or WITH")
    return statement


def run_query(
    statement: str,
    warehouse: Warehouse,
    max_rows: int | None = None,
) -> QueryResult:
    """Run a query in which the warehouse's tables need no dataset, and return at most `max_rows` rows, by
    default all. It bills at most MAXIMUM_BYTES_BILLED. A dry run checks first that it is a valid query.

    Raises:
        ContractError: the statement does more than read, or is invalid.
        PipelineError: BigQuery refuses the query, or cannot be reached.
    """
    from google.api_core.exceptions import BadRequest, NotFound

    dataset = f"{warehouse.client.project}.{warehouse.settings.bigquery_dataset}"
    with bigquery_errors("the query"):
        try:
            dry_run = warehouse.begin_query(
                statement, default_dataset=dataset, dry_run=True
            )
            kind = dry_run.statement_type
            if kind != "SELECT":
                raise _refused(f"of the kind {kind}")
            job = warehouse.begin_query(statement, default_dataset=dataset)
            rows = warehouse.rows(job, "the query", max_results=max_rows)
        except (BadRequest, NotFound) as error:
            if "bytesBilledLimitExceeded" in reasons_of(error):
                raise
            reason = _translated(refusal_text(error), statement, warehouse)
            raise ContractError(f"the query cannot be run: {reason}") from None
    columns = tuple((field.name, _type(field)) for field in rows.schema)
    return QueryResult(columns, rows.total_rows, _values(rows))


def _values(rows: RowIterator) -> Iterator[tuple[Any, ...]]:
    # Further pages are fetched on the way.
    with bigquery_errors("the query"):
        for row in rows:
            yield tuple(row.values())


def _type(field: Any) -> str:
    if field.mode == "REPEATED":
        return f"ARRAY<{field.field_type}>"
    return str(field.field_type)


def _translated(reason: str, statement: str, warehouse: Warehouse) -> str:
    """Return an error of the engine with what to write instead, where that is known."""
    if "division by zero" in reason.lower():
        return "division by zero: use SAFE_DIVIDE(a, b), which is NULL where b is 0"
    unknown = _UNKNOWN_COLUMN.search(reason)
    if unknown is None or "did you mean" in reason.lower():
        return reason
    column = unknown[unknown.lastindex or 0]
    names = _columns_of(statement, warehouse)
    if not names:
        return reason
    candidates = get_close_matches(column.lower(), names)
    hint = f"did you mean {' or '.join(candidates)}?"
    if not candidates:
        hint = f"they have {', '.join(sorted(names))}"
    return f"no table of the query has a column {column}: {hint}"


def _columns_of(statement: str, warehouse: Warehouse) -> set[str]:
    """Return the columns of the warehouse's tables and views that a statement names."""
    names = set(re.findall(r"\w+", statement))
    columns = set()
    for table in names.intersection(tables() + views()):
        for column in declaration(table, warehouse.settings).columns:
            columns.add(column.name)
    return columns


def _refused(kind: str) -> ContractError:
    return ContractError(
        f"the query was not run: it is {kind}, and only a single SELECT or WITH statement, which changes "
        "nothing, is accepted"
    )
