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
_LOAD_SUFFIX = re.compile(r"__[0-9a-f]+$")
"""What a staging table's name ends with; a catalogue keeps one dataset for all loads."""
_PARAMETER = re.compile(r"%\(\w+\)s")
"""A parameter of a PostgreSQL query; its value stays here."""


def report_query(
    sql: str, *, namespace: str, database: str, query_id: str | None = None
) -> None:
    """Emit the tables and columns that a statement or script read and wrote, as a child of the running task's
    event. Does nothing where OpenLineage is not active; a failure is a warning in the task's log. `namespace`
    is `BIGQUERY` or `postgres://host:port`, `database` that of tables that name none (a BigQuery project, a
    PostgreSQL database), `query_id` the job's id there."""
    if _LISTENER not in sys.modules:
        return
    from airflow.providers.openlineage.api import (
        emit_query_lineage,
        is_openlineage_active,
    )
    from airflow.sdk import get_current_context
    from openlineage.client.facet_v2 import sql_job

    try:
        get_current_context()
    except RuntimeError:  # a page or a command, not a task
        return
    if not is_openlineage_active():
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
    """Return the tables that a script reads and writes; the written ones with the columns they come from.
    Arguments are those of `report_query`."""
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import column_lineage_dataset as lineage
    from openlineage.client.facet_v2 import schema_dataset
    from openlineage_sql import parse

    def name(table: Any) -> str:
        schema = table.schema or ("public" if namespace.startswith("postgres") else "")
        parts = (table.database or database, schema, _LOAD_SUFFIX.sub("", table.name))
        return ".".join(part for part in parts if part)

    reads: set[str] = set()
    writes: dict[str, dict[str, lineage.Fields]] = {}
    for statement in filter(str.strip, _PARAMETER.sub("NULL", sql).split(";\n")):
        parsed = parse([statement], dialect=namespace.partition(":")[0])
        if parsed is None:
            continue
        known = {name(table) for table in parsed.in_tables}
        reads |= known
        for table in parsed.out_tables:
            columns = writes.setdefault(name(table), {})
            if statement.lstrip().startswith(
                "DELETE"
            ):  # its columns only select the rows
                continue
            for column in parsed.column_lineage:
                origins = [
                    lineage.InputField(namespace, name(origin.origin), origin.name)
                    for origin in column.lineage
                    if origin.origin is not None
                    and name(origin.origin) in known  # others are CTEs
                ]
                columns[column.descendant.name] = lineage.Fields(inputFields=origins)
    inputs = [InputDataset(namespace, table) for table in sorted(reads)]
    outputs = []
    for table, columns in sorted(writes.items()):
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name=column) for column in columns
        ]
        facets = {
            "schema": schema_dataset.SchemaDatasetFacet(fields=fields),
            "columnLineage": lineage.ColumnLineageDatasetFacet(fields=columns),
        }
        outputs.append(
            OutputDataset(namespace, table, facets=facets if columns else {})
        )
    return inputs, outputs
