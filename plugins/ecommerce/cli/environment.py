"""The environment of a command: the settings, connections and Variables with which tasks run. Airflow reads
its configuration when it is imported, so `load` comes before anything that imports it."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import fields
from pathlib import Path

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {field.name.upper() for field in fields(Settings)}


def load(environ: MutableMapping[str, str] = os.environ, *, connections_of_the_ui: bool = True) -> None:
    """Add to `environ` what it lacks: from `.env`, or else from what `make demo` left in `$DEMO_HOME`.

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
        environ.update(_read(file) | dict(environ))
    elif not any(name in SETTINGS or name.startswith("AIRFLOW_CONN_") for name in environ):
        raise ConfigurationError(
            "there is no .env and no setting in the environment: run make env, and fill in .env, or make demo"
        )
    if connections_of_the_ui:
        environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def _read(file: Path) -> dict[str, str]:
    """What a file gives; an empty value counts as not given, and a dollar sign is one."""
    from dotenv import dotenv_values

    code = {f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(REPOSITORY / name) for name in ("dags", "plugins")}
    return code | {name: value for name, value in dotenv_values(file, interpolate=False).items() if value}
