"""Connections that a command reads without Airflow are those that Airflow itself would read."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.sdk import Connection as AirflowConnection

from ecommerce.core.connections import Connection, parse_connection

URIS = [
    "postgres://",
    "postgres://host",
    "postgresql://reader:pa%2Fss%40w%3Ard@db.example:6432/shop?sslmode=require&options=-c%20a%3Db",
    "postgres://%2Fvar%2Frun%2FPostgreSQL/shop",
    "postgres://me:@%2Fvar%2FRun:5433/shop",
    "postgres://user@/shop",
    "postgres://:5432",
    "http://https%3A%2F%2FShop.Example%2Fwp",
    "http://https://Shop.Example:8443/wp-json?timeout=5",
    "http://https://ck%5F1:cs_2@shop.example/wc",
    "HTTP://Shop.Example/a%20b/c",
    "http://[::1]:8080/x",
    "google-cloud-platform://?project=my-project&key_path=%2Fkeys%2Fetl.json&num_retries=5",
    "google-cloud-platform:///?__extra__=%7B%22is_anonymous%22%3A+true%2C+%22scopes%22%3A+%5B1%5D%7D",
    "google-cloud-platform:///?__extra__=no+JSON&project=ignored",
    "google-cloud-platform:///?extra__google_cloud_platform__project=old",
    "smtp://u%C3%BC:p%25@mail.example:587/?from_email=a%40b.example&disable_ssl=&empty",
    "a-b-c://h/%2F",
    "no-scheme",
    "/just/a/path?x=1",
]
FIELDS = [
    {"conn_type": "postgres", "host": "/var/run", "schema": "shop", "port": "5432"},
    {"conn_type": "postgresql", "login": "", "password": "p\u00e4ss w#rd", "port": 0, "description": "mine"},
    {"conn_type": "google-cloud-platform", "extra": {"is_anonymous": True, "project": None, "a": {"b": [1]}}},
    {"conn_type": "google_cloud_platform", "extra": '{"project": "p", "keyfile_dict": "{\\"a\\": 1}"}'},
    {"conn_type": "http", "host": "https://shop.example", "extra": "no JSON"},
    {"conn_type": "http", "extra": "[1, 2]"},
    {"conn_type": None, "extra": None, "port": None},
    {},
]


@pytest.mark.parametrize("text", [*URIS, *(f"  {json.dumps(fields)}\n" for fields in FIELDS)])
def test_a_connection_is_the_one_that_airflow_reads(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OF_THE_TEST", text)
    known = AirflowConnection.get("of_the_test")
    assert parse_connection(text) == Connection(
        known.conn_type,
        known.host,
        known.schema,
        known.login,
        known.password,
        known.port,
        known.extra_dejson,
    )


@pytest.mark.parametrize(
    "text",
    [
        "http://a://b://c",
        "http://me:x@https://shop.example",
        "x://h:port",
        '{"port": "x"}',
        '{"hots": "h"}',
        "{",
    ],
)
def test_what_airflow_cannot_read_is_left_to_airflow(text: str) -> None:
    read = AirflowConnection.from_json if text.startswith("{") else AirflowConnection.from_uri
    for each in (lambda: read(text, conn_id="x").port, lambda: parse_connection(text)):
        with pytest.raises(Exception):  # noqa: B017, PT011 - of whatever kind: Airflow then looks elsewhere
            each()


LOOK = """
import json, sys
from ecommerce.core.connections import NotDefinedError, connection, variable
try:
    host = connection("shop").host
except NotDefinedError as error:
    host = str(error)
print(json.dumps([host, variable("mine", "default"), "airflow" in sys.modules]))
"""
ENVIRONMENT = {
    "AIRFLOW_CONN_SHOP": "http://of.environment",
    "AIRFLOW_VAR_MINE": "of the environment",
}
UNDEFINED = "the connection shop is not defined"


def look(home: Path, **given: str) -> list[object]:
    """The connection's host and the Variable, as a command sees them, and whether it imported Airflow."""
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": "plugins", "AIRFLOW_HOME": str(home)}
    own |= {"_AIRFLOW_PROCESS_CONTEXT": "server"} | given
    done = subprocess.run([sys.executable, "-c", LOOK], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_what_the_environment_has_needs_no_airflow(tmp_path: Path) -> None:
    assert look(tmp_path, **ENVIRONMENT) == ["of.environment", "of the environment", False]
    assert look(tmp_path) == [UNDEFINED, "default", False]


def database(file: Path) -> Path:
    """A database of Airflow's without entries, as far as a command looks at it."""
    file.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE connection (conn_id TEXT)")
    connection.execute("CREATE TABLE variable (key TEXT)")
    connection.commit()
    connection.close()
    return file


def test_a_database_without_the_entry_needs_no_airflow(tmp_path: Path) -> None:
    database(tmp_path / "airflow.db")
    assert look(tmp_path) == [UNDEFINED, "default", False]
    elsewhere = database(tmp_path / "of the file" / "airflow.db")
    (tmp_path / "airflow.cfg").write_text(f"[database]\nsql_alchemy_conn = sqlite:///{elsewhere}\n")
    assert look(tmp_path) == [UNDEFINED, "default", False]


def test_an_entry_of_the_database_is_read_by_airflow(tmp_path: Path) -> None:
    with sqlite3.connect(database(tmp_path / "airflow.db")) as known:
        known.execute("INSERT INTO connection VALUES ('shop')")
    # It is not one that Airflow can read; what it makes of a real one is in test_commands.py.
    assert look(tmp_path) == [UNDEFINED, "default", True]


SECRETS = '{"connections_file_path": "%s", "variables_file_path": "%s"}'


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_secrets_backend_wins_over_the_environment(tmp_path: Path, place: str) -> None:
    connections, variables = tmp_path / "connections.env", tmp_path / "variables.env"
    connections.write_text("shop=http://of.backend\n")
    variables.write_text("mine=of the backend\n")
    known = {
        "backend": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "backend_kwargs": SECRETS % (connections, variables),
    }
    given = {f"AIRFLOW__SECRETS__{name.upper()}": value for name, value in known.items()}
    if place == "file":
        lines = [f"{name} = {value}\n" for name, value in known.items()]
        (tmp_path / "airflow.cfg").write_text("[secrets]\n" + "".join(lines))
        given = {}
    assert look(tmp_path, **ENVIRONMENT, **given) == ["of.backend", "of the backend", True]
