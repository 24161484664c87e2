"""Airflow's own database on PostgreSQL, as docs/PRODUCTION.md has it: made, backed up, restored, cleaned."""

from __future__ import annotations

import subprocess

import pytest
from cryptography.fernet import Fernet

from demo.services import postgres
from demo.services.postgres import Postgres
from ecommerce.maintenance import expiry as maintenance
from tests.integration.airflow_process import AirflowHome

pytestmark = pytest.mark.full

SECRET = "a password that only Fernet may show"


def airflow(home: AirflowHome, *arguments: str) -> str:
    """What `airflow <arguments>` prints; it must succeed."""
    before = len(home.log())
    assert home.start(*arguments).wait(300) == 0, home.log()[-3000:]
    return home.log()[before:]


def connection(home: AirflowHome) -> str:
    """What Airflow gives of the stored connection, its password in clear."""
    return airflow(home, "connections", "get", "shop_test", "--output", "json").replace("%20", " ")


def at(server: Postgres, database: str, folder, fernet_key: str) -> AirflowHome:
    address = server.dsn(database).replace("postgresql://", "postgresql+psycopg2://")
    folder.mkdir()
    environment = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address,
        "AIRFLOW__CORE__FERNET_KEY": fernet_key,
        "AIRFLOW__CORE__AUTH_MANAGER": ("airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"),
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
    }
    return AirflowHome(folder, environment)


def test_users_and_connections_survive_a_backup_a_restore_and_a_new_fernet_key(
    postgres_server, database, tmp_path, monkeypatch
):
    key = Fernet.generate_key().decode()
    first = at(postgres_server, database, tmp_path / "first", key)
    airflow(first, "db", "migrate")
    airflow(
        *(first, "users", "create", "--username", "ada", "--password", "a long password", "--role", "Admin"),
        *("--firstname", "Ada", "--lastname", "L", "--email", "ada@example.com"),
    )
    airflow(
        first,
        "connections",
        "add",
        "shop_test",
        "--conn-uri",
        f"postgres://u:{SECRET.replace(' ', '%20')}@h/d",
    )
    kept = postgres_server.psql("SELECT password FROM connection WHERE conn_id = 'shop_test'", database)
    assert kept.strip()
    assert SECRET not in kept

    dump = tmp_path / "airflow.dump"
    tools = postgres.binaries()
    subprocess.run(
        [str(tools / "pg_dump"), "--format=custom", f"--file={dump}", postgres_server.dsn(database)],
        check=True,
    )
    restored = f"{database}_restored"
    postgres_server.psql(f"CREATE DATABASE {restored}")
    try:
        subprocess.run(
            [
                *(str(tools / "pg_restore"), "--exit-on-error", "--no-owner"),
                *(f"--dbname={postgres_server.dsn(restored)}", str(dump)),
            ],
            check=True,
        )
        second = at(postgres_server, restored, tmp_path / "second", key)
        assert "ada@example.com" in airflow(second, "users", "list")
        new_key = Fernet.generate_key().decode()
        airflow(at(postgres_server, restored, tmp_path / "both", f"{new_key},{key}"), "rotate-fernet-key")
        assert SECRET in connection(at(postgres_server, restored, tmp_path / "rotated", new_key))
        clean_as_a_task_does(postgres_server, restored, monkeypatch, second)
    finally:
        postgres_server.psql(f"DROP DATABASE {restored} WITH (FORCE)")


def clean_as_a_task_does(server: Postgres, database: str, monkeypatch, home: AirflowHome) -> None:
    """`airflow db clean` of the DAG `maintenance`, which finds its database by the connection alone."""
    server.psql("UPDATE log SET dttm = '2020-01-01'", database)
    assert int(server.psql("SELECT count(*) FROM log", database)) > 0
    for name in ("AIRFLOW__CORE__FERNET_KEY", "CUSTOMER_HASH_KEY"):
        monkeypatch.setenv(name, home.environment[name])
    monkeypatch.setenv("AIRFLOW_HOME", str(home.folder))
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_METADATA", server.dsn(database))
    maintenance.clean_metadata_database()
    assert int(server.psql("SELECT count(*) FROM log WHERE dttm < '2021-01-01'", database)) == 0
