"""The warehouse's tables as a person is shown them, without a warehouse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.cli import environment
from ecommerce.cli.tables import described
from ecommerce.warehouse import client
from ecommerce.warehouse.rendering import columns, tables, views
from tests import tables_document
from tests.tables_document import BEGIN, END


@pytest.fixture(autouse=True)
def _no_warehouse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setenv("ORDER_ATTRIBUTES", "sales_channel")
    monkeypatch.setattr(
        client, "connect", lambda **_: pytest.fail("the warehouse was asked")
    )


def test_every_table_and_view_has_its_columns() -> None:
    known = {each.name: each for each in described(os.environ)}
    assert known.keys() == {*tables(), *views()}
    for name in tables():
        assert known[name].columns == columns(name)
    for each in known.values():
        assert each.description
        assert each.columns
        assert all(column.description for column in each.columns)
    assert [column.name for column in known["orders_attributes"].columns][
        -1
    ] == "sales_channel"


def test_the_document_for_analysts_has_every_table_and_column_as_its_file_describes_it(
    tmp_path: Path,
) -> None:
    document = environment.REPOSITORY / "docs" / "QUERIES.md"
    written = tmp_path / "QUERIES.md"
    written.write_text(f"before\n{BEGIN}\nold\n{END}\nafter")
    tables_document.main(written)
    before, _, rest = written.read_text().partition(BEGIN)
    assert (before, rest.partition(END)[2]) == ("before\n", "\nafter")
    shown = document.read_text().partition(BEGIN)[2].partition(END)[0]
    assert shown == rest.partition(END)[0], BEGIN.strip("<>!- ")
    for name in tables():
        assert f"\n#### {name}\n" in shown
        assert all(
            f"| `{column.name}` | {column.type}".replace("<", "&lt;") in shown
            for column in columns(name)
        )
    assert (
        "A query must filter by `business_date`."
        in shown.partition("#### daily_sales\n")[2][:300]
    )


def test_tables_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["tables"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("daily_summary: ")
    assert "customers: One row per customer, identified by a keyed hash only." in lines
    assert (
        "  updated_at        TIMESTAMP        When that source changed the customer."
        in lines
    )


def test_neither_settings_nor_libraries_are_needed(installation: Path) -> None:
    look = """
import sys
from ecommerce.cli import __main__ as command_line
code = command_line.main(["tables"])
heavy = ("airflow", "google.cloud.bigquery", "pandas", "duckdb")
print(code, [name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", look],
        cwd=installation,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "plugins",
            "HOME": str(installation),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "0 []\n"
