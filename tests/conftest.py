"""Services shared by the tests: real ones, started once per test process when first asked for."""

import gc
import io
import os
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from demo.services import emulator, postgres
from demo.services.ports import free_port
from tests.psql import psql

# Importing everything makes objects that stay: a fifth of the collection went into looking for garbage.
gc.disable()

# Tests never touch the developer's own Airflow home; set before anything imports airflow.
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
# Airflow finds the timetable of the daily DAGs by a plugin.
os.environ.setdefault(
    "AIRFLOW__CORE__PLUGINS_FOLDER", str(Path(__file__).parents[1] / "plugins")
)

# The same examples in every run, however slow the machine. For others: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None)
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")

LONGEST = (
    "test_scheduler",
    "test_shop_runs",
    "test_failing_dags",
    "test_lint",
    "test_googlesql",
    "test_period_reports",
    "test_reference_engine",
    "test_operations_dags",
    "test_recipes",
    "test_partner_refunds",
    "test_commands",
    "test_forecast_scheduler",
    "test_late_facts",
    "test_daily_sales",
    "test_csv_records",
    "test_other_shop",
    "test_random_periods",
    "test_rehearsal",
    "test_random_loads",
    "test_privacy",
    "test_interleaved",
    "test_payments",
    "test_company",
    "test_incomplete",
    "test_reconciliation",
    "test_user_events_daily",
    "test_catalogue_dag",
    "test_settlements",
    "test_report_pages",
    "test_schema",
    "test_checks",
    "test_source_failures",
    "test_shop_day",
    "test_storefront_orders_sync",
    "test_history_load",
    "test_document",
    "test_accounts_in_force",
    "test_season",
    "test_lost_data",
    "test_monthly_load",
    "test_random_sales",
    "test_load",
    "test_transform",
    "test_storefront",
    "test_report_figures",
    "test_forecast",
    "test_read",
    "test_events_load",
)
"""The files that take longest in `make test` and `make test-slow`, the longest first: one that began last
would run alone for minutes."""


MARKERS = {"browser", "compose", "slow", "nightly", "monitoring"}
"""Those by which `make` selects tests."""


def pytest_ignore_collect(collection_path, config):
    """Leave out files none of whose tests are selected, and folders of such files: importing all of them
    takes half a minute."""
    if collection_path.is_dir():
        files = list(collection_path.rglob("test_*.py"))
        return all(pytest_ignore_collect(file, config) for file in files) or None
    if collection_path.suffix != ".py":
        return None
    expression = config.option.markexpr
    is_negated = expression.startswith("not (")
    markers = set(expression.removeprefix("not (").removesuffix(")").split(" or "))
    if not markers <= MARKERS:
        return None
    if is_negated:
        return any(marks_all(collection_path, marker) for marker in markers) or None
    return not any(names(collection_path, marker) for marker in markers) or None


def marks_all(path, marker):
    """Whether a test file, or the conftest.py of its folder, gives the marker to all tests."""
    marks = (
        f"\npytestmark = pytest.mark.{marker}\n",
        f"add_marker(pytest.mark.{marker})",
    )
    return any(mark in text for text in texts(path) for mark in marks)


@cache
def names(path, marker):
    """Whether a test file, or the conftest.py of its folder, names the marker."""
    return any(f"pytest.mark.{marker}" in text for text in texts(path))


@cache
def texts(path):
    """The text of a test file and of the conftest.py of its folder."""
    files = (path, path.with_name("conftest.py"))
    return [file.read_text() for file in files if file.exists()]


def pytest_collection_modifyitems(items):
    """The files that take longest come first, so that the processes of pytest-xdist end together."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))
    for item in items:
        for marker in MARKERS.intersection(mark.name for mark in item.iter_markers()):
            if not names(item.path, marker):
                raise pytest.UsageError(
                    f"`pytest -m {marker}` would leave out {item.nodeid}"
                )


def pytest_collection_finish():
    """Look for garbage from now on, without what the collection has imported."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter):
    """After a large run, list the slowest tests, and the seconds of each folder."""
    seconds = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid] += report.duration
    if len(seconds) < 100:
        return
    terminalreporter.section("slowest tests, and seconds by folder")
    by_folder = Counter()
    for test, duration in seconds.items():
        folders = Path(test.partition("::")[0]).parent.parts
        by_folder["/".join(folders[:3])] += duration
    for name, duration in seconds.most_common(10) + by_folder.most_common():
        terminalreporter.write_line(f"{duration:8.1f} {name}")


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server that asks for a password; tests make their own databases in it.

    Not below pytest's own folder: every other pytest that starts closes that to all users but one, and for
    root the server runs as another user.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = postgres.start(folder / "data", free_port())
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres_server):
    """The name of an empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    psql(postgres_server, f"CREATE DATABASE {name}")
    yield name
    psql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def bigquery_emulator(tmp_path_factory):
    """The BigQuery emulator; tests use datasets of their own in it."""
    server = emulator.start(
        tmp_path_factory.mktemp("bigquery"), free_port(), keep=False
    )
    yield server
    server.stop()


@pytest.fixture
def repository():
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def installation(repository, tmp_path):
    """A folder with the pipeline's files as in its image: no Makefile, no demo, nobody's `.env`."""
    folder = tmp_path / "installation"
    folder.mkdir()
    for name in ("plugins", "include", "dags"):
        (folder / name).symlink_to(repository / name)
    return folder


@pytest.fixture
def typed(monkeypatch):
    """Let a command read a text from standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.fixture
def temporary_folder(monkeypatch, tmp_path):
    """A folder of this test, in which this process makes its temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
