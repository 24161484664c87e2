"""Airflow's connections and Variables. A task reads them through Airflow. A command reads those in its
environment itself, because `import airflow` takes seconds, and imports Airflow only for what is elsewhere.

Airflow looks into a secrets backend where one is configured, then into the environment (`AIRFLOW_CONN_…`, a
JSON object or a URI, and `AIRFLOW_VAR_…`), then into its database. So a command may read the environment
itself where no backend is configured, and may leave out a database on SQLite that has no such entry.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from ecommerce.core.errors import ConfigurationError

_AIRFLOW = threading.Lock()
"""Held while Airflow is imported, so that no other thread sees half of it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of Airflow's; `extra` is decoded."""

    conn_type: str | None = None
    host: str | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False)


class NotDefinedError(ConfigurationError):
    """There is no connection of this name, or none that can be read."""


class _AskAirflowError(Exception):
    """Only Airflow knows."""


def connection(conn_id: str) -> Connection:
    """Return the connection `conn_id`.

    Raises:
        NotDefinedError: it is in none of the places where Airflow looks, or Airflow cannot read it.
    """
    if "airflow" not in sys.modules:
        try:
            if text := _in_environment(f"AIRFLOW_CONN_{conn_id.upper()}"):
                return parse_connection(text)
            found = _may_be_in_database("connection", "conn_id", conn_id)
        except (_AskAirflowError, ValueError, TypeError, AttributeError):
            found = True  # Airflow takes what it cannot read for not there, and looks elsewhere
        if not found:
            raise NotDefinedError(f"the connection {conn_id} is not defined")
    with _AIRFLOW:
        from airflow.sdk import Connection as AirflowConnection
        from airflow.sdk.exceptions import AirflowNotFoundException
    try:
        known = AirflowConnection.get(conn_id)
    except AirflowNotFoundException:
        raise NotDefinedError(f"the connection {conn_id} is not defined") from None
    return Connection(
        known.conn_type,
        known.host,
        known.schema,
        known.login,
        known.password,
        known.port,
        known.extra_dejson,
    )


def variable(key: str, default: str = "") -> str:
    """Return the text of the Variable `key`, or `default` where there is none."""
    if "airflow" not in sys.modules:
        try:
            text = _in_environment(f"AIRFLOW_VAR_{key.upper()}")
            if text is not None:
                return text
            if not _may_be_in_database("variable", "key", key):
                return default
        except _AskAirflowError:
            pass
    with _AIRFLOW:
        from airflow.sdk import Variable
    found = Variable.get(key, default=default)
    return default if found is None else str(found)


def option(section: str, name: str) -> str:
    """Return an option of Airflow's configuration; empty where it is not set."""
    if "airflow" not in sys.modules:
        try:
            return _option(section, name)
        except _AskAirflowError:
            pass
    with _AIRFLOW:
        from airflow.sdk.configuration import conf
    return str(conf.get(section, name, fallback="") or "")


def parse_connection(text: str) -> Connection:
    """Read a connection as the environment gives it: a JSON object, or a URI. The result is Airflow's own.

    Raises:
        ValueError, TypeError, AttributeError: it is neither.
    """
    text = text.strip()
    return _from_json(text) if text.startswith("{") else _from_uri(text)


def _from_json(text: str) -> Connection:
    fields = json.loads(text)
    extra = fields.pop("extra", None)
    port = fields.pop("port", None)
    conn_type = fields.pop("conn_type", None)
    fields.pop("description", None)
    return Connection(
        conn_type=_conn_type(conn_type) if conn_type else None,
        port=int(port) if port else None,
        extra=_extra(extra if isinstance(extra, str) else json.dumps(extra)) if extra else {},
        **fields,
    )


def _from_uri(uri: str) -> Connection:
    schemes = uri.count("://")
    if schemes > 2:
        raise ValueError("it has :// more than twice")
    scheme = urlsplit(uri).scheme
    rest = uri.replace(f"{scheme}://", "" if schemes == 2 else "//")
    if schemes == 2 and {"@", ":"} & set(rest.split("://", 1)[0]):
        raise ValueError("it has a login before the host's own scheme")
    parts = urlsplit(rest)
    host = _host(parts)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Connection(
        conn_type=_conn_type(scheme),
        host=f"{parts.scheme}://{host}" if host and schemes == 2 and parts.scheme else host,
        schema=unquote(parts.path[1:]),
        login=unquote(parts.username) if parts.username else parts.username,
        password=unquote(parts.password) if parts.password else parts.password,
        port=parts.port,
        extra=_extra(query["__extra__"]) if "__extra__" in query else query,
    )


def _host(parts: SplitResult) -> str:
    host = unquote(parts.hostname or "")
    if "/" not in host:
        return host
    # A socket's folder; `hostname` would make its letters small.
    return unquote(parts.netloc.rpartition("@")[2].partition(":")[0])


def _conn_type(name: str) -> str:
    return "postgres" if name == "postgresql" else name.replace("-", "_")


def _extra(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except json.JSONDecodeError:
        return {}


def _in_environment(name: str) -> str | None:
    """Return the variable where Airflow would look into the environment first."""
    if _option("secrets", "backend") or _option("workers", "secrets_backend"):
        raise _AskAirflowError
    return os.environ.get(name)


def _may_be_in_database(table: str, column: str, key: str) -> bool:
    """Whether Airflow's database has, or may have, such an entry."""
    file = metadata_file()
    if file is None:
        return True
    if not is_migrated(file):
        return False
    try:
        with _reading(file) as database:
            entry = database.execute(f'SELECT 1 FROM "{table}" WHERE "{column}" = ?', (key,))  # noqa: S608
            return entry.fetchone() is not None
    except sqlite3.Error:
        return True


def metadata_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file of Airflow's metadata database; None where it is another database than SQLite, or only
    Airflow knows which."""
    try:
        url = _option("database", "sql_alchemy_conn", environ)
    except _AskAirflowError:
        return None
    scheme, _, path = url.partition(":///")
    if url and scheme != "sqlite":
        return None
    return Path(path) if url else _home(environ) / "airflow.db"


def is_migrated(file: Path) -> bool:
    """Return whether a metadata database may hold connections and Variables. One that does not exist, or that
    a command has opened before anybody migrated it, has no table for them."""
    if not file.exists():
        return False
    try:
        with _reading(file) as database:
            tables = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'connection'")
            return tables.fetchone() is not None
    except sqlite3.Error:
        return True


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    # A reader leaves a journal behind where no writer has one open.
    mode = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"file:{quote(str(file))}?{mode}", uri=True)) as database:
        yield database


def _option(section: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """As `option`, without Airflow; it asks Airflow for what a command or a secrets backend gives."""
    variable = f"AIRFLOW__{section.upper()}__{name.upper()}"
    if variable in environ:
        return os.path.expandvars(environ[variable])
    file = Path(environ.get("AIRFLOW_CONFIG") or _home(environ) / "airflow.cfg").expanduser()
    own = _configuration(file, file.stat().st_mtime_ns).get(section, {}) if file.exists() else {}
    if any(
        f"{variable}_{kind.upper()}" in environ or own.get(f"{name}_{kind}") for kind in ("cmd", "secret")
    ):
        raise _AskAirflowError
    return os.path.expandvars(own.get(name, ""))


@lru_cache(maxsize=1)
def _configuration(file: Path, _written: int) -> dict[str, dict[str, str]]:
    parser = RawConfigParser(strict=False)
    parser.read_string(file.read_text(encoding="utf-8"))
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _home(environ: Mapping[str, str]) -> Path:
    return Path(os.path.expandvars(environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser()
