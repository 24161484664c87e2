"""The commands and the Makefile."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.cli import environment
from ecommerce.core.parts import exists
from ecommerce.warehouse import adhoc_query
from ecommerce.warehouse.adhoc_query import QueryResult


def test_every_command_has_a_target_of_the_makefile(repository: Path) -> None:
    recipes = (repository / "Makefile").read_text()
    called = set(re.findall(r"\$\(CLI\) ([a-z-]+)", recipes))
    commands = set(command_line.app.commands)
    assert called - commands == (set() if exists("cli.forecast") else {"forecast"})
    for name in commands:
        assert re.search(rf"^{name}: environments ## ", recipes, re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    ["report DAY=2026-11-02", "repair DAY=2026-11-02", "backfill FROM=1 TO=2"],
)
def test_make_names_no_airflow_of_its_own(repository: Path, command: str) -> None:
    words = [
        "make",
        "--no-print-directory",
        *command.split(),
        "BOOTSTRAP=true",
        "CLI=env #",
    ]
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW")
    }
    done = subprocess.run(
        words, cwd=repository, env=own, capture_output=True, text=True, check=True
    )
    assert "PATH=" in done.stdout
    assert "AIRFLOW_" not in done.stdout


def test_make_passes_a_value_to_the_command_as_it_is(repository: Path) -> None:
    source = "old shop; echo $HOME `it's`"
    words = [
        "make",
        "--no-print-directory",
        "undo-history",
        "BOOTSTRAP=true",
        "CLI=printf '%s|'",
    ]
    value = source.replace("$", "$$")
    done = subprocess.run(
        [*words, f"SOURCE={value}"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"undo-history|--source|{source}|"


def test_standard_output_has_the_result_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_query(sql: str, connect: Any, most_rows: int | None) -> QueryResult:
        print("a line of a library")
        logging.StreamHandler(sys.stdout).emit(
            logging.makeLogRecord({"msg": "a line of Airflow's log"})
        )
        return QueryResult((("n", "INTEGER"),), 2, iter([(1,), (2,)]))

    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setattr(adhoc_query, "run_query", run_query)
    assert command_line.main(["query", "--sql", "SELECT 1", "--format", "csv"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "n\n1\n2\n"
    assert shown.err == "a line of a library\na line of Airflow's log\n"
