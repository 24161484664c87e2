"""The environment of a command: the settings, connections and Variables with which tasks run. Airflow reads
its configuration when it is imported, so `load` comes before anything that imports it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path
from typing import Any

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
    own = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db"}
    return _of_the_ui(folder, environ) | kept | own


def _of_the_ui(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The connections and Variables in Airflow's database, as the environment gives them; none where it has
    not been made. Airflow writes them to `folder` first, which is nobody else's and soon gone."""
    from airflow.sdk.configuration import conf

    place = conf.get("database", "sql_alchemy_conn")
    scheme, _, path = place.partition(":///")
    if scheme.startswith("sqlite") and not (Path(path).exists() and Path(path).stat().st_size):
        return {}
    exports = {kind: folder / f"{kind}.json" for kind in ("connections", "variables")}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "airflow", kind, "export", str(file)],
            env=dict(environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # which may show what it stumbled over
        )
        for kind, file in exports.items()
    ]
    codes = [process.wait() for process in running]
    found = {} if any(codes) else {kind: json.loads(file.read_text()) for kind, file in exports.items()}
    if not found or None in found["variables"].values():
        raise ConfigurationError(
            "the connections and Variables of Airflow's UI cannot be read: its database does not answer "
            "(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, or airflow.db in AIRFLOW_HOME), is of another version "
            "(airflow db migrate), or encrypted with another AIRFLOW__CORE__FERNET_KEY"
        )
    connections = {
        f"AIRFLOW_CONN_{name.upper()}": json.dumps(it) for name, it in found["connections"].items()
    }
    return connections | {f"AIRFLOW_VAR_{name.upper()}": _text(it) for name, it in found["variables"].items()}


def _text(variable: Any) -> str:
    """The text of an exported Variable: its JSON was decoded, its description may stand beside its value."""
    if isinstance(variable, dict) and variable.keys() == {"value", "description"}:
        variable = variable["value"]
    return variable if isinstance(variable, str) else json.dumps(variable)


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
