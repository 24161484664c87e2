"""The warehouse's tables as a person is shown them, without a warehouse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.cli import environment, query
from ecommerce.cli.tables import BEGIN, END, described
from ecommerce.core.errors import ContractError
from ecommerce.core.parts import exists
from ecommerce.warehouse import client
from ecommerce.warehouse.rendering import columns, tables, views


@pytest.fixture(autouse=True)
def _no_warehouse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setenv("ORDER_ATTRIBUTES", "sales_channel")
    monkeypatch.setattr(client, "connect", lambda **_: pytest.fail("the warehouse was asked"))


def test_every_table_and_view_has_its_columns_and_the_domain_that_writes_it() -> None:
    known = {each.name: each for each in described()}
    assert known.keys() == {*tables(), *views()}
    for name in tables():
        assert known[name].columns == columns(name)
    for each in known.values():
        assert each.description
        assert each.columns
        assert all(column.description for column in each.columns)
    assert [column.name for column in known["orders_attributes"].columns][-1] == "sales_channel"
    parts = {"events": "sessions", "catalogue": "product_pictures", "forecast": "sales_forecasts"}
    domains = [known[table].domain for part, table in parts.items() if exists(part)]
    assert {known[name].domain for name in ("orders", "conversion_rates", "products")} == {"orders"}
    assert known["load_audit"].domain == known["warehouse_settings"].domain == "operations"
    assert len(set(domains)) == len(domains)
    assert [*dict.fromkeys(each.domain for each in described())] == ["orders", *domains, "operations"]


def test_the_document_for_analysts_has_every_table_and_column_as_its_file_describes_it(
    tmp_path: Path,
) -> None:
    document = environment.REPOSITORY / "docs" / "QUERIES.md"
    written = tmp_path / "QUERIES.md"
    written.write_text(f"before\n{BEGIN}\nold\n{END}\nafter")
    assert command_line.main(["tables", "--into", str(written)]) == 0
    before, _, rest = written.read_text().partition(BEGIN)
    assert (before, rest.partition(END)[2]) == ("before\n", "\nafter")
    shown = document.read_text().partition(BEGIN)[2].partition(END)[0]
    assert shown == rest.partition(END)[0], BEGIN.strip("<>!- ")
    for name in tables():
        assert f"\n#### {name}\n" in shown
        assert all(
            f"| `{column.name}` | {column.type}".replace("<", "&lt;") in shown for column in columns(name)
        )
    assert "A query must filter by `business_date`." in shown.partition("#### daily_sales\n")[2][:300]


def test_tables_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["tables"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["", "ORDERS"]
    assert "  customers: One row per customer, identified by a keyed hash only." in lines
    assert "    updated_at        TIMESTAMP        When that source changed the customer." in lines


def test_show_tables_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    for sql in ("SHOW TABLES", "show tables in sales;", " SHOW  TABLES FROM `p.sales` "):
        assert command_line.main(["query", "--sql", sql, "--format", "csv"]) == 0
        header, *rows = capsys.readouterr().out.splitlines()
        assert header == "table_name,domain,description"
        assert {row.split(",")[0] for row in rows} == {*tables(), *views()}


def test_a_table_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    for sql in (
        "DESCRIBE customers",
        "desc customers;",
        "DESCRIBE `sales.customers`",
        "DESC `p`.`sales`.`Customers`",
        "DESCRIBE p-1.sales.customers",
    ):
        assert command_line.main(["query", "--sql", sql]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == ["column_name", "type", "description"]
        assert [line.split()[0] for line in lines[2:-1]] == [column.name for column in columns("customers")]
        assert lines[2].startswith("customer_hash     STRING NOT NULL  Keyed hash of the customer's e-mail")
        assert lines[-1] == "4 rows"


def test_a_table_that_is_not_there_is_named_with_the_one_that_may_be_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command_line.main(["query", "--sql", "DESCRIBE order_line"]) == 1
    assert capsys.readouterr().err == (
        "there is no table order_line; did you mean order_lines? (SHOW TABLES lists them)\n"
    )
    assert command_line.main(["query", "--sql", "DESCRIBE xyz"]) == 1
    assert capsys.readouterr().err == "there is no table xyz (SHOW TABLES lists them)\n"


def test_what_the_warehouse_refuses_of_its_information_schema_says_what_to_type(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ContractError("the query cannot be run: Not found")

    monkeypatch.setattr(client, "connect", lambda **_: None)
    monkeypatch.setattr("ecommerce.warehouse.adhoc_query.run_query", refuse)
    for sql in ("SELECT * FROM INFORMATION_SCHEMA.COLUMNS", "SELECT 1 FROM sales.__tables__"):
        assert command_line.main(["query", "--sql", sql]) == 1
        assert capsys.readouterr().err == f"the query cannot be run: Not found: {query.tables.INSTEAD}\n"
    assert command_line.main(["query", "--sql", "SELECT * FROM nosuch"]) == 1
    assert capsys.readouterr().err == "the query cannot be run: Not found\n"


def test_neither_settings_nor_libraries_are_needed(installation: Path) -> None:
    look = """
import sys
from ecommerce.cli import __main__ as command_line
codes = [command_line.main(["tables"]), command_line.main(["query", "--sql", "DESC orders"])]
heavy = ("airflow", "google.cloud.bigquery", "pandas", "duckdb")
print(codes, [name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", look],
        cwd=installation,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "plugins", "HOME": str(installation)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "[0, 0] []\n"
