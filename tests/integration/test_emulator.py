"""The BigQuery emulator as this repository starts it."""

from __future__ import annotations

import subprocess

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from demo.services.emulator import DEFAULT_VENV, PROJECT, Emulator


def test_its_sql_parser_is_the_compiled_one() -> None:
    where = "import sqlglot.parser; print(sqlglot.parser.__file__)"
    found = subprocess.run([DEFAULT_VENV / "bin" / "python", "-c", where], capture_output=True, text=True)
    assert found.stdout.strip().endswith(".so"), found.stderr


def test_columns_with_options_say_whether_they_may_be_null(bigquery_emulator: Emulator) -> None:
    client = bigquery.Client(
        PROJECT, AnonymousCredentials(), client_options={"api_endpoint": bigquery_emulator.host}
    )
    client.create_dataset("modes", exists_ok=True)
    made = client.query(
        "CREATE TABLE modes.named (sku STRING NOT NULL OPTIONS (description = 'a'), "
        "name STRING OPTIONS (description = 'b'), pieces INT64 NOT NULL, counted_at TIMESTAMP)"
    ).result()
    modes = {field.name: field.mode for field in made.schema}
    assert modes == {"sku": "REQUIRED", "name": "NULLABLE", "pieces": "REQUIRED", "counted_at": "NULLABLE"}
