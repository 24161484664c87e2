"""What the emulator makes of SQL, from memory and afresh; run by the emulator's own Python.

Reads `[[text, schema, sibling, schema of the sibling], …]` as JSON. The sibling is asked for first, so that
the text is answered from what that left. Writes for each text the remembered translation, the fresh one,
whether the memory had to ask, and whether the shared tree is still the one that was parsed.
"""

import json
import sys
from typing import Any

import emulator_process as quick
from bqemulator.catalog import ddl_sync
from bqemulator.domain.errors import DomainError
from bqemulator.domain.result import Err
from bqemulator.jobs import executor, routine_ddl
from bqemulator.row_access.identity import CallerIdentity
from bqemulator.scripting import interpreter
from bqemulator.sql import catalog_schema, inner_query

PROJECT = "demo-shop"
CALLER = CallerIdentity("user:someone@example.com")


class NoCatalog:
    """A catalog without any table."""

    def get_table(self, *_: Any) -> None:
        """None: there is none."""

    def list_row_access_policies(self, *_: Any) -> tuple[()]:
        """None applies."""
        return ()


def remembered(sql: str, schema: Any) -> str:
    """As the emulator does it here."""
    sql = inner_query.rewrite_unnest_offset(sql)
    return executor.rewrite_table_refs(
        ok(quick.translate(None, sql, schema=schema, caller=CALLER)), PROJECT
    )


def afresh(sql: str, schema: Any) -> str:
    """As the emulator does it without memory."""
    sql = inner_query.rewrite_unnest_offset._function(sql)
    result = quick._translate(executor._translator, sql, schema=schema, caller=CALLER)
    return executor.rewrite_table_refs._function(ok(result), PROJECT)


def ok(result: Any) -> str:
    """The text, or what is wrong."""
    if isinstance(result, Err):
        raise result.error
    return result.value


def outcome(way: Any, sql: str, schema: Any) -> str:
    """The translation or the error of a text."""
    try:
        return way(sql, schema)
    except DomainError as error:
        return f"{type(error).__name__}: {error}"


def looked_at(sql: str) -> bool:
    """Whether those who share a tree leave it as it was."""
    try:
        tree = quick.shared(sql, read="bigquery")
    except Exception:
        return True
    before = repr(tree)
    executor.classify_statement_type(sql)
    executor._build_query_configuration(sql, PROJECT, "job")
    for look in (
        ddl_sync._detect_plain_create_view,
        ddl_sync._detect_catalog_drop,
        ddl_sync._extract_ddl_metadata,
    ):
        look(sql)
    interpreter._dml_targets(sql, PROJECT)
    interpreter._is_row_producing(sql)
    routine_ddl.detect_drop_routine(sql, PROJECT)
    catalog_schema.build_catalog_schema(sql, project_id=PROJECT, catalog=NoCatalog())
    quick.rewrite_for_row_access(
        sql, project_id=PROJECT, caller=CALLER, catalog=NoCatalog()
    )
    return repr(tree) == before and quick.shared(sql, read="bigquery") is tree


def main() -> None:
    """Compare the texts of standard input."""
    answers = []
    for sql, schema, sibling, its_schema in json.load(sys.stdin):
        outcome(remembered, sibling, its_schema)
        known = len(quick.translation._results)
        text = outcome(remembered, sql, schema)
        asked = len(quick.translation._results) != known
        answers.append([text, outcome(afresh, sql, schema), asked, looked_at(sql)])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
