"""Reading PostgreSQL: one snapshot over two connections, streamed into Parquet.

A result goes `COPY (query) TO STDOUT` as CSV → pipe → DuckDB → zstd Parquet, without a row becoming a Python
object; memory stays flat. Two connections share one exported snapshot, so two results stream at a time and
still show the same state of the database.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core import errors
from ecommerce.core.connections import connection
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.paths import read_sql
from ecommerce.sources.http import is_public

if TYPE_CHECKING:
    import duckdb
    import psycopg

STATEMENT_TIMEOUT = "30min"
"""Where neither the connection's extra nor the database limits a statement."""
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
_ENCRYPTED = ("require", "verify-ca", "verify-full")
"""Values of sslmode with which libpq never falls back to a connection without TLS."""
_REFUSED = r"password|authentication|pg_hba\.conf|role .* does not exist|permission denied|client certificate"
_UNUSABLE = r"database .* does not exist|certificate|does not support SSL|invalid response to SSL negotiation"
_QUERY_ERRORS: tuple[tuple[str, type[errors.PipelineError], str], ...] = (
    (
        r"57014",
        errors.TransientError,
        ": add the indexes that make check names, or raise statement_timeout in the connection's extra",
    ),
    (r"None|08|40|53|55|57|58|25P04", errors.TransientError, ""),
    (r"42501|28", errors.CredentialsError, ": grant SELECT to the connection's role"),
    (r"22", errors.ContractError, ": fix that row, or exclude it in the query"),
    (
        r"42804|42883",
        errors.ContractError,
        ": cast the column in include/sql/extract/{conn_id}/schema.sql, known_orders to the type of order_id",
    ),
    (
        r"",
        errors.ContractError,
        ": adapt include/sql/extract/{conn_id}/schema.sql to the schema of the source",
    ),
)
"""The kind of a failed query's error by its SQLSTATE, and what helps."""
_TYPES = {
    16: "BOOLEAN",
    20: "BIGINT",
    21: "INTEGER",
    23: "INTEGER",
    1184: "TIMESTAMPTZ",
}
_NUMERIC, _TIMESTAMP_WITHOUT_ZONE = 1700, 1114


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its named parameters; messages call it by `name`, its file."""

    name: str
    sql: str
    parameters: Mapping[str, Any]


class Session:
    """One connection inside a REPEATABLE READ READ ONLY transaction. Not for use by two threads at a time."""

    def __init__(self, conn_id: str, connection: psycopg.Connection[Any]) -> None:
        self.conn_id = conn_id
        self._connection = connection

    def address(self) -> dict[str, str]:
        """The namespace and database of its tables, as OpenLineage names them."""
        server = self._connection.info
        return {
            "namespace": f"postgres://{server.host}:{server.port}",
            "database": server.dbname,
        }

    def may_be_unencrypted(self) -> bool:
        """Return whether the server is on the internet and nothing makes its connections use TLS."""
        server = self._connection.info
        return (
            is_public(server.host)
            and server.get_parameters().get("sslmode") not in _ENCRYPTED
        )

    def row(self, query: Query) -> dict[str, Any]:
        """Return the only row of a query, by column."""
        from psycopg.rows import dict_row

        with (
            self._named(query),
            self._connection.cursor(row_factory=dict_row) as cursor,
        ):
            row = cursor.execute(self._literal(query)).fetchone()
        if row is None:
            raise errors.ContractError(f"{self.conn_id}: {query.name} gives no row")
        return row

    def columns(self, query: Query) -> dict[str, str]:
        """Return the result's columns, each with the DuckDB type that holds it exactly, without reading rows;
        ContractError where a column is a timestamp without time zone, which names no instant."""
        with self._named(query), self._connection.cursor() as cursor:
            cursor.execute(
                b"SELECT * FROM (" + self._literal(query) + b"\n) AS result LIMIT 0"
            )
            columns = cursor.description or []
        for column in columns:
            if column.type_code == _TIMESTAMP_WITHOUT_ZONE:
                raise errors.ContractError(
                    f"{self.conn_id}: {query.name} gives {column.name} without time zone: add it in "
                    f"include/sql/extract/{self.conn_id}/schema.sql, as in "
                    f"{column.name} AT TIME ZONE 'UTC' AS {column.name}"
                )
        return {column.name: _duckdb_type(column) for column in columns}

    def copy_csv(self, query: Query, sink: int) -> None:
        """Write the result as CSV into the file descriptor `sink`, and close that in any case."""
        from psycopg.errors import error_from_result
        from psycopg.pq import ExecStatus

        # libpq's own calls: psycopg's cursor does the same with twice the time per row.
        connection = self._connection.pgconn
        with open(sink, "wb", buffering=1 << 18) as stream, self._named(query):
            # A database without encoding holds any bytes: sent unchecked, only invalid rows are rejected.
            unchecked = connection.parameter_status(b"server_encoding") == b"SQL_ASCII"
            text = self._literal(query), b"SQL_ASCII" if unchecked else b"UTF8"
            begun = connection.exec_(
                b"COPY (%s\n) TO STDOUT (FORMAT csv, ENCODING '%s')" % text
            )
            if begun.status != ExecStatus.COPY_OUT:
                raise error_from_result(begun)
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
                    raise error_from_result(ended)

    def cancel(self) -> None:
        """Stop the query of another thread, which raises a TransientError, even if the server is down."""
        import psycopg

        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CANCEL_SECONDS)
        with (
            suppress(psycopg.Error, OSError),  # it is lost already
            socket.socket(fileno=os.dup(self._connection.fileno())) as connected,
        ):
            connected.shutdown(socket.SHUT_RDWR)

    def _literal(self, query: Query) -> bytes:
        from psycopg import ClientCursor, ProgrammingError

        sql = query.sql.rstrip().removesuffix(
            ";"
        )  # it becomes part of another statement
        try:
            return (
                ClientCursor(self._connection).mogrify(sql, query.parameters).encode()
            )
        except ProgrammingError as error:
            raise errors.ContractError(
                f"{self.conn_id}: {query.name}: {error}: write a literal percent sign as %%, also in comments"
            ) from None

    @contextmanager
    def _named(self, query: Query) -> Iterator[None]:
        """Turn errors into ours, with the query's file."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            state = str(error.diag.sqlstate or error.sqlstate)
            kind, advice = next(
                (kind, text)
                for start, kind, text in _QUERY_ERRORS
                if re.match(start, state)
            )
            advice = advice.format(conn_id=self.conn_id)
            raise kind(
                f"{self.conn_id}: {query.name}: {_text_of(error)}{advice}"
            ) from None


@contextmanager
def snapshot(conn_id: str) -> Iterator[tuple[Session, Session, datetime]]:
    """Provide two sessions that see the same state of the database, and its instant by the database's clock.
    ConfigurationError where the connection is not defined; others as `_connect`."""
    setup = Query(
        "the snapshot", "SELECT now() AS read_at, pg_export_snapshot() AS id", {}
    )
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


def copy_to_parquet(
    session: Session,
    query: Query,
    target: Path,
    duck: duckdb.DuckDBPyConnection,
    texts: Collection[str] = (),
) -> tuple[list[str], int]:
    """Stream a query's result into a Parquet file; return its columns and the number of its rows. Rows with a
    value that does not have its column's declared type go into the table `rejects` of `duck`. `texts` are
    VARCHAR whatever the database declares."""
    import duckdb

    declared = session.columns(query)
    columns = {
        name: "VARCHAR" if name in texts else kind for name, kind in declared.items()
    }
    read_end, write_end = os.pipe()
    rows, failure = 0, None
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as pump:
        sent = pump.submit(session.copy_csv, query, write_end)
        try:
            parameters = {
                "pipe": f"/dev/fd/{read_end}",
                "columns": columns,
                "target": str(target),
            }
            [(rows,)] = duck.execute(
                read_sql("extract/csv_to_parquet.sql"), parameters
            ).fetchall()
        except duckdb.Error as error:
            failure = error
        finally:
            os.close(
                read_end
            )  # if DuckDB gave up, writing into the pipe now fails, and the copy ends
        with suppress(BrokenPipeError):
            sent.result()
    if failure:
        raise errors.StagingError(
            f"{target.name} could not be written: {failure}"
        ) from failure
    instants = [name for name, kind in columns.items() if kind == "TIMESTAMPTZ"]
    duck.execute(
        read_sql("extract/keep_rejects.sql"),
        {"file": target.stem, "instants": instants},
    )
    duck.execute("TRUNCATE reject_errors")
    return list(columns), rows


@contextmanager
def _connect(conn_id: str) -> Iterator[psycopg.Connection[Any]]:
    """Provide a connection that has not begun its transaction; CredentialsError where the server refuses the
    login, ContractError for another database or TLS, else TransientError."""
    import psycopg
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    connection(conn_id)
    try:
        connected = PostgresHook(conn_id).get_conn()
    except psycopg.OperationalError as error:
        text = f"{conn_id}: {_text_of(error)}"
        if re.search(_REFUSED, text):
            raise errors.CredentialsError(
                f"{text}: check login and password of the connection"
            ) from None
        if re.search(_UNUSABLE, text):
            advice = "check schema, sslmode and sslrootcert of the connection"
            raise errors.ContractError(f"{text}: {advice}") from None
        raise errors.TransientError(text) from None
    connected.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connected.read_only = True
    with closing(connected):
        yield connected


def _prepare(connection: psycopg.Connection[Any]) -> None:
    for statement in _SESSION:
        connection.execute(statement)
    if connection.execute("SHOW statement_timeout").fetchone() == ("0",):
        connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")


def _text_of(error: Exception) -> str:
    return mask_e_mails(" ".join(str(error).split())).removesuffix("^").strip()


def _duckdb_type(column: psycopg.Column) -> str:
    """Text where a number could be rounded."""
    if column.type_code == _NUMERIC:
        precision, scale = (
            column.precision or 0,
            column.scale or 0,
        )  # neither: numeric without limits
        return (
            "DECIMAL(18,4)"
            if precision and 0 <= scale <= 4 and precision - scale <= 14
            else "VARCHAR"
        )
    return _TYPES.get(column.type_code, "VARCHAR")
