"""Sources times failures: each has its kind of error, and a sentence (in `__snapshots__`) that shows no
secret. Nothing is staged, and no failure stays."""

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
from ecommerce.sources import EXCHANGE_RATES, exchange_rates, http, sales_db
from tests.integration.partner_ftp.fetch import LARGE, connect, fetch
from tests.integration.sales_database import SCHEMA, SalesDatabase, order
from tests.integration.source_failures.failures import SECRET, Failures
from tests.integration.source_failures.http_sources import (
    EVENT_ANSWERS,
    RATE_ANSWERS,
    RATES,
    HttpSource,
    http_failures,
    silent_port,
)
from tests.integration.web_events.reading import at, event, newest
from tests.partner_ftp import (
    MARKET_INDEX,
    Sent,
    make_certificate,
    partner_site,
)
from tests.website import website

DAY = day_window(at(1).date(), "UTC")


@pytest.fixture
def web_events(tmp_path, monkeypatch):
    path = "/events?start=2026-03-10T05%3A00%3A00Z&end=2026-03-10T06%3A00%3A00Z"
    line = json.dumps(event("one", at(1))).encode() + b"\n"
    staged = tmp_path / "staging" / "newest"
    return HttpSource(
        "web_events",
        path,
        line,
        2,
        staged,
        lambda: newest(tmp_path, at(1), at(2), monkeypatch),
    )


@pytest.fixture
def rates(tmp_path):
    staged = tmp_path / "rates"
    window = ReadWindow("exchange_rates", DAY, DAY.start, DAY.end, f"file://{staged}")
    return HttpSource(
        "exchange_rates",
        exchange_rates.DEFAULT_PATH,
        RATES,
        1,
        staged,
        lambda: EXCHANGE_RATES.extract(window),
    )


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(http, "FIRST_PAUSE", 0)
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    monkeypatch.setattr(client, "MOST_BYTES", 9_999)
    monkeypatch.setattr(exchange_rates, "MOST_BYTES", 9_999)
    with website() as site:
        yield site


def test_web_events(web_events, site, monkeypatch, caplog, snapshot):
    caplog.set_level(logging.DEBUG)
    failures = http_failures(web_events, site, monkeypatch, EVENT_ANSWERS)
    web_events.connect(monkeypatch, "http://events.shop.example.com")
    failures.add("in clear", web_events.extract, ConfigurationError, "encryption")
    web_events.connect(monkeypatch, site.url)
    assert web_events.extract().rows == 1
    assert SECRET not in caplog.text
    assert failures.text() == snapshot


def test_exchange_rates(rates, site, monkeypatch, snapshot):
    failures = http_failures(rates, site, monkeypatch, RATE_ANSWERS)
    rates.connect(monkeypatch, site.url)
    assert rates.extract().rows == 2
    assert failures.text() == snapshot


@pytest.fixture
def shop(database, postgres_server, tmp_path, monkeypatch):
    shop = SalesDatabase(postgres_server, database, tmp_path, monkeypatch)
    shop.run(SCHEMA.read_text() + order("O1", "2026-03-10 08:00"))
    return shop


CONNECTIONS = [
    ("wrong password", {"password": SECRET}, CredentialsError, "password"),
    ("unknown role", {"login": "nobody"}, CredentialsError, "login"),
    ("unknown database", {"schema": "nowhere"}, CredentialsError, "nowhere"),
    ("no TLS", {"extra": {"sslmode": "require"}}, CredentialsError, "sslmode"),
]
SCHEMAS = [
    (
        "no coupons",
        "ALTER TABLE orders RENAME coupon_code TO coupon",
        "ALTER TABLE orders RENAME coupon TO coupon_code",
        ContractError,
        "coupon_code",
    ),
    (
        "no such table",
        "ALTER TABLE order_items RENAME TO items",
        "ALTER TABLE items RENAME TO order_items",
        ContractError,
        "order_items",
    ),
    (
        "instants without time zone",
        "ALTER TABLE products ALTER updated_at TYPE timestamp",
        "ALTER TABLE products ALTER updated_at TYPE timestamptz",
        ContractError,
        "time zone",
    ),
    (
        "no permission",
        "REVOKE SELECT ON customers FROM sales_reader",
        "GRANT SELECT ON customers TO sales_reader",
        CredentialsError,
        "grant SELECT",
    ),
    (
        "a row that a query cannot compute",
        "ALTER TABLE products RENAME TO goods;"
        "INSERT INTO goods (sku) VALUES ('SKU-1');"
        "CREATE VIEW products AS"
        "  SELECT (1 / (length(sku) - 5))::text AS sku, name, category, updated_at FROM goods;"
        "GRANT SELECT ON products TO sales_reader",
        "DROP VIEW products; ALTER TABLE goods RENAME TO products",
        ContractError,
        "fix that row",
    ),
]


SLOW = (
    "ALTER TABLE customers RENAME TO people;"
    "INSERT INTO people VALUES ('C1', NULL, 'US', now(), now());"
    "CREATE VIEW customers AS SELECT p.* FROM people AS p, pg_sleep(60);"
    "GRANT SELECT ON customers TO sales_reader"
)


def test_sales_database(shop, monkeypatch, snapshot):
    failures = Failures()

    def fail(case, kind, noun):
        failures.add(case, shop.extract, kind, noun)
        assert list(shop.folder.iterdir()) == [], case

    for case, fields, kind, noun in CONNECTIONS:
        shop.connect_as(**fields)
        fail(case, kind, noun)
    shop.connect_as(port=free_port())
    fail("down", TransientError, "Connection refused")
    with silent_port() as port:
        shop.connect_as(port=port, extra={"connect_timeout": 2})
        fail("silent", TransientError, "timeout expired")
    shop.connect_as()
    for case, change, undo, kind, noun in SCHEMAS:
        shop.run(change)
        fail(case, kind, noun)
        shop.run(undo)

    shop.run(SLOW)
    shop.connect_as(extra={"options": "-c statement_timeout=2s"})
    fail("a slow query", TransientError, "statement_timeout")
    shop.run("DROP VIEW customers; ALTER TABLE people RENAME TO customers")
    shop.connect_as()

    real = sales_db.read_sql
    with monkeypatch.context() as patch:
        patch.setattr(sales_db, "read_sql", lambda name: f"-- 19 % tax\n{real(name)}")
        fail("a percent sign in a query", ContractError, "'%%'")
    with monkeypatch.context() as patch:
        patch.setitem(sales_db.COLUMNS, "orders", "order_id channel store")
        fail("a query that lacks columns", ContractError, "channel, store")
    assert shop.extract().ids("orders") == ["O1"]
    monkeypatch.delenv("AIRFLOW_CONN_SALES_DB")
    failures.add("no connection", shop.extract, ConfigurationError, "not defined")
    assert failures.text() == snapshot


@pytest.fixture
def partner(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
    with partner_site(tmp_path / "partner") as site:
        connect(monkeypatch, site)
        yield site


FTP_CONNECTIONS = [
    ("wrong password", {"password": SECRET}, CredentialsError, "login"),
    ("TLS is required", {"extra": {"tls": "required"}}, ContractError, "no TLS"),
    ("no such folder", {"extra": {"path": "elsewhere"}}, ContractError, "`path`"),
    ("no such host", {"host": "partner.invalid"}, TransientError, "DNS"),
    ("no host", {"host": ""}, ConfigurationError, "host"),
]
"""Case, fields of the connection; kind of the error and a noun of its text."""


def test_partner_server(partner, monkeypatch, tmp_path, snapshot):
    failures = Failures()

    def fail(case, kind, noun, **settings):
        failures.add(case, lambda: fetch(**settings), kind, noun)
        assert not (tmp_path / "staging").exists(), case

    for case, fields, kind, noun in FTP_CONNECTIONS:
        connect(monkeypatch, partner, **fields)
        fail(case, kind, noun)
    assert len(partner.asked("PASS")) == 2, "a wrong password is sent once"
    connect(monkeypatch, partner, port=free_port())
    fail("down", TransientError, "nothing answers")

    connect(monkeypatch, partner)
    for name in ("promotions.csv", "market_index.csv.sha256"):
        content = (partner.root / name).read_bytes()
        (partner.root / name).unlink()
        fail(f"no {name}", TransientError, "not on the server")
        (partner.root / name).write_bytes(content)
    partner.put("market_index.csv", MARKET_INDEX, "no checksum")
    fail("no checksum", TransientError, "checksum")
    partner.put("market_index.csv", MARKET_INDEX, "0" * 64)
    fail("wrong checksum", TransientError, "checksum")
    partner.put("market_index.csv", MARKET_INDEX)
    partner.put("promotions.csv", LARGE)
    partner.fail("promotions.csv", lambda file: Sent(file, 100))
    fail("the connection breaks", TransientError, "the connection broke")
    with (partner.root / "promotions.csv").open("ab") as file:
        file.truncate(51 << 20)
    fail("too large", ContractError, "50 MiB")
    partner.put("promotions.csv", LARGE)

    with silent_port() as port:
        connect(monkeypatch, partner, port=port)
        fail("silent", TransientError, "timed out", FTP_SECONDS="1")
    with partner_site(tmp_path / "tls", make_certificate(tmp_path)) as site:
        connect(monkeypatch, site)
        fail("TLS is not trusted", ContractError, "trusted TLS")
        assert site.asked("USER") == site.asked("PASS") == []
    monkeypatch.delenv("AIRFLOW_CONN_PARTNER_FTP")
    fail("no connection", ConfigurationError, "not defined")
    connect(monkeypatch, partner)
    assert fetch().rows == 2
    assert failures.text() == snapshot
