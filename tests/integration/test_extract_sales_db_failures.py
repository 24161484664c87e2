"""When reading the sales database is interrupted: nothing is left behind, and the next read works.

`source_failures` has the kinds of its errors, and their sentences.
"""

import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout

from ecommerce.core.check_result import FAIL
from ecommerce.core.errors import TransientError
from ecommerce.sources import postgres, sales_db
from ecommerce.storage import staging
from tests.integration.sales_database import SCHEMA, SalesDatabase, order


@pytest.fixture
def shop(database, postgres_server, tmp_path, monkeypatch):
    shop = SalesDatabase(postgres_server, database, tmp_path, monkeypatch)
    shop.run(SCHEMA.read_text() + order("O1", "2026-03-10 08:00"))
    shop.connect_as()
    return shop


def test_a_column_of_another_type_is_fixed_in_the_mapping(shop):
    for table, column, column_type in (
        ("orders", "order_id", "bigint"),
        ("orders", "ordered_at", "timestamp"),
        ("orders", "is_test", "integer"),
        ("customers", "updated_at", "text"),
    ):
        columns = sales_db.COLUMNS[table].replace(" ", ", ")
        select = columns.replace(column, f"NULL::{column_type} AS {column}", 1)
        shop.run(
            f"ALTER TABLE {table} RENAME TO renamed;"
            f"CREATE VIEW {table} AS SELECT {select} FROM renamed;"
            f"GRANT SELECT ON {table} TO sales_reader"
        )
        failures = [text for state, text in sales_db.check() if state == FAIL]
        assert failures, column
        for text in failures:
            assert "include/sql/extract/sales_db/schema.sql" in text
        shop.run(f"DROP VIEW {table}; ALTER TABLE renamed RENAME TO {table}")


def test_bytes_that_are_no_text_are_rejected(shop, postgres_server):
    name = f"{shop.name}_ascii"
    postgres_server.psql(
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0"
    )
    try:
        loose = SalesDatabase(postgres_server, name, shop.folder, shop.monkeypatch)
        loose.run(
            f"{SCHEMA.read_text()};"
            "SET client_encoding = 'SQL_ASCII';"
            + order("O1", "2026-03-10 08:00")
            + order("O2", "2026-03-10 08:00")
            + "UPDATE orders SET status = convert_from('\\xff', 'SQL_ASCII') "
            "WHERE order_id = 'O2'"
        )
        loose.connect_as()
        left = loose.extract()
        assert left.ids("orders") == ["O1"]
        assert left.ids("rejects", "reason") == ["bad_encoding"]
        [raw] = left.ids("rejects", "raw")
        assert raw.startswith("O2,")
        assert not set(raw.removeprefix("O2,")) & set("abcdefgh0123"), "its shape only"
    finally:
        postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_statement_is_limited_where_nobody_says_how(shop, monkeypatch):
    seen = []
    row = sales_db.Session.row

    def remember(session, query):
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
def test_a_lost_connection_ends_both_reads(shop, lost, name):
    """The server ends one session; the other, which would go on for ten minutes, is not waited for."""
    shop.run(
        "ALTER TABLE order_items RENAME TO items;"
        "CREATE VIEW order_items AS SELECT i.* FROM items AS i, pg_sleep(600);"
        "GRANT SELECT ON order_items, items TO sales_reader"
    )
    ended = threading.Event()
    gave_up = threading.Event()
    sleeping = f"datname = '{shop.name}' AND wait_event = 'PgSleep'"
    count = f"SELECT count(*) FROM pg_stat_activity WHERE {sleeping}"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sleeping}"

    def end_one():
        while shop.run(count).strip() != "2":
            time.sleep(0.1)
        shop.run(f"{end} AND query {lost} 'COPY%'")
        if not ended.wait(30):
            gave_up.set()
            shop.run(end)

    threading.Thread(target=end_one, daemon=True).start()
    sentence = f"sales_db: {name}.sql: terminating connection due to administrator"
    with pytest.raises(TransientError, match=f"^{sentence}"):
        shop.extract()
    ended.set()
    assert not gave_up.is_set(), "the other read has ended by itself"
    assert list(shop.folder.iterdir()) == []


def test_the_end_of_the_tasks_time_ends_a_read_of_a_server_that_falls_silent(
    shop, monkeypatch
):
    """A firewall that drops packets: connections stay open, and nothing comes, not even to a cancellation."""
    monkeypatch.setattr(postgres, "CANCEL_SECONDS", 0.2)
    with silenced(shop.server.port, b"COPY (") as (port, fell_silent, gave_up):
        shop.connect_as(port=port, extra={"sslmode": "disable"})

        def end_of_time(*_):
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
def silenced(port, phrase):
    """A way to `port` that passes nothing on any more, in either direction, once a client has sent `phrase`;
    the second event: it has given up after half a minute, and closed its connections."""
    fell_silent, closed, gave_up = (
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )
    connections = []

    def pass_on(source, target):
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

    def accept(listener):
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
