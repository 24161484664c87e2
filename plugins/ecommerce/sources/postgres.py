"""Reading PostgreSQL: one snapshot over two connections, streamed into Parquet, failures in plain words.

A result goes `COPY (query) TO STDOUT` as CSV → pipe → DuckDB → zstd Parquet, without a row becoming a Python
object; memory stays flat. Two connections share one exported snapshot, so two results stream at a time and
still show the same state of the database.

The connection's extra may hold anything libpq takes, for example
`{"sslmode": "require", "connect_timeout": 10, "options": "-c statement_timeout=600000"}`. Where neither it
nor the database limits a statement, `STATEMENT_TIMEOUT` does.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ecommerce.core import errors
from ecommerce.core.error_messages import (
    CLOSED,
    NO_TLS,
    NO_WAY,
    NOT_TRUSTED,
    REFUSED,
    SILENT,
    UNRESOLVED,
    place_of,
)
from ecommerce.core.paths import read_sql
from ecommerce.core.text import mask_e_mails

if TYPE_CHECKING:
    import duckdb
    import psycopg
    from psycopg.pq.abc import PGresult

STATEMENT_TIMEOUT = "30min"
CANCEL_SECONDS = 5.0
"""How long the request to cancel a statement may take."""
_SESSION = (
    # CSV must mean the same whatever the server's and the role's defaults are.
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    # One connection may wait for the other; and parallel plans scan whole tables where an index would do.
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL max_parallel_workers_per_gather = 0",
)
# Quoted text first: what looks like a comment in it is text. psycopg fills in the %(names)s of comments, too,
# and a line break in what it fills in would end the comment.
_QUOTED = r"""'(?:[^']|'')*'|"[^"]*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"""
_QUOTED_OR_COMMENT = re.compile(rf"(?P<quoted>{_QUOTED})|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TYPES = {16: "BOOLEAN", 20: "BIGINT", 21: "INTEGER", 23: "INTEGER", 1184: "TIMESTAMPTZ"}
_NUMERIC, _TIMESTAMP_WITHOUT_ZONE = 1700, 1114
_NO_CONNECTION = (
    (r"resolve host|translate host name|Name or service not known", UNRESOLVED),
    (r"Connection refused|No such file or directory\n\tIs the server", REFUSED),
    (r"timeout expired|timed out", SILENT),
    (r"No route to host|[Uu]nreachable", NO_WAY),
    (r"certificate", NOT_TRUSTED),
    (r"does not support SSL|invalid response to SSL negotiation", NO_TLS),
    (r"closed the connection unexpectedly|Connection reset", CLOSED),
)
"""How libpq says that it reached no server."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its named parameters; messages call it by `name`, its file."""

    name: str
    sql: str
    parameters: Mapping[str, Any]
    before: Sequence[tuple[str, int]] = ()
    """The files with which `sql` begins before that of its name, and how many lines each has."""

    def at(self, text: str, position: str | None) -> str:
        """The file and line of a place, counted from 1, in `text`, the query as PostgreSQL got it; the file
        alone where PostgreSQL names no place."""
        if not position:
            return self.name
        line = text[: int(position) - 1].count("\n") + 1
        for file, lines in self.before:
            if line <= lines:
                return f"{file}, line {line}"
            line -= lines
        return f"{self.name}, line {line}"


class Session:
    """One connection inside a REPEATABLE READ READ ONLY transaction. Not for use by two threads at a time."""

    def __init__(self, conn_id: str, connection: psycopg.Connection[Any]) -> None:
        self.conn_id = conn_id
        self._connection = connection

    def address(self) -> dict[str, str]:
        """The namespace and database of its tables, as OpenLineage names them."""
        server = self._connection.info
        return {"namespace": f"postgres://{server.host}:{server.port}", "database": server.dbname}

    def row(self, query: Query) -> dict[str, Any]:
        """The only row of a query, by column."""
        from psycopg.rows import dict_row

        with self._named(query), self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(self._literal(query)).fetchone()
        if row is None:
            raise errors.ContractError(f"{self.conn_id}: {query.name} gives no row")
        return row

    def columns(self, query: Query) -> dict[str, str]:
        """The result's columns and the DuckDB type that holds each exactly; nothing is read.

        Raises:
            ContractError: a column is a timestamp without time zone, which names no instant.
        """
        with self._named(query, "SELECT * FROM ("), self._connection.cursor() as cursor:
            cursor.execute(b"SELECT * FROM (" + self._literal(query) + b"\n) AS result LIMIT 0")
            columns = cursor.description or []
        for column in columns:
            if column.type_code == _TIMESTAMP_WITHOUT_ZONE:
                raise errors.ContractError(
                    f"{self.conn_id}: {query.name} gives {column.name} without time zone: say which it "
                    f"is in, as in {column.name} AT TIME ZONE 'UTC' AS {column.name}"
                )
        return {column.name: _duckdb_type(column) for column in columns}

    def copy_csv(self, query: Query, sink: int) -> None:
        """Write the result as CSV into the file descriptor `sink`, and close that in any case."""
        from psycopg.pq import ExecStatus

        # libpq's own calls: psycopg's cursor does the same with twice the time per row.
        connection = self._connection.pgconn
        with open(sink, "wb", buffering=1 << 18) as stream, self._named(query):
            # A database without encoding holds any bytes: sent as they are, only rows at fault are rejected.
            unchecked = connection.parameter_status(b"server_encoding") == b"SQL_ASCII"
            text = self._literal(query), b"SQL_ASCII" if unchecked else b"UTF8"
            begun = connection.exec_(b"COPY (%s\n) TO STDOUT (FORMAT csv, ENCODING '%s')" % text)
            if begun.status != ExecStatus.COPY_OUT:
                text_sent = f"COPY ({text[0].decode()}"
                _fail(self.conn_id, query.at(text_sent, _position(begun)), *_reason(begun))
            with selectors.DefaultSelector() as selector:
                selector.register(connection.socket, selectors.EVENT_READ)
                while True:
                    size, row = connection.get_copy_data(1)
                    if size > 0:
                        stream.write(row)
                    elif size == 0:
                        selector.select()
                        connection.consume_input()
                    else:
                        break
            while ended := connection.get_result():
                if ended.status == ExecStatus.FATAL_ERROR:
                    _fail(self.conn_id, query.name, *_reason(ended))

    def cancel(self) -> None:
        """Stop what another thread is running here; that thread meets a TransientError, also where the server
        no longer answers: it would wait for ever."""
        import psycopg

        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CANCEL_SECONDS)
        with (
            suppress(psycopg.Error, OSError),  # it is lost already
            socket.socket(fileno=os.dup(self._connection.fileno())) as connected,
        ):
            connected.shutdown(socket.SHUT_RDWR)

    def _literal(self, query: Query) -> bytes:
        from psycopg import ClientCursor

        sql = _QUOTED_OR_COMMENT.sub(_without_comment, query.sql)
        sql = sql.rstrip().removesuffix(";")  # it becomes part of another statement
        return ClientCursor(self._connection).mogrify(sql, query.parameters).encode()

    @contextmanager
    def _named(self, query: Query, prefix: str = "") -> Iterator[None]:
        """Name the file, and the line where PostgreSQL does; `prefix` is what is sent before the query."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            position = error.diag.statement_position
            place = query.at(prefix + self._literal(query).decode(), position) if position else query.name
            _fail(self.conn_id, place, error.sqlstate, error.diag.message_primary or str(error))


@contextmanager
def snapshot(conn_id: str) -> Iterator[tuple[Session, Session, datetime]]:
    """Two sessions that see the same state of the database, and the instant of that state by its own clock.

    Raises:
        TransientError: the server does not answer, is starting, or has no connection left.
        CredentialsError: it refuses user, password or address.
        ContractError: the database does not exist.
    """
    setup = Query("the snapshot", "SELECT now() AS read_at, pg_export_snapshot() AS id", {})
    with _connect(conn_id) as first, _connect(conn_id) as second:
        exporting, importing = Session(conn_id, first), Session(conn_id, second)
        with exporting._named(setup):
            _prepare(first)
        state = exporting.row(setup)
        with importing._named(setup):
            # Allowed only as the first thing that a transaction does.
            second.execute(f"SET TRANSACTION SNAPSHOT '{state['id']}'")
            _prepare(second)
        yield exporting, importing, state["read_at"]


@dataclass(frozen=True, slots=True)
class Copied:
    """What `copy_to_parquet` wrote: column names in order, and the number of rows (without rejects)."""

    columns: list[str]
    rows: int


def copy_to_parquet(
    session: Session,
    query: Query,
    target: Path,
    duck: duckdb.DuckDBPyConnection,
    texts: Collection[str] = (),
) -> Copied:
    """Stream a query's result into the Parquet file `target`; the columns `texts` are VARCHAR in any case.
    Rows with a value that is not of its column's declared type go into the table `rejects` of `duck`.

    Raises:
        StagingError: the file cannot be written.
        PipelineError: as `Session.columns`, and whatever ends a running query.
    """
    import duckdb

    declared = session.columns(query)
    columns = {name: "VARCHAR" if name in texts else kind for name, kind in declared.items()}
    read_end, write_end = os.pipe()
    rows, failure = 0, None
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as pump:
        sent = pump.submit(session.copy_csv, query, write_end)
        try:
            parameters = {"pipe": f"/dev/fd/{read_end}", "columns": columns, "target": str(target)}
            rows = duck.execute(read_sql("extract/csv_to_parquet.sql"), parameters).fetchall()[0][0]
        except duckdb.Error as error:
            failure = error
        finally:
            os.close(read_end)  # if DuckDB gave up, writing into the pipe now fails, and the copy ends
        with suppress(BrokenPipeError):
            sent.result()
    if failure:
        raise errors.StagingError(f"{target.name} could not be written: {failure}") from failure
    instants = [name for name, kind in columns.items() if kind == "TIMESTAMPTZ"]
    duck.execute(read_sql("extract/keep_rejects.sql"), {"file": target.stem, "instants": instants})
    duck.execute("TRUNCATE reject_errors")
    return Copied(list(columns), rows)


@contextmanager
def _connect(conn_id: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection about to begin its transaction; whatever state it ends in, it is closed."""
    import psycopg
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    hook = PostgresHook(conn_id)
    try:
        connection = hook.get_conn()
    except AirflowNotFoundException:
        raise errors.ConfigurationError(f"the connection {conn_id} is not defined") from None
    except psycopg.OperationalError as error:
        asked = hook.get_connection(conn_id)
        _refused(conn_id, place_of(asked.host, asked.port or 5432), mask_e_mails(str(error)))
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with closing(connection):
        yield connection


def _prepare(connection: psycopg.Connection[Any]) -> None:
    for statement in _SESSION:
        connection.execute(statement)
    if connection.execute("SHOW statement_timeout").fetchone() == ("0",):
        connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")


def _refused(conn_id: str, place: str, text: str) -> NoReturn:
    """A connection that did not come about has no SQLSTATE, only the words of libpq, or after `FATAL:` those
    of the server (English, or unknown)."""
    _, answered, after = text.rpartition("FATAL:")
    reason = after.strip().splitlines()[0]
    if not answered:
        words = next((words for pattern, words in _NO_CONNECTION if re.search(pattern, text)), "{detail}")
        detail = reason.rpartition(" failed: ")[2]
        said = words.format(place=place, host=place.rpartition(":")[0], detail=detail)
        if words in (NOT_TRUSTED, NO_TLS):
            raise errors.ContractError(
                f"{conn_id}: {said}: check sslmode and sslrootcert in the connection's extra"
            ) from None
        raise errors.TransientError(f"{conn_id}: {said}") from None
    if re.search(r"password|authentication|pg_hba\.conf|role .* does not exist|certificate", reason):
        raise errors.CredentialsError(
            f"{conn_id}: the server refuses the login ({reason}): check login and password of the connection"
        ) from None
    if re.search(r"permission denied for database", reason):
        raise errors.CredentialsError(
            f"{conn_id}: {reason}: grant CONNECT on it to the connection's role (deploy/postgres_reader.sql)"
        ) from None
    if re.search(r"database .* does not exist", reason):
        raise errors.ContractError(f"{conn_id}: {reason}: check the schema field of the connection") from None
    raise errors.TransientError(f"{conn_id}: {place} takes no connection now ({reason})") from None


def _fail(conn_id: str, name: str, state: str | None, message: str) -> NoReturn:
    """Raise what a failed query means, by SQLSTATE; no state means that the connection was lost."""
    reason = mask_e_mails(" ".join(message.split()))
    error: errors.PipelineError
    if state is None or state[:2] in ("08", "40", "53", "55", "57", "58") or state == "25P04":
        error = errors.TransientError(f"{conn_id}: {name} did not finish: {reason}")
        if state == "57014" and "timeout" in reason:
            error = errors.TransientError(
                f"{conn_id}: {name} took longer than statement_timeout allows: add the indexes that "
                "make check names, or raise statement_timeout in the connection's extra"
            )
    elif state == "42501" or state[:2] == "28":
        error = errors.CredentialsError(f"{conn_id}: {name}: {reason}: grant SELECT to the connection's role")
    elif state[:2] == "22":
        error = errors.ContractError(
            f"{conn_id}: {name}: {reason}: mend that row, or let the query leave it out"
        )
    else:
        error = errors.ContractError(
            f"{conn_id}: {name}: {reason}: adapt include/sql/extract/{conn_id} to the schema of the source"
        )
    raise error from None


def _reason(result: PGresult) -> tuple[str | None, str]:
    from psycopg.pq import DiagnosticField

    state = result.error_field(DiagnosticField.SQLSTATE)
    message = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    return state.decode() if state else None, message.decode("utf-8", "replace")


def _without_comment(found: re.Match[str]) -> str:
    return found["quoted"] or " " + "\n" * found[0].count("\n")  # lines keep their numbers


def _position(result: PGresult) -> str | None:
    from psycopg.pq import DiagnosticField

    position = result.error_field(DiagnosticField.STATEMENT_POSITION)
    return position.decode() if position else None


def _duckdb_type(column: psycopg.Column) -> str:
    """Text where a number could be rounded."""
    if column.type_code == _NUMERIC:
        precision, scale = column.precision or 0, column.scale or 0  # neither: numeric without limits
        return "DECIMAL(18,4)" if precision and 0 <= scale <= 4 and precision - scale <= 14 else "VARCHAR"
    return _TYPES.get(column.type_code, "VARCHAR")
