"""The environment of a command: the settings, connections and Variables of tasks.

Airflow reads its configuration when it is imported, so commands call `load` first.
"""

import json
import os
import re
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

from dotenv import dotenv_values

from ecommerce.cli import metadata_database
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings
from ecommerce.core.values import Values
from ecommerce.runtime.airflow_internals import PROCESS_CONTEXT

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {name.upper() for name in Settings.model_fields}
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
SECRETS_OPTION = re.compile("AIRFLOW__(SECRETS|WORKERS)__.*BACKEND")
"""Options of Airflow by which a connection may come from elsewhere than the environment."""


def load(*, connections_of_the_ui: bool = True) -> None:
    """Complete the environment from `.env`, or else the demo's `$DEMO_HOME/environment`, and with defaults
    for this machine.

    A value in the environment wins, except an empty setting. A container has neither file: its environment
    stays as it is. With `connections_of_the_ui`, this process reads the connections of Airflow's UI from the
    metadata database, as `airflow connections get` does; tasks get theirs from the API server.

    Raises ConfigurationError: there is neither file, and the environment has no CUSTOMER_HASH_KEY.
    """
    file = REPOSITORY / ".env"
    if not file.exists():
        file = Path(os.environ.get("DEMO_HOME") or REPOSITORY / ".demo") / "environment"
    if file.exists():
        # A line that cannot be parsed is logged by its number.
        lines = dotenv_values(file, interpolate=False)
        values = {name: value for name, value in lines.items() if value}
        for name, value in os.environ.items():
            if value or name not in SETTINGS:
                values[name] = value
        os.environ.update(_defaults(values) | values)
    elif "CUSTOMER_HASH_KEY" not in os.environ:
        raise ConfigurationError(
            "there is no .env and no setting in the environment: run make env and fill in .env, or make demo"
        )
    if connections_of_the_ui and has_metadata():
        if metadata_database.exists(airflow_home()):
            use_metadata()
        os.environ.setdefault(PROCESS_CONTEXT, "server")


def use_metadata() -> None:
    """Start Airflow's metadata database on this machine until this process ends, and name it in the
    environment, unless the environment or `airflow.cfg` names another.

    Raises ConfigurationError: see `metadata_database.start`.
    """
    if not names_metadata():
        os.environ[DATABASE] = metadata_database.use(airflow_home())


def has_metadata() -> bool:
    """Return whether Airflow's metadata database may hold connections and Variables."""
    home = airflow_home()
    return (
        names_metadata()
        or metadata_database.exists(home)
        or metadata_database.has_sqlite(home)
    )


def names_metadata() -> bool:
    """Return whether the environment or `airflow.cfg` names Airflow's metadata database. Airflow itself
    writes that file, with SQLite."""
    # A worker has no access to the database: there the variable is empty.
    variables = (DATABASE, f"{DATABASE}_CMD", f"{DATABASE}_SECRET")
    if any(os.environ.get(name) for name in variables):
        return True
    url = _configuration().get("database", "sql_alchemy_conn", fallback="")
    return bool(url) and not url.startswith("sqlite:")


def connection_extra(conn_id: str) -> Values:
    """Return the `extra` of a connection that the environment has as JSON. It is empty where only Airflow,
    whose import takes seconds, can read the connection: from a URI, the UI or a secrets backend."""
    configuration = _configuration()
    if (
        configuration.get("secrets", "backend", fallback="")
        or configuration.get("workers", "secrets_backend", fallback="")
        or any(SECRETS_OPTION.match(name) for name in os.environ)
    ):
        return {}
    try:
        connection = json.loads(os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}", ""))
    except ValueError:
        return {}
    match connection:
        case {"extra": dict(extra)}:
            return extra
    return {}


def airflow_home() -> Path:
    """Return Airflow's home."""
    return Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()


def _configuration() -> RawConfigParser:
    """Read Airflow's file of configuration."""
    configuration = RawConfigParser(strict=False)
    configuration.read(
        os.environ.get("AIRFLOW_CONFIG") or airflow_home() / "airflow.cfg"
    )
    return configuration


def _defaults(values: Mapping[str, str]) -> dict[str, str]:
    """Return what Airflow needs on this machine: the code, folders below AIRFLOW_HOME (`.airflow` in the
    repository), and a UI for this machine only."""
    home = Path(values.get("AIRFLOW_HOME") or REPOSITORY / ".airflow")
    folder = home.expanduser().absolute()
    port = values.get("AIRFLOW__API__PORT")
    if not port:
        port = values.get("AIRFLOW_LISTEN", "8080").rpartition(":")[2]
    defaults = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": f"{REPOSITORY}/dags",
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{REPOSITORY}/plugins",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # Processes, which are all started at once.
        "AIRFLOW__CORE__PARALLELISM": "8",
        # With Airflow's own few seconds, tasks of a busy machine end before they begin.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "60",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        # Without it, tasks call the public address, AIRFLOW__API__BASE_URL.
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{port}/execution/",
        # Without it, macOS ends forked tasks.
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
    }
    for name in SETTINGS:
        # Targets are files of the repository.
        if name.endswith("_URI") and name != "TARGETS_URI":
            data = name.removesuffix("_URI").lower()
            defaults[name] = f"file://{folder}/data/{data}"
    return defaults
