import csv
import gzip
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from demo.ledger import PARTNER_FILES, SALES_DB, STOREFRONT, Ledger
from demo.seeders import exchange_rates, partner_files, sales_db, storefront
from demo.services.postgres import Postgres
from demo.services.storefront import WooStore

LEDGER = Ledger(date(2026, 11, 1), 6, orders_per_day=90)
EARLIER = LEDGER.as_of(datetime(2026, 11, 4, 12, tzinfo=UTC))
SNAPSHOT = LEDGER.as_of(datetime(2026, 11, 7, 12, tzinfo=UTC))


@pytest.fixture
def dsn(postgres_server: Postgres, database: str) -> str:
    dsn = postgres_server.dsn(database)
    sales_db.prepare(dsn)
    return dsn


def test_the_sales_database_equals_the_snapshot(dsn: str) -> None:
    sales_db.fill(dsn, EARLIER)
    sales_db.fill(dsn, SNAPSHOT)
    with psycopg.connect(dsn) as connection:
        orders = connection.execute(
            "SELECT order_id, customer_id, status, currency, shipping_country, shipping_amount, coupon_code, "
            "is_test, ordered_at, updated_at FROM orders ORDER BY order_id"
        ).fetchall()
        lines = connection.execute(
            "SELECT order_id, line_number, sku, quantity, unit_price, discount_amount, tax_amount "
            "FROM order_items ORDER BY order_id, line_number"
        ).fetchall()
        refunds = connection.execute(
            "SELECT refund_id, order_id, line_number, quantity, amount, refunded_at, updated_at "
            "FROM refunds ORDER BY refund_id"
        ).fetchall()
    sold = sorted(SNAPSHOT.orders_of(SALES_DB), key=lambda order: order.order_id)
    assert orders == [
        (
            *(
                o.order_id,
                o.customer_id,
                o.status,
                o.currency,
                o.country_code,
                o.shipping,
                o.coupon_code,
            ),
            *(o.is_test, o.ordered_at, o.updated_at),
        )
        for o in sold
    ]
    assert lines == [
        (o.order_id, i.line_number, i.sku, i.quantity, i.unit_price, i.discount, i.tax)
        for o in sold
        for i in o.lines
    ]
    assert refunds == [
        (
            *(
                r.refund_id,
                r.order_id,
                r.lines[0].line_number if r.lines else None,
                r.quantity,
                r.amount,
            ),
            *(r.refunded_at, r.updated_at),
        )
        for r in sorted(
            SNAPSHOT.refunds_of(SALES_DB), key=lambda refund: refund.refund_id
        )
    ]
    assert len(refunds) > 5


def test_filling_the_sales_database_twice_touches_no_row(dsn: str) -> None:
    def row_versions() -> list[tuple[str, ...]]:
        with psycopg.connect(dsn) as connection:
            return connection.execute(
                "SELECT order_id, xmin::text FROM orders "
                "UNION ALL SELECT refund_id, xmin::text FROM refunds "
                "UNION ALL SELECT order_id || '/' || line_number, xmin::text FROM order_items ORDER BY 1"
            ).fetchall()

    sales_db.fill(dsn, SNAPSHOT)
    before = row_versions()
    sales_db.prepare(dsn)
    sales_db.fill(dsn, SNAPSHOT)
    assert row_versions() == before


def test_the_reader_reads_and_cannot_write(dsn: str) -> None:
    sales_db.fill(dsn, SNAPSHOT)
    as_reader = dsn.replace(
        "shop:shop@", f"{sales_db.READER}:{sales_db.READER_PASSWORD}@"
    )
    with psycopg.connect(as_reader, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM orders").fetchone() == (
            True,
        )
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM orders")


def test_a_wrong_password_is_refused(dsn: str) -> None:
    with pytest.raises(
        psycopg.OperationalError, match="password authentication failed"
    ):
        psycopg.connect(dsn.replace("shop:shop@", f"{sales_db.READER}:wrong@"))


def _rows(file: Path) -> list[dict[str, str]]:
    content = (
        gzip.decompress(file.read_bytes())
        if file.suffix == ".gz"
        else file.read_bytes()
    )
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_partner_files_have_every_line_and_every_bad_row(tmp_path: Path) -> None:
    partner_files.fill(tmp_path, SNAPSHOT)
    assert {file.name for file in tmp_path.iterdir()} == {
        file.name for file in SNAPSHOT.files
    }
    good = 0
    for file in SNAPSHOT.files:
        rows = _rows(tmp_path / file.name)
        by_line = {(row["order_id"], row["line_number"]): row for row in rows}
        for order in file.orders:
            for line in order.lines:
                row = by_line.pop((order.order_id, str(line.line_number)))
                assert datetime.fromisoformat(row["ordered_at"]) == order.ordered_at
                assert datetime.fromisoformat(row["updated_at"]) == order.updated_at
                assert (
                    Decimal(row["quantity"]) * Decimal(row["unit_price"]) == line.gross
                )
                assert (row["product_name"], row["customer_email"]) == (
                    line.product_name,
                    order.email or "",
                )
                good += 1
        assert len(by_line) == len(file.bad_rows)
        assert len(rows) == sum(len(o.lines) for o in file.orders) + len(
            file.repeated
        ) + len(file.bad_rows)
        assert (tmp_path / file.name).stat().st_mtime == file.received_at.timestamp()
    assert good > len(SNAPSHOT.orders_of(PARTNER_FILES))


def test_each_partner_has_its_dialect(tmp_path: Path) -> None:
    partner_files.fill(tmp_path, SNAPSHOT)
    alpen = next(tmp_path.glob("alpenmarkt*.csv")).read_bytes()
    assert alpen.startswith(b"\xef\xbb\xbforder_id,")
    assert b"\r\n" in alpen
    assert b"+01:00" in alpen
    assert b'"Seed box\nspring mix"' in b"".join(
        file.read_bytes() for file in tmp_path.glob("alpen*")
    )
    header = gzip.decompress(
        next(tmp_path.glob("bazario*.csv.gz")).read_bytes()
    ).splitlines()[0]
    assert header.endswith(b",country_code,warehouse")


def test_a_partner_file_is_written_only_when_it_changes(tmp_path: Path) -> None:
    partner_files.fill(tmp_path, EARLIER)
    theirs = tmp_path / "notes.txt"
    theirs.write_text("not ours")
    before = {file.name: file.stat().st_ino for file in tmp_path.iterdir()}
    partner_files.fill(tmp_path, EARLIER)
    assert {file.name: file.stat().st_ino for file in tmp_path.iterdir()} == before
    file = EARLIER.files[0]
    fewer = replace(file, orders=file.orders[1:], repeated=())
    partner_files.fill(tmp_path, replace(EARLIER, files=(fewer, *EARLIER.files[1:])))
    changed = {
        name
        for name, inode in before.items()
        if (tmp_path / name).stat().st_ino != inode
    }
    assert changed == {file.name}


def test_rates_have_the_layout_of_the_central_bank(tmp_path: Path) -> None:
    exchange_rates.fill(tmp_path, SNAPSHOT)
    lines = (tmp_path / "stats/eurofxref/eurofxref-hist.csv").read_text().splitlines()
    assert lines[0].startswith("Date,USD,JPY,")
    assert all(line.endswith(",") for line in lines)
    days = [line.split(",")[0] for line in lines[1:]]
    assert days == sorted(days, reverse=True)
    assert days[0] == "2026-11-06"
    assert {date.fromisoformat(day).weekday() for day in days} == {0, 1, 2, 3, 4}
    newest = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert newest["HRK"] == "N/A"
    assert Decimal(newest["USD"]) == next(
        rate.rate for rate in reversed(SNAPSHOT.rates) if rate.currency == "USD"
    )


def test_the_storefront_file_equals_the_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "store.jsonl"
    storefront.fill(path, SNAPSHOT)
    store = WooStore.load(path)
    sold = SNAPSHOT.orders_of(STOREFRONT)
    assert {str(order_id) for order_id in store.orders} == {
        order.order_id for order in sold
    }
    for order in sold:
        shown = store.orders[int(order.order_id)]
        assert shown.total == order.merchandise + order.tax + order.shipping + order.fee
        assert shown.created_at == order.ordered_at
        assert (shown.remaining == 0) == (order.status == "refunded") or not shown.total
    items = [line.id for o in store.orders.values() for line in o.lines]
    items += [
        line.id
        for o in store.orders.values()
        for refund in o.refunds
        for line in refund.lines
    ]
    assert len(items) == len(set(items))
    assert (
        sum(len(o.refunds) for o in store.orders.values())
        == len(SNAPSHOT.refunds_of(STOREFRONT))
        > 3
    )
