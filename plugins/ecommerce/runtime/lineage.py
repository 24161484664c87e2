"""OpenLineage events of SQL statements, for deployments that configure a transport."""

import re

from ecommerce.runtime.airflow_internals import lineage_is_sent

BIGQUERY = "bigquery"
"""The namespace of BigQuery's tables by OpenLineage's naming rules."""
_LOAD_SUFFIX = r"__[0-9a-f]+\b"
"""What a staging table's name ends with; a catalogue keeps one dataset for all loads."""
_PARAMETER = r"%\(\w+\)s"
"""A parameter of a PostgreSQL query, which OpenLineage's parser would refuse; its value stays here."""


def report_query(
    sql: str, *, namespace: str, database: str, query_id: str | None = None
) -> None:
    """Emit a statement or script, and the tables that it reads and writes, as a child of the running task's
    event. Does nothing where OpenLineage is not active; a failure, such as SQL that its parser refuses, is a
    warning in the task's log. `namespace` is `BIGQUERY` or `postgres://host:port`, `database` that of tables
    that name none (a BigQuery project, a PostgreSQL database), `query_id` the job's id there."""
    if not lineage_is_sent():
        return
    from airflow.providers.openlineage.api import emit_query_lineage
    from airflow.sdk import get_current_context

    try:
        get_current_context()
    except RuntimeError:  # a page or a command, not a task
        return
    # The schema of PostgreSQL's tables that name none.
    schema = None if namespace == BIGQUERY else "public"
    emit_query_lineage(
        query_id=query_id,
        query_source_namespace=namespace,
        query_text=re.sub(_PARAMETER, "NULL", re.sub(_LOAD_SUFFIX, "", sql)),
        default_database=database,
        default_schema=schema,
    )
