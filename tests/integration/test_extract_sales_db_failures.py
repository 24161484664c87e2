"""When the sales database fails: which kind of error it is, and the one sentence a person reads."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.exceptions import AirflowTaskTimeout

from demo.services.ports import free_port
from demo.services.postgres import Postgres
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    StagingError,
    TransientError,
)
from ecommerce.sources import postgres, sales_db
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from tests.integration.sales_database import SCHEMA, SalesDatabase, order


@pytest.fixture
def shop(
    database: str,
    postgres_server: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SalesDatabase]:
    shop = SalesDatabase(postgres_server, database, tmp_path, monkeypatch)
    shop.run(SCHEMA.read_text() + order("O1", "2026-03-10 08:00"))
    shop.connect_as()
    return shop


def failure(shop: SalesDatabase, kind: type[Exception]) -> str:
    """The text of the error of exactly that kind; nothing may have been published."""
    with pytest.raises(kind) as caught:
        shop.extract()
    assert type(caught.value) is kind
    assert not staging.exists(shop.window().folder)
    assert list(shop.folder.iterdir()) == []
    assert "read-only" not in str(caught.value)
    return str(caught.value)


def test_no_connection_defined(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SALES_DB")
    assert failure(shop, ConfigurationError) == "the connection sales_db is not defined"


def test_server_down(shop: SalesDatabase) -> None:
    port = free_port()
    shop.connect_as(port=port)
    text = failure(shop, TransientError)
    assert text.startswith("sales_db: ")
    assert (
        f'connection to server at "127.0.0.1", port {port} failed: Connection refused'
        in text
    )


def test_server_that_does_not_answer(shop: SalesDatabase) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shop.connect_as(port=silent.getsockname()[1], extra={"connect_timeout": 2})
        assert "timeout expired" in failure(shop, TransientError)


def test_wrong_password(shop: SalesDatabase) -> None:
    shop.connect_as(password="read-only but wrong")
    text = failure(shop, CredentialsError)
    assert 'password authentication failed for user "sales_reader"' in text
    assert text.endswith(": check login and password of the connection")


def test_unknown_database(shop: SalesDatabase) -> None:
    shop.connect_as(schema="nowhere")
    text = failure(shop, ContractError)
    assert 'database "nowhere" does not exist' in text
    assert text.endswith(": check schema, sslmode and sslrootcert of the connection")


@pytest.mark.parametrize(
    "text",
    [
        "connection failed: SSL connection has been closed unexpectedly",
        "connection failed: SSL SYSCALL error: Connection reset by peer",
    ],
)
def test_a_tls_connection_that_breaks_may_pass(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    def get_conn(_: PostgresHook) -> None:
        raise psycopg.OperationalError(text)

    monkeypatch.setattr(PostgresHook, "get_conn", get_conn)
    assert failure(shop, TransientError) == f"sales_db: {text}"


def test_a_percent_sign_in_a_comment_is_no_passing_failure(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sales_db.read_sql
    monkeypatch.setattr(sales_db, "read_sql", lambda name: f"-- 19 % tax\n{real(name)}")
    assert failure(shop, ContractError).endswith(
        ": write a literal percent sign as %%, also in comments"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "ALTER TABLE orders DROP coupon_code",
            'orders.sql: column "coupon_code" does not exist',
        ),
        (
            "ALTER TABLE refunds DROP updated_at",
            "column refunds.updated_at does not exist",
        ),
        ("DROP TABLE order_items", 'relation "order_items" does not exist'),
    ],
)
def test_another_schema(shop: SalesDatabase, change: str, said: str) -> None:
    shop.run(change)
    text = failure(shop, ContractError)
    assert text.startswith("sales_db: ")
    assert said in text
    assert text.endswith(
        ": adapt include/sql/extract/sales_db/schema.sql to the schema of the source"
    )


@pytest.mark.parametrize(
    ("table", "column", "column_type"),
    [
        ("orders", "order_id", "bigint"),
        ("orders", "order_id", "uuid"),
        ("orders", "ordered_at", "timestamp"),
        ("orders", "updated_at", "date"),
        ("orders", "is_test", "integer"),
        ("order_items", "order_id", "bigint"),
        ("order_items", "quantity", "text"),
        ("refunds", "order_id", "bigint"),
        ("refunds", "amount", "text"),
        ("products", "updated_at", "timestamp"),
        ("customers", "customer_id", "bigint"),
        ("customers", "updated_at", "text"),
    ],
)
def test_a_column_of_another_type_is_fixed_in_the_mapping(
    shop: SalesDatabase, table: str, column: str, column_type: str
) -> None:
    columns = [
        f"NULL::{column_type} AS {name}" if name == column else name
        for name in sales_db.COLUMNS[table].split()
    ]
    shop.run(
        f"ALTER TABLE {table} RENAME TO renamed;"
        f"CREATE VIEW {table} AS SELECT {', '.join(columns)} FROM renamed;"
        f"GRANT SELECT ON {table} TO sales_reader"
    )
    failures = [text for state, text in sales_db.check() if state == "FAIL"]
    assert failures
    assert all("include/sql/extract/sales_db/schema.sql" in text for text in failures)


def test_instants_without_time_zone(shop: SalesDatabase) -> None:
    shop.run("ALTER TABLE products ALTER updated_at TYPE timestamp")
    assert failure(shop, ContractError) == (
        "sales_db: products.sql gives updated_at without time zone: add it in "
        "include/sql/extract/sales_db/schema.sql, as in updated_at AT TIME ZONE 'UTC' AS updated_at"
    )


def test_a_query_that_lacks_a_column(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        sales_db.COLUMNS, "orders", sales_db.COLUMNS["orders"] + " channel store"
    )
    assert failure(shop, ContractError) == (
        "sales_db: orders.sql does not give the column channel, store: add it to its SELECT"
    )


def test_no_permission(shop: SalesDatabase) -> None:
    shop.run("REVOKE SELECT ON customers FROM sales_reader")
    assert failure(shop, CredentialsError) == (
        "sales_db: customers.sql: permission denied for table customers: "
        "grant SELECT to the connection's role"
    )


def test_statement_timeout_of_the_connection(shop: SalesDatabase) -> None:
    shop.run(
        "ALTER TABLE customers RENAME TO people; GRANT SELECT ON people TO sales_reader;"
        "CREATE VIEW customers AS SELECT p.* FROM people AS p, pg_sleep(20);"
        "INSERT INTO people VALUES ('C1', NULL, 'US', now(), now());"
        "GRANT SELECT ON customers TO sales_reader"
    )
    shop.connect_as(extra={"options": "-c statement_timeout=700"})
    begun = time.monotonic()
    assert failure(shop, TransientError) == (
        "sales_db: customers.sql: canceling statement due to statement timeout: add the indexes that "
        "make check names, or raise statement_timeout in the connection's extra"
    )
    assert time.monotonic() - begun < 10


def test_a_statement_is_limited_where_nobody_says_how(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    row = sales_db.Session.row

    def remember(session: Any, query: Any) -> Any:
        limit = session._connection.execute("SHOW statement_timeout").fetchone()
        seen.append(limit[0])
        return row(session, query)

    monkeypatch.setattr(sales_db.Session, "row", remember)
    shop.extract()
    shop.connect_as(extra={"options": "-c statement_timeout=5min"})
    shop.extract()
    assert (set(seen[:2]), set(seen[2:])) == ({"30min"}, {"5min"})


@pytest.mark.parametrize(
    ("lost", "name"), [("LIKE", "order_items"), ("NOT LIKE", "control_totals")]
)
def test_a_lost_connection_ends_both_reads(
    shop: SalesDatabase, lost: str, name: str
) -> None:
    """The server ends one session; the other, which would go on for a minute, is not waited for."""
    shop.run(
        "ALTER TABLE order_items RENAME TO items;"
        "CREATE VIEW order_items AS SELECT i.* FROM items AS i, pg_sleep(60);"
        "GRANT SELECT ON order_items, items TO sales_reader"
    )

    def end_one() -> None:
        sleeping = f"datname = '{shop.name}' AND wait_event = 'PgSleep'"
        for _ in range(100):
            if (
                shop.run(
                    f"SELECT count(*) FROM pg_stat_activity WHERE {sleeping}"
                ).strip()
                == "2"
            ):
                shop.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE {sleeping} AND query {lost} 'COPY%'"
                )
                return
            time.sleep(0.1)

    threading.Thread(target=end_one, daemon=True).start()
    begun = time.monotonic()
    text = failure(shop, TransientError)
    assert time.monotonic() - begun < 40
    assert text.startswith(
        f"sales_db: {name}.sql: terminating connection due to administrator"
    )


def test_a_full_disk_is_said_and_leaves_nothing(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = connect_duckdb

    def full() -> Any:
        duck = connect()
        duck.execute("SET disabled_filesystems = 'LocalFileSystem'")
        return duck

    monkeypatch.setattr(sales_db, "connect_duckdb", full)
    text = failure(shop, StagingError)
    assert ".parquet could not be written: " in text


def test_a_killed_extract_leaves_nothing_visible_and_the_next_one_works(
    shop: SalesDatabase,
) -> None:
    shop.run(
        "INSERT INTO order_items SELECT 'O1', n, 'SKU', 1, 1, 0, 0 FROM generate_series(2, 20000) AS n;"
        "ALTER TABLE order_items RENAME TO items;"
        "CREATE VIEW order_items AS SELECT i.* FROM items AS i "
        "LEFT JOIN LATERAL (SELECT pg_sleep(0.01) WHERE i.line_number > 10000) AS x ON true;"
        "GRANT SELECT ON order_items, items TO sales_reader"
    )
    program = textwrap.dedent(
        f"""
        from datetime import UTC, datetime
        from ecommerce.core.business_day import day_window
        from ecommerce.core.read_window import ReadWindow
        from ecommerce.sources import sales_db
        day = day_window(datetime(2026, 3, 10).date(), "UTC")
        sales_db.extract(ReadWindow("sales_db", day, day.start, day.end, "{shop.window().folder}"))
        """
    )
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.DEVNULL,
    ) as process:
        partial: list[Path] = []
        while not partial and process.poll() is None:
            partial = list(shop.folder.rglob("order_items.parquet"))
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert partial, "it was not killed while it wrote"
    assert not staging.exists(shop.window().folder)
    shop.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid();"
        "DROP VIEW order_items; ALTER TABLE items RENAME TO order_items"
    )
    left = shop.extract()
    assert (len(left.ids("order_items")), left.ids("orders")) == (20_000, ["O1"])


def test_the_end_of_the_tasks_time_ends_a_read_of_a_server_that_falls_silent(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall that drops packets: connections stay open, and nothing comes, not even to a cancellation."""
    monkeypatch.setattr(postgres, "CANCEL_SECONDS", 0.2)
    with silenced(shop.server.port, b"COPY (") as (port, fell_silent, gave_up):
        shop.connect_as(port=port, extra={"sslmode": "disable"})

        def end_of_time(*_: object) -> None:
            raise AirflowTaskTimeout

        before = signal.signal(signal.SIGALRM, end_of_time)
        try:
            main = threading.main_thread().ident or 0
            threading.Thread(
                target=lambda: (
                    fell_silent.wait(30) and signal.pthread_kill(main, signal.SIGALRM)
                ),
                daemon=True,
            ).start()
            with pytest.raises(AirflowTaskTimeout):
                shop.extract()
        finally:
            signal.signal(signal.SIGALRM, before)
        assert not gave_up.is_set(), "the read has ended by itself"
    assert not staging.exists(shop.window().folder)


@contextmanager
def silenced(
    port: int, phrase: bytes
) -> Iterator[tuple[int, threading.Event, threading.Event]]:
    """A way to `port` that passes nothing on any more, in either direction, once a client has sent `phrase`;
    the second event: it has given up after half a minute, and closed its connections."""
    fell_silent, closed, gave_up = (
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )
    connections: list[socket.socket] = []

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if phrase in data:
                    fell_silent.set()
                if fell_silent.is_set():
                    if not closed.wait(30):
                        gave_up.set()
                        source.close()
                        target.close()
                    return
                target.sendall(data)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                connections.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        try:
            yield listener.getsockname()[1], fell_silent, gave_up
        finally:
            closed.set()
            for each in connections:
                each.close()
