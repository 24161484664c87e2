"""The environment of a command: the settings, connections and Variables of tasks.

Airflow reads its configuration when it is imported, so commands call `load` first.
"""

import os
from collections.abc import Mapping, MutableMapping
from configparser import RawConfigParser
from pathlib import Path

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {name.upper() for name in Settings.model_fields}
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
    demo = Path(environ.get("DEMO_HOME") or REPOSITORY / ".demo") / "environment"
    file = next((file for file in (REPOSITORY / ".env", demo) if file.exists()), None)
    if file:
        set_here = {
            name: value
            for name, value in environ.items()
            if value or name not in SETTINGS
        }
        from dotenv import dotenv_values

        parsed = dotenv_values(
            file, interpolate=False
        )  # logs a line that it cannot parse by its number
        values = {name: value for name, value in parsed.items() if value} | set_here
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
    variable = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    if f"{variable}_CMD" in environ or f"{variable}_SECRET" in environ:
        return True
    home = Path(
        os.path.expandvars(environ.get("AIRFLOW_HOME") or "~/airflow")
    ).expanduser()
    parser = RawConfigParser(strict=False)
    parser.read(
        Path(environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg").expanduser(),
        encoding="utf-8",
    )
    url = environ.get(variable) or parser.get(
        "database", "sql_alchemy_conn", fallback=""
    )
    scheme, _, path = os.path.expandvars(str(url)).partition(":///")
    if url and scheme != "sqlite":
        return True
    file = Path(path) if url else home / "airflow.db"
    files = (file, file.with_name(f"{file.name}-wal"))
    return any(each.exists() and each.stat().st_size > EMPTY_BYTES for each in files)


def has_pool(name: str) -> bool:
    """Return whether Airflow's metadata database has a pool of this name; ConfigurationError where it cannot
    be read."""
    from airflow.models.pool import Pool

    try:
        return Pool.get_pool(name) is not None
    except Exception:  # from the driver; its text may show a secret
        raise ConfigurationError(
            "Airflow's metadata database is unavailable, or of another version (airflow db migrate)"
        ) from None


def _defaults(values: Mapping[str, str]) -> dict[str, str]:
    """Return what Airflow needs on this machine: the code, folders below AIRFLOW_HOME (`.airflow` in the
    repository), and a UI for this machine only."""
    folder = (
        Path(values.get("AIRFLOW_HOME") or REPOSITORY / ".airflow")
        .expanduser()
        .absolute()
    )
    port = (
        values.get("AIRFLOW__API__PORT")
        or values.get("AIRFLOW_LISTEN", "8080").rpartition(":")[2]
    )
    defaults = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": f"{REPOSITORY}/dags",
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{REPOSITORY}/plugins",
        # `as_uri` would write spaces as %20, which nothing decodes.
        **{
            name: f"file://{folder}/data/{name.removesuffix('_URI').lower()}"
            for name in sorted(SETTINGS)
            if name.endswith("_URI")
        },
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "8",  # processes, all started at once
        # With Airflow's own few seconds, tasks of a busy machine end before they begin.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "60",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": "8793",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": "8794",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # otherwise macOS ends forked tasks
    }
    if "AIRFLOW__API__SSL_CERT" not in values:
        # Without it, tasks call the public address, AIRFLOW__API__BASE_URL.
        defaults["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = (
            f"http://localhost:{port}/execution/"
        )
    return defaults
