"""Airflow's own database on PostgreSQL, as docs/PRODUCTION.md has it: made, backed up, restored, cleaned."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet

from ecommerce.cli.local_postgres import Postgres, binaries
from tests.integration.airflow_process import AirflowHome
from tests.psql import psql
from tests.recipes import REPOSITORY

pytestmark = pytest.mark.nightly

SECRET = "a password that only Fernet may show"


def airflow(home: AirflowHome, *arguments: str) -> str:
    """What `airflow <arguments>` prints; it must succeed."""
    before = len(home.log())
    assert home.start(*arguments).wait(300) == 0, home.log()[-3000:]
    return home.log()[before:]


def connection(home: AirflowHome) -> str:
    """What Airflow gives of the stored connection, its password in clear."""
    return airflow(home, "connections", "get", "shop_test", "--output", "json").replace(
        "%20", " "
    )


def at(server: Postgres, database: str, folder, fernet_key: str) -> AirflowHome:
    address = server.dsn(database).replace("postgresql://", "postgresql+psycopg2://")
    folder.mkdir()
    environment = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address,
        "AIRFLOW__CORE__FERNET_KEY": fernet_key,
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
        ),
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
    }
    return AirflowHome(folder, environment)


def test_users_and_connections_survive_a_backup_a_restore_and_a_new_fernet_key(
    postgres_server, database, tmp_path
):
    key = Fernet.generate_key().decode()
    first = at(
        postgres_server,
        database,
        tmp_path / "first",
        key,
    )
    airflow(first, "db", "migrate")
    airflow(
        *(
            first,
            "users",
            "create",
            "--username",
            "ada",
            "--password",
            "a long password",
            "--role",
            "Admin",
        ),
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
    kept = psql(
        postgres_server,
        "SELECT password FROM connection WHERE conn_id = 'shop_test'",
        database,
    )
    assert kept.strip()
    assert SECRET not in kept

    dump = tmp_path / "airflow.dump"
    tools = binaries()
    subprocess.run(
        [
            str(tools / "pg_dump"),
            "--format=custom",
            f"--file={dump}",
            postgres_server.dsn(database),
        ],
        check=True,
    )
    restored = f"{database}_restored"
    psql(postgres_server, f"CREATE DATABASE {restored}")
    try:
        subprocess.run(
            [
                *(str(tools / "pg_restore"), "--exit-on-error", "--no-owner"),
                *(f"--dbname={postgres_server.dsn(restored)}", str(dump)),
            ],
            check=True,
        )
        second = at(
            postgres_server,
            restored,
            tmp_path / "second",
            key,
        )
        assert "ada@example.com" in airflow(second, "users", "list")
        new_key = Fernet.generate_key().decode()
        airflow(
            at(
                postgres_server,
                restored,
                tmp_path / "both",
                f"{new_key},{key}",
            ),
            "rotate-fernet-key",
        )
        assert SECRET in connection(
            at(
                postgres_server,
                restored,
                tmp_path / "rotated",
                new_key,
            )
        )
        clean_as_the_service_does(
            postgres_server,
            restored,
            second,
            tmp_path / "bin",
        )
    finally:
        psql(postgres_server, f"DROP DATABASE {restored} WITH (FORCE)")


def clean_as_the_service_does(
    server: Postgres, database: str, home: AirflowHome, commands
) -> None:
    """What `airflow-db-clean` of docker-compose.yaml runs, until it sleeps for the first time."""
    psql(server, "UPDATE log SET dttm = '2020-01-01'", database)
    psql(
        server,
        "INSERT INTO log (dttm, event) VALUES (now() - interval '20 days', 'old'), "
        "(now() - interval '9 days', 'young')",
        database,
    )
    commands.mkdir()
    (commands / "sleep").write_text(
        "#!/bin/sh\nexit 77\n"
    )  # with `bash -e` it ends the loop
    (commands / "sleep").chmod(0o755)
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())
    shell, options, loop = compose["services"]["airflow-db-clean"]["command"]
    path = f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    settings = {"PATH": path, "METADATA_RETENTION_DAYS": "10"}
    done = subprocess.run(
        [
            shell,
            options,
            loop.replace("$$", "$"),
        ],
        env=os.environ | home.own() | dict(home.environment) | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 77, done.stderr[-3000:]
    assert "Airflow's database is cleaned of what is older than " in done.stdout
    assert psql(
        server, "SELECT event FROM log WHERE event IN ('old', 'young')", database
    ).split() == ["young"]
    assert (
        int(
            psql(server, "SELECT count(*) FROM log WHERE dttm < '2021-01-01'", database)
        )
        == 0
    )
