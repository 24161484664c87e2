"""The work of reading one day does not grow with the years before it."""

import json

import psycopg
import pytest

from ecommerce.sources.sales_db import COLUMNS, sales_query
from tests.integration.sales_database import SCHEMA, SalesDatabase, at

ORDERS_PER_DAY = 300


@pytest.fixture
def shop(database, postgres_server, tmp_path, monkeypatch):
    shop = SalesDatabase(postgres_server, database, tmp_path, monkeypatch)
    shop.run(SCHEMA.read_text())
    return shop


def fill(shop, first, last):
    """Orders with three lines and some refunds on days counted back from the day that is read, which is 1."""
    shop.run(
        f"""
        CREATE TEMP TABLE fresh AS
        SELECT 'O-' || day || '-' || n AS id, '2026-03-11Z'::timestamptz - make_interval(days => day)
            + n * interval '1 day' / {ORDERS_PER_DAY + 1} AS t
        FROM generate_series({first}, {last}) AS day, generate_series(1, {ORDERS_PER_DAY}) AS n
        ORDER BY t;
        INSERT INTO orders
        SELECT id, 'C' || id, 'completed', 'USD', 'US', 0, NULL, false, t, t FROM fresh;
        INSERT INTO order_items
        SELECT id, line, 'SKU-' || line, 1, 10, 0, 0 FROM fresh, generate_series(1, 3) AS line;
        INSERT INTO refunds SELECT 'R' || id, id, 1, 1, 1, '', t, t FROM fresh WHERE id LIKE '%5';
        INSERT INTO customers SELECT 'C' || id, '', 'US', t, t FROM fresh;
        ANALYZE
        """
    )


def blocks(shop, name):
    """How many blocks PostgreSQL looks at for one query of the newest day's run."""
    query = sales_query(
        name, shop.window(changed_from=at("2026-03-09 23:30")), skus=["SKU-1"]
    )
    with psycopg.connect(
        shop.server.dsn(shop.name), cursor_factory=psycopg.ClientCursor
    ) as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        text = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query.sql}"
        [(plan,)] = connection.execute(text, query.parameters).fetchall()
    top = (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


@pytest.mark.slow
def test_a_day_costs_the_same_after_three_times_the_history(shop):
    names = (*COLUMNS, "control_totals")
    fill(shop, 0, 300)
    young = {name: blocks(shop, name) for name in names}
    fill(shop, 301, 1000)
    old = {name: blocks(shop, name) for name in names}
    assert sum(old.values()) < 1.2 * sum(young.values()), (young, old)
    assert (old["orders"], old["order_items"]) == pytest.approx(
        (young["orders"], young["order_items"]), rel=0.1
    )
