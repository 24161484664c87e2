"""OpenLineage events of SQL statements, for deployments that configure a transport."""

import logging
import re
import sys
from typing import Any

log = logging.getLogger(__name__)

BIGQUERY = "bigquery"
"""The namespace of BigQuery's tables by OpenLineage's naming rules."""
_LISTENER = "airflow.providers.openlineage.plugins.listener"
"""Airflow imports it in a task's process where the provider is installed and has a transport."""
_LOAD_SUFFIX = r"__[0-9a-f]+\b"
"""What a staging table's name ends with; a catalogue keeps one dataset for all loads."""
_PARAMETER = r"%\(\w+\)s"
"""A parameter of a PostgreSQL query; its value stays here."""


def report_query(
    sql: str, *, namespace: str, database: str, query_id: str | None = None
) -> None:
    """Emit the tables that a statement or script read and wrote, as a child of the running task's
    event. Does nothing where OpenLineage is not active; a failure is a warning in the task's log. `namespace`
    is `BIGQUERY` or `postgres://host:port`, `database` that of tables that name none (a BigQuery project, a
    PostgreSQL database), `query_id` the job's id there."""
    if _LISTENER not in sys.modules:
        return
    from airflow.providers.openlineage.api import emit_query_lineage
    from airflow.sdk import get_current_context
    from openlineage.client.facet_v2 import sql_job

    try:
        get_current_context()
    except RuntimeError:  # a page or a command, not a task
        return
    try:
        inputs, outputs = datasets(sql, namespace, database)
    except Exception as error:  # such as SQL that OpenLineage's parser refuses: lineage is never worth a task
        log.warning("No lineage of a statement: %s", str(error).partition("\n")[0])
        return
    emit_query_lineage(
        query_id=query_id,
        query_source_namespace=namespace,
        inputs=inputs,
        outputs=outputs,
        additional_job_facets={"sql": sql_job.SQLJobFacet(query=sql)},
    )


def datasets(sql: str, namespace: str, database: str) -> tuple[list[Any], list[Any]]:
    """Return the tables that a script reads and writes. Arguments are those of `report_query`."""
    from airflow.providers.openlineage.sqlparser import SQLParser, from_table_meta

    dialect = namespace.partition(":")[0]
    parser = SQLParser(dialect, "public" if dialect == "postgres" else None)
    script = re.sub(_PARAMETER, "NULL", re.sub(_LOAD_SUFFIX, "", sql))
    parsed = parser.parse(parser.split_sql_string(script))
    inputs: list[Any] = []
    outputs: list[Any] = []
    if parsed is not None:
        for table in parsed.in_tables:
            inputs.append(from_table_meta(table, database, namespace, False))
        for table in parsed.out_tables:
            outputs.append(from_table_meta(table, database, namespace, False))
    return inputs, outputs
