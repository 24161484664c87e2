"""Tables that OpenLineage events name."""

import sys
from types import ModuleType

import pytest
from airflow.providers.openlineage import api
from airflow.providers.openlineage.utils import sql_hook_lineage as parsing

from ecommerce.runtime import lineage
from ecommerce.runtime.airflow_internals import OPENLINEAGE_LISTENER
from tests import rendered_sql


@pytest.fixture
def datasets(monkeypatch):
    """Returns the inputs and outputs that the provider finds in what it is given, in a task."""
    emitted = {}
    listener = ModuleType(OPENLINEAGE_LISTENER)
    monkeypatch.setitem(sys.modules, OPENLINEAGE_LISTENER, listener)
    monkeypatch.setattr("airflow.sdk.get_current_context", dict)
    monkeypatch.setattr(
        api, "emit_query_lineage", lambda **named: emitted.update(named)
    )

    def of(sql, namespace, database):
        lineage.report_query(sql, namespace=namespace, database=database)
        inputs, outputs = parsing._parse_query_into_datasets(
            emitted["query_text"],
            emitted["query_source_namespace"],
            default_database=emitted["default_database"],
            default_schema=emitted["default_schema"],
        )
        return ({table.name for table in inputs}, {table.name for table in outputs})

    return of


def test_a_load_names_the_tables_that_it_reads_and_writes(datasets):
    script = ""
    for statement in rendered_sql.statements("warehouse/loads/orders/script.sql"):
        script += f"{statement.sql};\n"
    inputs, outputs = datasets(script, "bigquery", "project")
    assert {"project.sales.orders", "project.sales.daily_sales"} <= outputs
    assert "project.sales_staging.orders" in inputs


def test_a_source_has_the_names_of_its_server(datasets):
    inputs, outputs = datasets(
        "SELECT a.x FROM orders a JOIN shop.lines b ON a.y = %(day)s",
        "postgres://db:5432",
        "shop",
    )
    assert inputs == {"shop.public.orders", "shop.shop.lines"}
    assert not outputs
