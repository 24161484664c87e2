"""Reading PostgreSQL: one snapshot over two connections, streamed into Parquet.

A result goes `COPY (query) TO STDOUT` as CSV → pipe → DuckDB → zstd Parquet, without a row becoming a Python
object; memory stays flat. Two connections share one exported snapshot, so two results stream at a time and
show the same state of the database.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.connections import connection
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import (
    ContractError,
    CredentialsError,
    StagingError,
    TransientError,
)
from ecommerce.core.values import Values
from ecommerce.sources.http import is_public
from ecommerce.storage.duckdb import run_sql_file

if TYPE_CHECKING:
    import psycopg
    from duckdb import DuckDBPyConnection

SCHEMA = "include/sql/extract/sales_db/schema.sql"
"""Adapts the queries to the tables of a database."""
STATEMENT_TIMEOUT = "30min"
"""Where neither the connection's extra nor the database limits a statement."""
_SESSION = f"""
-- CSV must mean the same whatever the server's and the role's defaults are.
SET LOCAL client_encoding = 'UTF8';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
-- One session may wait for the other; and parallel plans scan whole tables where an index would do.
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT set_config('statement_timeout', '{STATEMENT_TIMEOUT}', true)
WHERE current_setting('statement_timeout') = '0'
"""
_ENCRYPTED = ("require", "verify-ca", "verify-full")
"""Values of sslmode with which libpq never falls back to a connection without TLS."""
_REFUSED = (
    r"password|authentication|pg_hba\.conf|does not exist|permission denied|certificate|does not support SSL"
    r"|invalid response to SSL negotiation"
)
"""What the driver's text has if the server is up, and another attempt would be refused too."""
_LOST_CONNECTION = "08006"
_DATA_EXCEPTION = "22"
_QUERY_ERRORS = (
    # Query canceled.
    (
        ("57014",),
        TransientError,
        ": add the indexes that make check names, or raise statement_timeout in the connection's extra",
    ),
    # Lost connection, conflict, resources, lock, shutdown, disk, idle timeout.
    (("08", "40", "53", "55", "57", "58", "25P04"), TransientError, ""),
    # Insufficient privilege, invalid authorization.
    (
        ("42501", "28"),
        CredentialsError,
        ": grant SELECT to the connection's role",
    ),
    (
        (_DATA_EXCEPTION,),
        ContractError,
        ": fix that row, or exclude it in the query",
    ),
    # Other types, an operator that they do not have.
    (
        ("42804", "42883"),
        ContractError,
        f": cast the column in {SCHEMA}, known_orders to the type of order_id",
    ),
    # Any other.
    (
        ("",),
        ContractError,
        f": adapt {SCHEMA} to the schema of the source",
    ),
)
"""The kind of a failed query's error by the beginnings of its SQLSTATE, and what helps."""
CANCEL_SECONDS = 5.0
"""How long the request to cancel a statement may take."""
_DUCKDB_TYPES = {
    16: "BOOLEAN",
    20: "BIGINT",
    21: "INTEGER",
    23: "INTEGER",
    1184: "TIMESTAMPTZ",
}
"""DuckDB types by PostgreSQL's type OID."""
_NUMERIC_OID = 1700
_TIMESTAMP_OID = 1114


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its named parameters; messages have `name`, its file in include/sql/extract/sales_db."""

    name: str
    sql: str
    parameters: Values


_SNAPSHOT = Query(
    "the snapshot", "SELECT now() AS read_at, pg_export_snapshot() AS id", {}
)


@dataclass(frozen=True)
class Session:
    """A connection inside a REPEATABLE READ READ ONLY transaction: all queries see the same state."""

    conn_id: str
    driver: psycopg.Connection[Any]

    def address(self) -> dict[str, str]:
        """Return the namespace and database of its tables, as OpenLineage names them."""
        server = self.driver.info
        return {
            "namespace": f"postgres://{server.host}:{server.port}",
            "database": server.dbname,
        }

    def may_be_unencrypted(self) -> bool:
        """Return whether the server is on the internet and nothing makes its connections use TLS."""
        server = self.driver.info
        sslmode = server.get_parameters().get("sslmode")
        return is_public(server.host) and sslmode not in _ENCRYPTED

    def begin(self, snapshot_id: str = "") -> None:
        """Begin the transaction, with the exported snapshot `snapshot_id` where one is given."""
        with self._query_errors(_SNAPSHOT):
            if snapshot_id:  # allowed only as the first statement of a transaction
                self.driver.execute(f"SET TRANSACTION SNAPSHOT '{snapshot_id}'")
            self.driver.execute(_SESSION)

    def cancel(self) -> None:
        """Cancel the query of another thread, also where the server is down: it raises a
        TransientError."""
        import psycopg

        with suppress(psycopg.Error):
            self.driver.cancel_safe(timeout=CANCEL_SECONDS)
        # OSError: the connection is lost already.
        with (
            suppress(psycopg.Error, OSError),
            socket.socket(fileno=os.dup(self.driver.fileno())) as connected,
        ):
            connected.shutdown(socket.SHUT_RDWR)

    def row(self, query: Query) -> Values:
        """Return the only row of a query, by column."""
        with self._query_errors(query):
            [row] = self.driver.execute(self._literal(query)).fetchall()
        return row

    def columns(self, query: Query) -> dict[str, str]:
        """Return the result's columns, each with the DuckDB type that holds it exactly, without reading rows.

        ContractError where a column is a timestamp without time zone, which names no instant. The transaction
        outlives an error.
        """
        with (
            self._query_errors(query),
            self.driver.transaction(),
            self.driver.cursor() as cursor,
        ):
            cursor.execute(
                b"SELECT * FROM (" + self._literal(query) + b"\n) AS result LIMIT 0"
            )
            columns = cursor.description or []
        for column in columns:
            if column.type_code == _TIMESTAMP_OID:
                raise ContractError(
                    f"{self.conn_id}: {query.name} gives {column.name} without time zone: add it in "
                    f"{SCHEMA}, as in {column.name} AT TIME ZONE 'UTC' AS {column.name}"
                )
        return {column.name: _duckdb_type(column) for column in columns}

    def copy_csv(self, query: Query, sink: int) -> None:
        """Write the result as CSV into the file descriptor `sink`, and close that in any case."""
        # A database without encoding holds any bytes: sent unchecked, only invalid rows are rejected.
        encoding = b"UTF8"
        if self.driver.info.parameter_status("server_encoding") == "SQL_ASCII":
            encoding = b"SQL_ASCII"
        statement = b"COPY (%s\n) TO STDOUT (FORMAT csv, ENCODING '%s')"
        with (
            open(sink, "wb", buffering=1 << 18) as stream,
            self._query_errors(query),
            self.driver.cursor() as cursor,
            cursor.copy(statement % (self._literal(query), encoding)) as rows,
        ):
            for row in rows:
                stream.write(row)

    def _literal(self, query: Query) -> bytes:
        """Return the statement with its parameters filled in, without semicolon, as a part of another."""
        from psycopg import ClientCursor

        sql = query.sql.rstrip().removesuffix(";")
        return ClientCursor(self.driver).mogrify(sql, query.parameters).encode()

    @contextmanager
    def _query_errors(self, query: Query) -> Iterator[None]:
        """Turn errors of psycopg into errors of this package, with the query's file."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            state = error.sqlstate or ""
            if not state and isinstance(error, psycopg.OperationalError):
                state = _LOST_CONNECTION
            text = f"{self.conn_id}: {query.name}: {_text_of(error)}"
            if state.startswith(_DATA_EXCEPTION):
                # The value may be personal data.
                text = text.partition(': "')[0]
            for states, kind, advice in _QUERY_ERRORS:
                if state.startswith(states):
                    raise kind(text + advice) from None


@contextmanager
def snapshot(conn_id: str) -> Iterator[tuple[Session, Session, datetime]]:
    """Provide two sessions that see the same state of the database, and its instant by the database's clock.

    ConfigurationError where the connection is not defined, CredentialsError where the server refuses the
    login, the database or TLS, else TransientError.
    """
    with closing(_connect(conn_id)) as first, closing(_connect(conn_id)) as second:
        exporting = Session(conn_id, first)
        importing = Session(conn_id, second)
        exporting.begin()
        state = exporting.row(_SNAPSHOT)
        importing.begin(state["id"])
        yield exporting, importing, state["read_at"]


def _connect(conn_id: str) -> psycopg.Connection[Any]:
    import psycopg
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from psycopg.rows import dict_row

    connection(conn_id)
    try:
        connected = PostgresHook(conn_id).get_conn()
    except psycopg.OperationalError as error:
        text = f"{conn_id}: {_text_of(error)}"
        if re.search(_REFUSED, text):
            raise CredentialsError(
                f"{text}: check login, password, schema, sslmode and sslrootcert of the connection"
            ) from None
        raise TransientError(text) from None
    connected.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connected.read_only = True
    connected.row_factory = dict_row
    return connected


def copy_to_parquet(
    session: Session,
    query: Query,
    types: Mapping[str, str],
    target: Path,
    duck: DuckDBPyConnection,
) -> None:
    """Stream a query's result into a Parquet file with the DuckDB types of its columns.

    Rows with a value that does not have its column's type go into the table `rejects` of `duck`.
    """
    import duckdb

    read_end, write_end = os.pipe()
    parameters = {
        "pipe": f"/dev/fd/{read_end}",
        "columns": dict(types),
        "target": str(target),
    }
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as pump:
        copied = pump.submit(session.copy_csv, query, write_end)
        try:
            run_sql_file(duck, "extract/csv_to_parquet", parameters)
        except duckdb.Error as error:
            raise StagingError(
                f"{target.name} could not be written: {error}"
            ) from error
        finally:
            # Where DuckDB has failed, writing into the pipe fails now, and the copy ends.
            os.close(read_end)
        copied.result()
    instants = [name for name, kind in types.items() if kind == "TIMESTAMPTZ"]
    run_sql_file(
        duck, "extract/keep_rejects", {"file": target.stem, "instants": instants}
    )
    # DuckDB's own table of the values that it could not read.
    duck.execute("TRUNCATE reject_errors")


def _text_of(error: Exception) -> str:
    """Return the driver's message in one line, without the caret under the SQL."""
    return mask_e_mails(" ".join(str(error).split())).removesuffix("^").strip()


def _duckdb_type(column: psycopg.Column) -> str:
    """Return the type for a column: text where a number could be rounded."""
    if column.type_code != _NUMERIC_OID:
        return _DUCKDB_TYPES.get(column.type_code, "VARCHAR")
    # A numeric without limits has neither.
    precision = column.precision or 0
    scale = column.scale or 0
    if precision and 0 <= scale <= 4 and precision - scale <= 14:
        return "DECIMAL(18,4)"
    return "VARCHAR"
