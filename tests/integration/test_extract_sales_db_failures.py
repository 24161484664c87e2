"""When reading the sales database is interrupted: nothing is left behind, and the next read works.

`source_failures` has the kinds of its errors, and their sentences.
"""

import json
import threading
import time

import pytest

from ecommerce.core.errors import TransientError
from tests.integration.sales_database import SCHEMA, SalesDatabase, order
from tests.psql import psql


def test_bytes_that_are_no_text_are_rejected(shop, postgres_server):
    name = f"{shop.name}_ascii"
    psql(
        postgres_server,
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0",
    )
    try:
        loose = SalesDatabase(
            postgres_server,
            name,
            shop.folder,
            shop.monkeypatch,
        )
        loose.run(
            f"{SCHEMA.read_text()};SET client_encoding = 'SQL_ASCII';",
            order("O1", "2026-03-10 08:00"),
            order("O2", "2026-03-10 08:00"),
            "UPDATE orders SET status = convert_from('\\xff', 'SQL_ASCII') "
            "WHERE order_id = 'O2'",
        )
        loose.connect_as()
        left = loose.extract()
        assert left.ids("orders") == ["O1"]
        assert left.ids("rejects", "reason") == ["bad_encoding"]
        [raw] = left.ids("rejects", "raw")
        kept = json.loads(raw)
        assert kept["order_id"] == "O2"
        assert not set(kept["shape"]) & set("abcdefgh0123"), "its shape only"
    finally:
        psql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("lost", "name"), [("LIKE", "order_items"), ("NOT LIKE", "control_totals")]
)
def test_a_lost_connection_ends_both_reads(shop, lost, name):
    """The server ends one session; the other, which would go on for ten minutes, is not waited for."""
    shop.run(
        order("O1", "2026-03-10 08:00"),
        "ALTER TABLE order_items RENAME TO items;"
        "CREATE VIEW order_items AS SELECT i.* FROM items AS i, pg_sleep(600);"
        "GRANT SELECT ON order_items, items TO sales_reader",
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
        if not ended.wait(300):
            gave_up.set()
            shop.run(end)

    threading.Thread(target=end_one, daemon=True).start()
    sentence = f"sales_db: {name}.sql: terminating connection due to administrator"
    with pytest.raises(TransientError, match=f"^{sentence}"):
        shop.extract()
    ended.set()
    assert not gave_up.is_set(), "the other read has ended by itself"
    assert list(shop.folder.iterdir()) == []
