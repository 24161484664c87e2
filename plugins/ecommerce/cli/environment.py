"""The environment of a command: the settings, connections and Variables of tasks.

Airflow reads its configuration when it is imported, so commands call `load` first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path

from ecommerce.core.connections import is_migrated, metadata_file
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {field.name.upper() for field in fields(Settings)}
FOLDERS = sorted(name.removesuffix("_URI").lower() for name in SETTINGS if name.endswith("_URI"))


def load(environ: MutableMapping[str, str] = os.environ, *, connections_of_the_ui: bool = True) -> None:
    """Complete `environ` from `.env`, or else the demo's `$DEMO_HOME/environment`, and with defaults for this
    machine.

    A value in `environ` wins, except an empty setting. A container has neither file: its environment stays as
    it is.

    Args:
        environ: the environment of this process.
        connections_of_the_ui: let this process read the connections of Airflow's UI from the metadata
            database, as `airflow connections get` does. Tasks get theirs from the API server.

    Raises:
        ConfigurationError: there is neither file, and `environ` has no setting and no connection.
    """
    demo = Path(environ.get("DEMO_HOME") or REPOSITORY / ".demo") / "environment"
    file = next((file for file in (REPOSITORY / ".env", demo) if file.exists()), None)
    if file:
        set_here = {name: value for name, value in environ.items() if value or name not in SETTINGS}
        from dotenv import dotenv_values

        parsed = dotenv_values(file, interpolate=False)  # logs a line that it cannot parse by its number
        values = {name: value for name, value in parsed.items() if value} | set_here
        environ.update(_defaults(values.get("AIRFLOW_HOME", "")) | values)
    elif not any(name in SETTINGS or name.startswith("AIRFLOW_CONN_") for name in environ):
        raise ConfigurationError(
            "there is no .env and no setting in the environment: run make env and fill in .env, or make demo"
        )
    if connections_of_the_ui and has_ui(environ):
        environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def has_ui(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether Airflow's metadata database may hold connections and Variables.

    An SQLite database without tables does not: Airflow would create the file when it looks for them.
    """
    file = metadata_file(environ)
    return file is None or is_migrated(file)


def isolate_metadata(folder: Path) -> None:
    """Make Airflow use a metadata database of this process alone, in `folder`, with the connections and
    Variables of its regular one in the environment.

    In the scheduler's own database, a run of this process would change when the DAG runs next, and the
    scheduler might run the newest day again.

    Raises:
        ConfigurationError: the regular database cannot be read.
    """
    from airflow import settings

    for name, value in _ui_values().items():
        os.environ.setdefault(name, value)
    for name in [name for name in os.environ if name.startswith("AIRFLOW__DATABASE__")]:
        del os.environ[name]
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{folder}/airflow.db"
    settings.dispose_orm(do_log=False)
    settings.configure_vars()
    settings.configure_orm()


def has_pool(name: str) -> bool:
    """Return whether Airflow's metadata database has a pool of this name.

    Raises:
        ConfigurationError: the database cannot be read.
    """
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select

    try:
        with create_session() as session:
            return session.scalar(select(Pool.id).where(Pool.pool == name)) is not None
    except Exception:  # from the driver; its text may show a secret
        raise ConfigurationError(
            "Airflow's metadata database is unavailable, or of another version (airflow db migrate)"
        ) from None


def _ui_values() -> dict[str, str]:
    """Return the connections and Variables of Airflow's database as environment variables."""
    from airflow.models.connection import Connection
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    if not has_ui():
        return {}
    fields = ("conn_type", "host", "schema", "login", "password", "port", "extra")
    try:
        with create_session() as session:
            connections = {
                str(each.conn_id): json.dumps({name: getattr(each, name) for name in fields})
                for each in session.scalars(select(Connection))
            }
            variables = {str(each.key): each.val for each in session.scalars(select(Variable))}
    except Exception:  # from the driver or from decryption; its text may show a secret
        variables = {"": None}
    if None in variables.values():  # Airflow returns None for a value that it cannot decrypt
        raise ConfigurationError(
            "the connections and Variables of Airflow's UI cannot be read: its database is unavailable "
            "(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, or airflow.db in AIRFLOW_HOME), has another version "
            "(airflow db migrate), or is encrypted with another AIRFLOW__CORE__FERNET_KEY"
        )
    return {f"AIRFLOW_CONN_{name.upper()}": text for name, text in connections.items()} | {
        f"AIRFLOW_VAR_{name.upper()}": text for name, text in variables.items()
    }


def _defaults(home: str) -> dict[str, str]:
    """Return what Airflow needs on this machine: the code, folders below `home` (empty: `.airflow` in the
    repository), and a UI for this machine only."""
    folder = Path(home or REPOSITORY / ".airflow").expanduser().absolute()
    return {
        "AIRFLOW_HOME": str(folder),
        **{f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(REPOSITORY / name) for name in ("dags", "plugins")},
        # `as_uri` would write spaces as %20, which nothing decodes.
        **{f"{name.upper()}_URI": f"file://{folder}/data/{name}" for name in FOLDERS},
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "8",  # processes, all started at once
        "AIRFLOW__API__HOST": "127.0.0.1",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # otherwise macOS ends forked tasks
    }
