import importlib.util
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from airflow.executors.local_executor import LocalExecutor

from demo import executor
from demo.airflow_services import AirflowServices
from demo.environment import environment
from demo.executor import PRELOADED, PreloadingExecutor, unload_code
from demo.layout import Folders, Ports
from demo.ledger import Ledger
from demo.seeders import sales_db
from demo.services.postgres import Postgres
from ecommerce.cli import environment as commands
from ecommerce.core.settings import load_settings
from ecommerce.storage.staging import storage_path

FOLDERS = Folders(Path("/srv/demo"))


def test_the_pipeline_takes_its_settings_from_it() -> None:
    settings = load_settings(environment(Ports(), FOLDERS, timezone="Europe/Berlin"))
    assert settings.shop_timezone == "Europe/Berlin"
    assert settings.partner_drop_uri == "file:///srv/demo/partner_drop"
    assert settings.reports_uri == "file:///srv/demo/reports"
    assert settings.bigquery_dataset == "sales"


def test_its_folders_may_lie_anywhere(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "Jürgens Läden")
    folders.partner_drop.mkdir(parents=True)
    settings = load_settings(environment(Ports(), folders))
    assert [
        path.name for path in storage_path(settings.partner_drop_uri).parent.iterdir()
    ] == ["partner_drop"]
    assert storage_path(settings.staging_uri).path == str(folders.home / "staging")


def test_every_connection_of_the_pipeline_is_there() -> None:
    known = environment(Ports(), FOLDERS)
    connections = {
        name.removeprefix("AIRFLOW_CONN_").lower(): json.loads(value)
        for name, value in known.items()
        if name.startswith("AIRFLOW_CONN_")
    }
    assert set(connections) == {
        *(
            "sales_db",
            "storefront_api",
            "shopify_api",
            "exchange_rates_api",
            "bigquery",
        ),
        *("smtp_default", "web_events_api", "product_catalogue_api", "partner_ftp"),
    }
    assert urlsplit(connections["storefront_api"]["host"]).port == Ports().storefront
    assert connections["bigquery"]["extra"]["is_anonymous"] is True
    assert known["BIGQUERY_EMULATOR_HOST"] == f"http://127.0.0.1:{Ports().bigquery}"


def test_the_sales_database_lets_its_connection_in(
    postgres_server: Postgres, database: str
) -> None:
    dsn = postgres_server.dsn(database)
    sales_db.prepare(dsn)
    sales_db.fill(
        dsn,
        Ledger(datetime(2026, 11, 1, tzinfo=UTC).date(), 1).as_of(datetime.now(UTC)),
    )
    given = json.loads(
        environment(Ports(sales_db=postgres_server.port), FOLDERS)[
            "AIRFLOW_CONN_SALES_DB"
        ]
    )
    with psycopg.connect(
        host=given["host"],
        port=given["port"],
        user=given["login"],
        password=given["password"],
        dbname=database,
    ) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM orders").fetchone() == (
            True,
        )


def test_airflow_of_the_demo_knows_nothing_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", "postgresql://production/shop")
    monkeypatch.setenv("AIRFLOW__CORE__DEFAULT_TIMEZONE", "Asia/Tokyo")
    services = AirflowServices(Ports(), Folders(tmp_path), "America/New_York")
    known = services.environment()
    assert (
        known["AIRFLOW__CORE__EXECUTOR"]
        == f"{PreloadingExecutor.__module__}.{PreloadingExecutor.__name__}"
    )
    assert "production" not in known["AIRFLOW_CONN_SALES_DB"]
    assert "AIRFLOW__CORE__DEFAULT_TIMEZONE" not in known


def test_processes_of_one_demo_share_a_secret_and_two_demos_do_not(
    tmp_path: Path,
) -> None:
    def secret(home: str) -> str:
        services = AirflowServices(
            Ports(), Folders(tmp_path / home), "America/New_York"
        )
        return services.environment()["AIRFLOW__API_AUTH__JWT_SECRET"]

    assert secret("one") == secret("one") != secret("two")
    assert (tmp_path / "one" / "airflow" / "jwt.secret").stat().st_mode & 0o077 == 0


def test_a_port_is_changed_by_its_variable() -> None:
    assert Ports.from_environ({"DEMO_AIRFLOW_PORT": "18080"}) == Ports(airflow=18080)


@pytest.mark.parametrize("name", ["demo", "Jürgens 'Läden'", "a\\b\\", "$HOME # 1"])
def test_the_pipelines_commands_find_the_demo_by_its_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders(tmp_path / name)
    services = AirflowServices(Ports(smtp=2525), folders, "Asia/Tokyo")
    monkeypatch.setattr(
        AirflowServices, "_running", lambda *_: True
    )  # and is left alone
    services.start()
    monkeypatch.setattr(commands, "REPOSITORY", tmp_path)  # where there is no .env
    given = {"DEMO_HOME": str(folders.home)}
    commands.load(given)
    wanted = services.command_environment()
    assert {key: given[key] for key in wanted} == wanted
    assert given["AIRFLOW_HOME"] == str(folders.home / "airflow")
    assert given["SHOP_TIMEZONE"] == "Asia/Tokyo"
    assert json.loads(given["AIRFLOW_CONN_SMTP_DEFAULT"])["port"] == 2525


def test_an_empty_port_variable_is_ignored() -> None:
    assert Ports.from_environ(
        {"DEMO_AIRFLOW_PORT": "", "DEMO_SMTP_PORT": "2525"}
    ) == Ports(smtp=2525)


def test_workers_of_the_demo_have_imported_what_tasks_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert all(importlib.util.find_spec(name) for name in PRELOADED)
    imported: list[str] = []
    forked: dict[str, Callable[[], None]] = {}
    unloaded: list[str] = []
    monkeypatch.setattr(executor.importlib, "import_module", imported.append)
    monkeypatch.setattr(executor.os, "register_at_fork", forked.update)
    monkeypatch.setattr(executor, "_code_mtimes", lambda: {"sales/tasks.py": 1})
    monkeypatch.setattr(executor, "unload_code", lambda _: unloaded.append("all"))
    monkeypatch.setattr(LocalExecutor, "start", lambda _: imported.append("workers"))
    PreloadingExecutor().start()
    assert imported[: len(PRELOADED)] == list(PRELOADED)
    assert imported[-1] == "workers"
    assert {"ecommerce.sales.tasks", "ecommerce.sales.report.archive"} <= set(imported)
    assert not any(name.startswith("ecommerce.pages") for name in imported)
    forked["after_in_child"]()
    assert unloaded == []
    monkeypatch.setattr(executor, "_code_mtimes", lambda: {"sales/tasks.py": 2})
    forked["after_in_child"]()
    assert unloaded == ["all"]


def test_a_task_whose_worker_was_killed_before_it_began_is_queued_again() -> None:
    lost, other = SimpleNamespace(key="lost"), SimpleNamespace(key="other")
    workers: Any = PreloadingExecutor(parallelism=2)
    workers.running = {lost.key, other.key}
    workers.revoke_task(ti=lost)
    assert not workers.has_task(SimpleNamespace(id=1, key=lost.key))
    assert workers.running == {other.key}


def test_code_that_has_changed_is_imported_anew() -> None:
    modules = {
        "ecommerce": 1,
        "ecommerce.sales.tasks": 2,
        "ecommerce_of_another": 3,
        "json": 4,
    }
    unload_code(modules)
    assert list(modules) == ["ecommerce_of_another", "json"]
