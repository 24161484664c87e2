"""The environment of a command: the settings, connections and Variables with which tasks run. Airflow reads
its configuration when it is imported, so `load` comes before anything that imports it."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {field.name.upper() for field in fields(Settings)}
FOLDERS = ("staging", "reports", "models", "partner_drop")


def load(environ: MutableMapping[str, str] = os.environ, *, connections_of_the_ui: bool = True) -> None:
    """Add to `environ` what it lacks: from `.env`, or else from what `make demo` left in `$DEMO_HOME`, and of
    this machine what neither says.

    What is set already wins. In a container, where there is neither file, that is all there is.

    Args:
        environ: a process's environment.
        connections_of_the_ui: let this process itself find connections that were entered in Airflow's UI, as
            Airflow's own `connections get` does. Tasks are given theirs by the API server.

    Raises:
        ConfigurationError: there is neither file, and `environ` has no setting and no connection.
    """
    demo = Path(environ.get("DEMO_HOME") or REPOSITORY / ".demo") / "environment"
    file = next((file for file in (REPOSITORY / ".env", demo) if file.exists()), None)
    if file:
        given = _read(file) | dict(environ)
        environ.update(_of_this_machine(given.get("AIRFLOW_HOME", "")) | given)
    elif not any(name in SETTINGS or name.startswith("AIRFLOW_CONN_") for name in environ):
        raise ConfigurationError(
            "there is no .env and no setting in the environment: run make env, and fill in .env, or make demo"
        )
    if connections_of_the_ui:
        environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def apart(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environ` for an Airflow whose metadata database lies in `folder`, with the connections and Variables
    of the one that `environ` names.

    A scheduler never sees that database. In the scheduler's own, `airflow dags test` writes anew when the DAG
    runs next: the scheduler may then run the newest day once more.

    Raises:
        ConfigurationError: the database that `environ` names cannot be read.
    """
    kept = {name: value for name, value in environ.items() if not name.startswith("AIRFLOW__DATABASE__")}
    return _of_the_ui() | kept | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db"}


def _of_the_ui() -> dict[str, str]:
    """The connections and Variables in Airflow's database, as the environment gives them; none where it has
    not been made."""
    from airflow.exceptions import AirflowException
    from airflow.models.connection import Connection
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session
    from cryptography.fernet import InvalidToken
    from sqlalchemy import inspect, select
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with create_session() as session:
            if not inspect(session.connection()).has_table(Connection.__tablename__):
                return {}
            connections, variables = session.scalars(select(Connection)), session.scalars(select(Variable))
            return {f"AIRFLOW_CONN_{each.conn_id.upper()}": each.as_json() for each in connections} | {
                f"AIRFLOW_VAR_{each.key.upper()}": each.val for each in variables if each.val is not None
            }
    except (SQLAlchemyError, AirflowException, InvalidToken):  # whose texts may show what they stumbled over
        raise ConfigurationError(
            "the connections and Variables of Airflow's UI cannot be read: its database does not answer "
            "(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, or airflow.db in AIRFLOW_HOME), is of another version "
            "(airflow db migrate), or encrypted with another AIRFLOW__CORE__FERNET_KEY"
        ) from None


def _of_this_machine(home: str) -> dict[str, str]:
    """What Airflow and the pipeline need here beside settings: the code, folders below `home` (empty:
    `.airflow` in the repository), and a UI that no other machine reaches."""
    folder = Path(home or REPOSITORY / ".airflow").expanduser().absolute()
    return {
        "AIRFLOW_HOME": str(folder),
        **{f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(REPOSITORY / name) for name in ("dags", "plugins")},
        # Not `as_uri`, which writes blanks as %20, which nobody reads back.
        **{f"{name.upper()}_URI": f"file://{folder}/data/{name}" for name in FOLDERS},
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "8",  # each is a process that is there from the start
        "AIRFLOW__API__HOST": "127.0.0.1",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends forked tasks otherwise
    }


def _read(file: Path) -> dict[str, str]:
    """What a file gives; an empty value counts as not given, and a dollar sign is one."""
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(file, interpolate=False).items() if value}
