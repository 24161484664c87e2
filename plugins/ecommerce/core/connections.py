"""Airflow's connections, and what a command needs of its configuration without `import airflow`, which takes
seconds."""

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Mapping
from configparser import RawConfigParser
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecommerce.core.errors import ConfigurationError

_IMPORT = threading.Lock()
"""Held while Airflow is imported, so that no other thread sees half of it."""


def connection_extra(conn_id: str) -> dict[str, Any]:
    """Return the extra fields of a connection; raises as `connection`. Airflow reads it, unless a command
    finds it as a JSON object in the environment and no secrets backend has precedence."""
    text = os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}", "").strip()
    may_read = "airflow" not in sys.modules and text.startswith("{")
    if may_read and not (_option("secrets", "backend") or _option("workers", "secrets_backend")):
        try:
            extra = json.loads(text).get("extra") or {}
            return dict(json.loads(extra) if isinstance(extra, str) else extra)
        except ValueError:
            pass  # Airflow takes a connection that it cannot parse for undefined
    return dict(connection(conn_id).extra_dejson)


def connection(conn_id: str) -> Any:
    """Return an `airflow.sdk.Connection`; ConfigurationError where it is not defined."""
    with _IMPORT:
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowNotFoundException
    try:
        return Connection.get(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(f"the connection {conn_id} is not defined") from None


def has_metadata(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether Airflow's metadata database may hold connections and Variables. An SQLite file without
    tables does not: Airflow would create the file when it looks for them."""
    if any(f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_{kind}" in environ for kind in ("CMD", "SECRET")):
        return True
    url = _option("database", "sql_alchemy_conn", environ)
    scheme, _, path = url.partition(":///")
    if url and scheme != "sqlite":
        return True
    file = Path(path) if url else _home(environ) / "airflow.db"
    if not file.exists():
        return False
    # A reader leaves a journal behind where no writer has one open.
    mode = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?{mode}", uri=True)) as database:
            tables = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'connection'")
            return tables.fetchone() is not None
    except sqlite3.Error:
        return True


def _option(section: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return an option from the environment or airflow.cfg; empty where it is not set."""
    variable = f"AIRFLOW__{section.upper()}__{name.upper()}"
    file = Path(environ.get("AIRFLOW_CONFIG") or _home(environ) / "airflow.cfg").expanduser()
    parser = RawConfigParser(strict=False)
    parser.read(file, encoding="utf-8")
    return os.path.expandvars(str(environ.get(variable) or parser.get(section, name, fallback="")))


def _home(environ: Mapping[str, str]) -> Path:
    return Path(os.path.expandvars(environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser()
