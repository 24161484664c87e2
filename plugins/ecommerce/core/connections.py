"""Airflow's connections, and whether its database may hold some, without `import airflow`."""

import os
import threading
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

from ecommerce.core.errors import ConfigurationError

EMPTY_BYTES = 4096
"""The size of an SQLite file without tables."""
_IMPORT = threading.Lock()
"""Held while Airflow is imported, so that no other thread sees half of it."""


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
    """Return whether Airflow's metadata database may hold connections and Variables. An empty SQLite file
    does not: Airflow would create it when it looks for them."""
    variable = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    if f"{variable}_CMD" in environ or f"{variable}_SECRET" in environ:
        return True
    home = Path(os.path.expandvars(environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser()
    parser = RawConfigParser(strict=False)
    parser.read(Path(environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg").expanduser(), encoding="utf-8")
    url = environ.get(variable) or parser.get("database", "sql_alchemy_conn", fallback="")
    scheme, _, path = os.path.expandvars(str(url)).partition(":///")
    if url and scheme != "sqlite":
        return True
    file = Path(path) if url else home / "airflow.db"
    files = (file, file.with_name(f"{file.name}-wal"))
    return any(each.exists() and each.stat().st_size > EMPTY_BYTES for each in files)
