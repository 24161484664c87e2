"""What a command adds to its environment before it begins."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError

ENV_FILE = "SHOP_TIMEZONE=Asia/Tokyo\nREPORTING_CURRENCY=\nCUSTOMER_HASH_KEY='a$b'\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a repository with nothing in it."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    return tmp_path


def loaded(**given: str) -> dict[str, str]:
    environment.load(given)
    return given


def test_env_file_gives_settings_and_where_the_code_is(folder: Path) -> None:
    (folder / ".env").write_text(ENV_FILE)
    given = loaded()
    assert (given["SHOP_TIMEZONE"], given["CUSTOMER_HASH_KEY"]) == ("Asia/Tokyo", "a$b")
    assert "REPORTING_CURRENCY" not in given
    assert given["AIRFLOW__CORE__DAGS_FOLDER"] == str(folder / "dags")
    assert given["AIRFLOW__CORE__PLUGINS_FOLDER"] == str(folder / "plugins")


def test_what_is_set_already_wins(folder: Path) -> None:
    (folder / ".env").write_text(ENV_FILE)
    given = loaded(SHOP_TIMEZONE="Europe/Berlin", AIRFLOW__CORE__DAGS_FOLDER="/dags", AIRFLOW_VAR_X="")
    assert (given["SHOP_TIMEZONE"], given["AIRFLOW__CORE__DAGS_FOLDER"]) == ("Europe/Berlin", "/dags")
    assert given["AIRFLOW_VAR_X"] == ""


def test_env_file_wins_over_the_demo(folder: Path) -> None:
    (folder / ".demo").mkdir()
    (folder / ".demo" / "environment").write_text("SHOP_TIMEZONE='America/New_York'\nAIRFLOW_HOME='/demo'\n")
    assert loaded()["SHOP_TIMEZONE"] == "America/New_York"
    (folder / ".env").write_text(ENV_FILE)
    assert loaded()["SHOP_TIMEZONE"] == "Asia/Tokyo"
    assert "AIRFLOW_HOME" not in loaded()


@pytest.mark.parametrize("name", ["CUSTOMER_HASH_KEY", "AIRFLOW_CONN_BIGQUERY"])
def test_in_a_container_the_environment_is_all_there_is(folder: Path, name: str) -> None:
    assert loaded(**{name: "x"}) == {name: "x", "_AIRFLOW_PROCESS_CONTEXT": "server"}


def test_where_there_is_nothing_one_sentence_says_what_to_do(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"run make env, .* or make demo"):
        loaded(PATH="/bin", AIRFLOW_HOME="/opt/airflow")


def command(folder: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": "plugins", "AIRFLOW_HOME": str(folder / "airflow")}
    return subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", *arguments],
        cwd=folder,
        env=own | given,
        capture_output=True,
        text=True,
        input="",
    )


@pytest.mark.parametrize("name", ["check", "migrate", "forget-customer", "run --day 2026-11-18"])
def test_every_command_that_needs_settings_says_that_there_are_none(installation: Path, name: str) -> None:
    done = command(installation, *name.split())
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("there is no .env and no setting in the environment: run make env")
    assert len(done.stderr.splitlines()) == 1


def test_a_command_runs_in_a_container(installation: Path) -> None:
    given = {"CUSTOMER_HASH_KEY": "0123456789abcdef", "AIRFLOW_VAR_SOURCE_POLICY": "{}"}
    done = command(installation, "check", "settings", **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok    settings             SHOP_TIMEZONE=America/New_York, ")


def test_run_runs_the_day_where_the_settings_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = []
    (folder / ".env").write_text(ENV_FILE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "environ", {"PATH": "/bin"})
        patched.setattr(environment.load, "__defaults__", (os.environ,))
        patched.setattr(
            subprocess,
            "run",
            lambda command, **_: (
                started.append((command, dict(os.environ))) or subprocess.CompletedProcess(command, 3)
            ),
        )
        assert command_line.main(["run", "--day", "2026-11-18"]) == 3
    [(words, given)] = started
    assert words[1:] == [
        *("-m", "airflow", "dags", "test", "daily_sales_pipeline"),
        *("-c", '{"business_date": "2026-11-18"}'),
    ]
    assert given["SHOP_TIMEZONE"] == "Asia/Tokyo"
    assert "_AIRFLOW_PROCESS_CONTEXT" not in given  # a task's connections come from its API server


def test_nothing_of_airflow_is_imported_before_the_environment_is_there(installation: Path) -> None:
    look = (
        "import sys; from ecommerce.cli import __main__; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('airflow', 'duckdb', 'pandas')))"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=installation / "plugins", capture_output=True)
    assert done.stdout.decode().strip() == "[]"


def test_every_command_has_a_target_of_the_makefile(repository: Path) -> None:
    recipes = (repository / "Makefile").read_text()
    called = set(re.findall(r"\$\(CLI\) ([a-z-]+)", recipes))
    assert called == set(command_line.app.commands)
    for name in called:
        assert re.search(rf"^{name}: environments ## ", recipes, re.MULTILINE)
