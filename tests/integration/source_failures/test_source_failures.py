"""Sources times failures: each has its kind of error, and a sentence that shows no secret. Nothing is staged,
and no failure stays."""

import json
import logging

import pytest

from demo.services.ports import free_port
from ecommerce.core.business_day import day_window
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    TransientError,
)
from ecommerce.core.read_window import ReadWindow
from ecommerce.events import client
from ecommerce.sources import EXCHANGE_RATES, exchange_rates, sales_db
from tests.integration.partner_ftp.fetch import LARGE, connect, fetch
from tests.integration.sales_database import order
from tests.integration.source_failures.failures import SECRET, assert_fails
from tests.integration.source_failures.http_sources import (
    EVENT_ANSWERS,
    RATE_ANSWERS,
    RATES,
    HttpSource,
    assert_http_failures,
    silent_port,
)
from tests.integration.web_events.reading import at, event, newest
from tests.partner_ftp import (
    MARKET_INDEX,
    Sent,
    make_certificate,
    partner_site,
)
from tests.settings import lower
from tests.website import website

DAY = day_window(at(1).date(), "UTC")


@pytest.fixture
def site(monkeypatch, no_pauses):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("no_proxy", "*")
    lower(monkeypatch, client, MOST_BYTES=9_999)
    lower(monkeypatch, exchange_rates, MOST_BYTES=9_999)
    with website() as site:
        yield site


def test_web_events(
    site,
    tmp_path,
    monkeypatch,
    caplog,
):
    caplog.set_level(logging.DEBUG)
    web_events = HttpSource(
        "web_events",
        "/events?start=2026-03-10T05%3A00%3A00Z&end=2026-03-10T06%3A00%3A00Z",
        json.dumps(event("one", at(1))).encode() + b"\n",
        client.ATTEMPTS,
        tmp_path / "staging" / "newest",
        lambda: newest(
            tmp_path,
            at(1),
            at(2),
        ),
    )
    assert_http_failures(web_events, site, monkeypatch, EVENT_ANSWERS)
    web_events.connect(monkeypatch, "http://events.shop.example.com")
    web_events.assert_fails(ConfigurationError, "without encryption")
    web_events.connect(monkeypatch, site.url)
    assert web_events.extract().rows == 1
    assert SECRET not in caplog.text


def test_exchange_rates(site, tmp_path, monkeypatch):
    staged = tmp_path / "rates"
    window = ReadWindow(
        "exchange_rates",
        DAY,
        DAY.start,
        DAY.end,
        f"file://{staged}",
    )
    rates = HttpSource(
        "exchange_rates",
        exchange_rates.DEFAULT_PATH,
        RATES,
        1,
        staged,
        lambda: EXCHANGE_RATES.source().extract(window),
    )
    assert_http_failures(rates, site, monkeypatch, RATE_ANSWERS)
    rates.connect(monkeypatch, site.url)
    assert rates.extract().rows == 2


CONNECTIONS = [
    ({"password": SECRET}, CredentialsError, "password authentication failed"),
    ({"login": "nobody"}, CredentialsError, "login"),
    ({"schema": "nowhere"}, CredentialsError, '"nowhere" does not exist'),
    ({"extra": {"sslmode": "require"}}, CredentialsError, "sslmode"),
]
"""Fields of the connection, kind of the error, words of its text."""
IS_NO_INSTANT = (
    "ALTER TABLE products RENAME TO goods;"
    f"INSERT INTO goods (sku, name) VALUES ('SKU-2', '{SECRET}');"
    "CREATE VIEW products AS"
    "  SELECT sku, name, category, name::timestamptz AS updated_at FROM goods;"
    "GRANT SELECT ON products TO sales_reader"
)
SCHEMAS = [
    (
        "ALTER TABLE orders RENAME coupon_code TO coupon",
        "ALTER TABLE orders RENAME coupon TO coupon_code",
        ContractError,
        "coupon_code",
    ),
    (
        "ALTER TABLE order_items RENAME TO items",
        "ALTER TABLE items RENAME TO order_items",
        ContractError,
        "order_items",
    ),
    (
        "ALTER TABLE products ALTER updated_at TYPE timestamp",
        "ALTER TABLE products ALTER updated_at TYPE timestamptz",
        ContractError,
        "time zone",
    ),
    (
        "REVOKE SELECT ON customers FROM sales_reader",
        "GRANT SELECT ON customers TO sales_reader",
        CredentialsError,
        "grant SELECT",
    ),
    (
        IS_NO_INSTANT,
        "DROP VIEW products; DELETE FROM goods; ALTER TABLE goods RENAME TO products",
        ContractError,
        "fix that row",
    ),
]
"""A change of the schema and how it is undone, kind of the error, words of its text."""
SLOW = (
    "ALTER TABLE customers RENAME TO people;"
    "INSERT INTO people VALUES ('C1', NULL, 'US', now(), now());"
    "CREATE VIEW customers AS SELECT p.* FROM people AS p, pg_sleep(60);"
    "GRANT SELECT ON customers TO sales_reader"
)


def test_sales_database(shop, monkeypatch):
    shop.run(order("O1", "2026-03-10 08:00"))

    def fail(kind, words):
        assert_fails(shop.extract, kind, words)
        assert list(shop.folder.iterdir()) == []

    for fields, kind, words in CONNECTIONS:
        shop.connect_as(**fields)
        fail(kind, words)
    shop.connect_as(port=free_port())
    fail(TransientError, "Connection refused")
    with silent_port() as port:
        shop.connect_as(
            port=port,
            extra={"connect_timeout": 2},
        )
        fail(TransientError, "timeout expired")
    shop.connect_as()
    for change, undo, kind, words in SCHEMAS:
        shop.run(change)
        fail(kind, words)
        shop.run(undo)

    shop.run(SLOW)
    shop.connect_as(extra={"options": "-c statement_timeout=2s"})
    fail(TransientError, "statement_timeout")
    shop.run("DROP VIEW customers; ALTER TABLE people RENAME TO customers")
    shop.connect_as()

    real = sales_db.read_sql
    with monkeypatch.context() as patch:
        patch.setattr(
            sales_db,
            "read_sql",
            lambda name: f"-- 19 % tax\n{real(name)}",
        )
        fail(ContractError, "'%%'")
    with monkeypatch.context() as patch:
        patch.setitem(sales_db.COLUMNS, "orders", "order_id channel store")
        fail(ContractError, "channel, store")
    assert shop.extract().ids("orders") == ["O1"]
    monkeypatch.delenv("AIRFLOW_CONN_SALES_DB")
    assert_fails(shop.extract, ConfigurationError, "is not defined")


FTP_CONNECTIONS = [
    ({"password": SECRET}, CredentialsError, "the server refuses the login"),
    ({"extra": {"tls": "required"}}, ContractError, "the server offers no TLS"),
    ({"extra": {"path": "elsewhere"}}, ContractError, "check `path`"),
    ({"host": "partner.invalid"}, TransientError, "DNS"),
    ({"host": ""}, ConfigurationError, "host"),
]


def test_partner_server(monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")

    def fail(kind, words, **settings):
        assert_fails(
            lambda: fetch(**settings),
            kind,
            words,
        )
        assert not (tmp_path / "staging").exists()

    with partner_site(tmp_path / "partner") as partner:
        for fields, kind, words in FTP_CONNECTIONS:
            connect(monkeypatch, partner, **fields)
            fail(kind, words)
        assert len(partner.asked("PASS")) == 2, "a wrong password is sent once"
        connect(monkeypatch, partner, port=free_port())
        fail(TransientError, "nothing answers")

        connect(monkeypatch, partner)
        for name in ("promotions.csv", "market_index.csv.sha256"):
            content = (partner.root / name).read_bytes()
            (partner.root / name).unlink()
            fail(TransientError, "not on the server")
            (partner.root / name).write_bytes(content)
        for checksum in ("no checksum", "0" * 64):
            partner.put("market_index.csv", MARKET_INDEX, checksum)
            fail(TransientError, "checksum")
        partner.put("market_index.csv", MARKET_INDEX)
        partner.put("promotions.csv", LARGE)
        partner.fail("promotions.csv", lambda file: Sent(file, 100))
        fail(TransientError, "the connection broke")
        with (partner.root / "promotions.csv").open("ab") as file:
            file.truncate(51 << 20)
        fail(ContractError, "50 MiB")

        with silent_port() as port:
            connect(monkeypatch, partner, port=port)
            fail(TransientError, "timed out", FTP_SECONDS="1")
        with partner_site(tmp_path / "tls", make_certificate(tmp_path)) as site:
            connect(monkeypatch, site)
            fail(ContractError, "trusted TLS")
            assert site.asked("USER") == site.asked("PASS") == []
        monkeypatch.delenv("AIRFLOW_CONN_PARTNER_FTP")
        fail(ConfigurationError, "is not defined")
        partner.put("promotions.csv", LARGE)
        connect(monkeypatch, partner)
        assert fetch().rows == 2
