"""The environment of a command: the settings, connections and Variables of tasks.

Airflow reads its configuration when it is imported, so commands call `load` first.
"""

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from dotenv import dotenv_values

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {name.upper() for name in Settings.model_fields}
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
EMPTY_BYTES = 4096
"""The size of an SQLite file without tables."""


def load(
    environ: MutableMapping[str, str] = os.environ,
    *,
    connections_of_the_ui: bool = True,
) -> None:
    """Complete `environ` from `.env`, or else the demo's `$DEMO_HOME/environment`, and with defaults for this
    machine.

    A value in `environ` wins, except an empty setting. A container has neither file: its environment stays as
    it is. With `connections_of_the_ui`, this process reads the connections of Airflow's UI from the metadata
    database, as `airflow connections get` does; tasks get theirs from the API server.

    Raises ConfigurationError: there is neither file, and `environ` has no setting and no connection.
    """
    file = REPOSITORY / ".env"
    if not file.exists():
        file = Path(environ.get("DEMO_HOME") or REPOSITORY / ".demo") / "environment"
    if file.exists():
        values = {}
        # A line that cannot be parsed is logged by its number.
        for name, value in dotenv_values(file, interpolate=False).items():
            if value:
                values[name] = value
        for name, value in environ.items():
            if value or name not in SETTINGS:
                values[name] = value
        environ.update(_defaults(values) | values)
    elif not any(
        name in SETTINGS or name.startswith("AIRFLOW_CONN_") for name in environ
    ):
        raise ConfigurationError(
            "there is no .env and no setting in the environment: run make env and fill in .env, or make demo"
        )
    if connections_of_the_ui and has_metadata(environ):
        environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def has_metadata(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether Airflow's metadata database may hold connections and Variables. An empty SQLite file
    does not: Airflow would create it when it looks for them."""
    if f"{DATABASE}_CMD" in environ or f"{DATABASE}_SECRET" in environ:
        return True
    home = Path(environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    url = environ.get(DATABASE) or f"sqlite:///{home}/airflow.db"
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite":
        return True
    file = Path(path)
    return file.exists() and file.stat().st_size > EMPTY_BYTES


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
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": "8793",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": "8794",
        # Without it, macOS ends forked tasks.
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
    }
    for name in SETTINGS:
        if name.endswith("_URI"):
            data = name.removesuffix("_URI").lower()
            # `as_uri` would write spaces as %20, which nothing decodes.
            defaults[name] = f"file://{folder}/data/{data}"
    if "AIRFLOW__API__SSL_CERT" not in values:
        # Without it, tasks call the public address, AIRFLOW__API__BASE_URL.
        defaults["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = (
            f"http://localhost:{port}/execution/"
        )
    return defaults
