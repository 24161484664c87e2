"""Questions of people to the warehouse: one statement that reads, and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecommerce.core.errors import ContractError
from ecommerce.warehouse.client import REQUEST_SECONDS, Warehouse, bigquery_errors, words_of

if TYPE_CHECKING:
    from google.cloud import bigquery

READS = "SELECT"
"""The kind that BigQuery gives to a statement that only reads, whether it begins with SELECT or WITH."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: names of its columns and their types, as BigQuery names them; how many rows
    it has, and these (at most as many as were asked for)."""

    columns: tuple[tuple[str, str], ...]
    total: int
    rows: Iterator[tuple[Any, ...]]


def ask(sql: str, warehouse: Warehouse, most_rows: int | None = None) -> Answer:
    """What the warehouse answers to `sql`, in which its tables need no dataset.

    What the text shows to be more than one statement, or of another kind, is not even sent: the emulator runs
    a script's statements in a dry run too. Then BigQuery itself says by a dry run (the emulator as well) what
    kind of statement it is, and whether it can be run. A query bills at most MAXIMUM_BYTES_BILLED.

    Args:
        sql: one SELECT or WITH statement of GoogleSQL.
        warehouse: the deployment's.
        most_rows: None gives all rows.

    Raises:
        ContractError: it is no statement that only reads, or cannot be run; the text says why.
        ConfigurationError, CredentialsError, TransientError: as `bigquery_errors`.
    """
    from google.cloud import bigquery

    statement = _only_statement(sql)
    client, settings = warehouse.client, warehouse.settings
    dataset = f"{client.project}.{settings.bigquery_dataset}"

    def query(*, dry: bool) -> bigquery.QueryJob:
        config = bigquery.QueryJobConfig(
            default_dataset=dataset,
            labels=dict(warehouse.labels),
            maximum_bytes_billed=settings.maximum_bytes_billed,
            dry_run=dry,
        )
        options = warehouse.bounded() | {"location": settings.bigquery_location, "job_retry": None}
        if not dry:
            options["timeout"] = REQUEST_SECONDS  # the emulator answers when the query has ended
        return client.query(statement, job_config=config, **options)

    with bigquery_errors("the query"):
        kind = _explained(lambda: query(dry=True)).statement_type
        if kind != READS:
            raise _refused(
                "more than one statement" if kind == "SCRIPT" else f"of the kind {kind or 'unknown'}"
            )
        found = _explained(lambda: warehouse.result(query(dry=False), "the query", max_results=most_rows))
        columns = tuple((field.name, _type_of(field)) for field in found.schema)
        return Answer(columns, found.total_rows or 0, (tuple(row.values()) for row in found))


def _explained(do: Any) -> Any:
    """What `do` gives; a statement that cannot be run is said in one sentence."""
    from google.api_core.exceptions import BadRequest, NotFound

    try:
        return do()
    except (BadRequest, NotFound) as error:
        if {"bytesBilledLimitExceeded"} & {each.get("reason") for each in error.errors or ()}:
            raise
        raise ContractError(f"the query cannot be run: {words_of(error)}") from None


def _only_statement(sql: str) -> str:
    """`sql` without what follows its only statement; ContractError where its text shows that it has more, or
    one that does more than read."""

    def blank(found: re.Match[str]) -> str:
        # In comments, texts and quoted names anything may stand; all else stays where it is.
        return (" " if found["comment"] else "_") * len(found[0])

    bare = _QUOTED.sub(blank, sql).rstrip("; \t\r\n")
    if ";" in bare:
        raise _refused("more than one statement")
    first = re.match(r"[\s(]*(\w*)", bare)
    word = first[1].upper() if first else ""
    if word not in ("SELECT", "WITH"):
        raise _refused(f"a statement that begins with {word}" if word else "empty")
    return sql[: len(bare)]


_QUOTED = re.compile(
    r"(?P<comment>--[^\n]*|\#[^\n]*|/\*.*?\*/)"
    r"|\'\'\'(?:\\.|.)*?\'\'\'|\"\"\"(?:\\.|.)*?\"\"\""
    r"|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`",
    re.DOTALL,
)


def _refused(called: str) -> ContractError:
    return ContractError(
        f"the query was not run: it is {called}, and only a single SELECT or WITH statement, which changes "
        "nothing, is accepted"
    )


def _type_of(field: bigquery.SchemaField) -> str:
    return f"ARRAY<{field.field_type}>" if field.mode == "REPEATED" else str(field.field_type)
