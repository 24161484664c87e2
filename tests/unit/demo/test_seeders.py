"""A second start leaves alone what is in the company's systems already; the integration tests
compare their content with the ledger."""

from dataclasses import replace
from datetime import UTC, date, datetime

import psycopg

from demo.ledger import Ledger
from demo.seeders import partner_files, sales_db

LEDGER = Ledger(date(2026, 11, 1), 6, orders_per_day=90)
SNAPSHOT = LEDGER.as_of(datetime(2026, 11, 7, 12, tzinfo=UTC))


def test_the_sales_database_keeps_rows_that_are_the_same(postgres_server, database):
    dsn = postgres_server.dsn(database)

    def fill():
        sales_db.prepare(dsn)
        sales_db.fill(dsn, SNAPSHOT)
        rows = []
        with psycopg.connect(dsn) as connection:
            for table in ("orders", "order_items", "refunds"):
                sql = f"SELECT xmin::text, * FROM {table} ORDER BY 1, 2, 3"
                rows.append(connection.execute(sql).fetchall())
        return rows

    assert fill() == fill()


def test_a_partner_file_is_written_only_when_it_changes(tmp_path):
    def inodes():
        return {file.name: file.stat().st_ino for file in tmp_path.iterdir()}

    partner_files.fill(tmp_path, SNAPSHOT)
    (tmp_path / "notes.txt").write_text("not ours")
    before = inodes()
    partner_files.fill(tmp_path, SNAPSHOT)
    assert inodes() == before
    file = SNAPSHOT.files[0]
    fewer = replace(file, orders=file.orders[1:], repeated=())
    changed = replace(SNAPSHOT, files=(fewer, *SNAPSHOT.files[1:]))
    partner_files.fill(tmp_path, changed)
    assert [name for name, _ in inodes().items() - before.items()] == [file.name]
