"""The recipes of docs/RECIPES.md, carried out on copies of the repository as a reader would, and then run."""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.ledger import Ledger
from tests.integration.agora import TOKEN, open_agora
from tests.integration.airflow_process import copy as copy_home
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.mailbox import open_mailbox
from tests.recipes import RECIPES, copy_repository, in_copy, steps

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
RECEIPTS = """receipt,sku,quantity,price,currency,sold_at
T-1,MUG-01,2,9.50,USD,2026-09-02T14:00:00-04:00
T-2,MUG-02,1,12.00,USD,2026-09-02T15:30:00-04:00
"""
RUN = """
import json, logging, sys
from datetime import date, timedelta
from tests.integration import daily_run, other_runs
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True)  # Airflow has set up its own
day, answer = date.fromisoformat({day!r}), {{}}
if {reconciled}:
    answer["differences"] = other_runs.reconcile(daily_run.morning_after(day) + timedelta(hours=2))
else:
    answer["touched_days"] = [str(each) for each in daily_run.run_day(day, run_id="recipe").touched_days]
    report = daily_run.report_of(day, "recipe")
    answer["headline"] = {{name: str(each.value) for name, each in report.headline.items()}}
    answer["attribute"] = [each.name for each in report.attributes]
    answer["limits"] = report.quality.limits
print(json.dumps(answer))
"""
TASKS = """
from dags import daily_sales_pipeline, storefront_orders_sync
for each in (daily_sales_pipeline, storefront_orders_sync):
    print(*(f"{task.task_id}={task.retries}" for task in each.dag.tasks))
"""
CONNECTION = """
import json, os
from ecommerce.cli.check import findings
for connection in json.loads({connections!r}):
    if connection:
        os.environ["AIRFLOW_CONN_AGORA_API"] = connection
    print(*findings(["agora_api"]))
"""


@dataclass
class Shop:
    """A company whose first day was run before anybody changed anything; its orders name a sales channel."""

    company: Company
    told: Ledger

    def show(self, day):
        self.company.show(self.told.as_of(morning_after(day)))
        with psycopg.connect(self.company.dsn) as database:
            database.execute(
                "UPDATE orders SET sales_channel = CASE WHEN hashtext(order_id) % 2 = 0 "
                "THEN 'app' ELSE 'web' END"
            )

    def rows(self, sql):
        found = self.company.client.query(sql.format(sales=self.company.dataset))
        return [dict(row.items()) for row in found.result()]

    def channels(self, table):
        """Source and sales channel of the second day's orders, in a table or view."""
        sql = f"SELECT source, sales_channel FROM {{sales}}.{table} "
        found = self.rows(f"{sql} WHERE business_date = '{DAYS[1]}'")
        return {(row["source"], row["sales_channel"]) for row in found}


CHANNELS = {("sales_db", "app"), ("sales_db", "web"), ("storefront", None)}


@pytest.fixture
def shop(start_company):
    told = Ledger(DAYS[0], len(DAYS), orders_per_day=20, seed=5)
    shop = Shop(start_company(own_dataset=True), told)
    with psycopg.connect(shop.company.dsn) as database:
        database.execute("ALTER TABLE orders ADD COLUMN sales_channel text")
    shop.show(DAYS[0])
    run_day(DAYS[0])
    shop.show(DAYS[1])
    return shop


def carried_out(folder, *recipes):
    copy = copy_repository(folder)
    for recipe in recipes:
        for step in steps(recipe):
            step.carry_out(copy)
    return copy


def answer_of(printed):
    answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return answer


def test_a_column_of_your_own_a_source_of_files_retries_and_a_figure(shop, tmp_path):
    recipes = ("A column of your own", "A source", "Retries of one source", "A figure")
    copy = carried_out(tmp_path / "copy", *recipes)
    till = tmp_path / "till"
    till.mkdir()
    (till / f"receipts_{DAYS[1]}.csv").write_text(RECEIPTS)
    settings = {
        "ORDER_ATTRIBUTES": "sales_channel",
        "REPORT_ATTRIBUTE": "sales_channel",
        "TILL_FOLDER": str(till),
    }
    in_copy(copy, "-m", "ecommerce.cli", "migrate", **settings)
    run = RUN.format(day=str(DAYS[1]), reconciled=False)
    report = answer_of(in_copy(copy, "-c", run, **settings))

    assert shop.channels("orders_attributes") >= CHANNELS
    assert {"app", "web", "(none)"} <= {*report["attribute"]}
    headline = {name: float(value) for name, value in report["headline"].items()}
    ratio = headline["units"] / headline["orders"]
    assert headline["units_per_order"] == pytest.approx(ratio, abs=0.01)
    assert any("Till:" in limit for limit in report["limits"])
    sql = "SELECT order_id, gross_amount FROM {sales}.orders WHERE source = 'till'"
    amounts = {row["order_id"]: row["gross_amount"] for row in shop.rows(sql)}
    assert amounts == {"T-1": 19, "T-2": 12}
    # The first day was run without it, and is computed again by this run: nothing is missing there.
    assert str(DAYS[0]) in report["touched_days"]
    days = shop.rows(
        "SELECT complete, missing_sources FROM {sales}.daily_summary "
        f"WHERE business_date IN ('{DAYS[0]}', '{DAYS[1]}')"
    )
    assert days == [{"complete": True, "missing_sources": []}] * 2
    tasks = in_copy(copy, "-c", TASKS).split()
    assert {"extract.storefront=8", "extract.sales_db=5", "extract.till=5"} <= {*tasks}


def agora_order(number, created_at, *lines, **fields):
    """An order of the marketplace; a line is SKU, quantity, price and discount."""
    order = {
        "id": number,
        "status": "shipped",
        "currency": "USD",
        "country": "US",
        "buyer_email": f"{number}@example.com",
        "shipping": 4.9,
        "created_at": created_at,
        "updated_at": created_at,
        "refunds": [],
        "lines": [],
    }
    names = ("sku", "quantity", "price", "discount")
    for place, line in enumerate(lines, 1):
        values = dict(zip(names, line, strict=True))
        more = {"number": place, "title": line[0], "tax": 1.2}
        order["lines"].append(values | more)
    return order | fields


def agora_refund(number, line, amount, at):
    refund = {"id": number, "line": line, "quantity": 1, "amount": amount}
    return refund | {"tax": 0.4, "reason": "broken", "created_at": at}


def agora_sales(shop, day):
    """Gross sales, discounts, returns and net sales of a day."""
    names = ("gross_sales", "discounts", "returns", "net_sales")
    sums = ", ".join(f"SUM({name}) AS {name}" for name in names)
    [row] = shop.rows(
        f"SELECT {sums} FROM {{sales}}.daily_sales "
        f"WHERE source = 'agora' AND business_date = '{day}'"
    )
    return [f"{row[name]:.2f}" for name in names]


def test_a_typed_column_reaches_the_table(shop, tmp_path):
    copy = carried_out(tmp_path / "copy", "A typed column")
    assert "sales_channel" in in_copy(copy, "-m", "ecommerce.cli", "migrate")
    in_copy(copy, "-c", RUN.format(day=str(DAYS[1]), reconciled=False))
    assert shop.channels("orders") >= CHANNELS
    # No order differs from its source.
    script = RUN.format(day=str(DAYS[1]), reconciled=True)
    assert answer_of(in_copy(copy, "-c", script)) == {"differences": []}


def test_an_api_source_and_a_dag(shop, tmp_path, migrated_airflow):
    copy = carried_out(tmp_path / "copy", "An API source", "A DAG")
    tasks = {task.partition("=")[0] for task in in_copy(copy, "-c", TASKS).split()}
    assert {"extract.agora", "agora", "transform__2", "load__2", "checks__2"} <= tasks
    rules = ("-m", "pytest", "-q", "-x", "tests/dags", "-k", "house or unsold_products")
    in_copy(copy, *rules, "-p", "no:cacheprovider")
    with open_agora() as agora:
        assert_findings(copy, agora)
        assert_days_of_an_api(shop, agora, copy)
    assert_mail_of_a_dag(shop, copy, copy_home(migrated_airflow, tmp_path / "home", {}))


def assert_findings(copy, agora):
    """It is off without its connection, and a wrong one is named."""
    wrong = [agora.connection(password=""), agora.connection(password="no")]
    connections = json.dumps(["", *wrong, agora.connection()])
    printed = in_copy(copy, "-c", CONNECTION.format(connections=connections))
    lines = [" ".join(line.split())[:68] for line in printed.splitlines()[-4:]]
    assert lines == [
        "off agora_api agora is off: to switch it on, define the connection a",
        "FAIL agora_api the connection agora_api has no password: set it to t",
        "FAIL agora_api agora_api: GET /orders answered 401 Unauthorized: che",
        "ok agora_api orders changed in the last hour: 0",
    ]


def assert_days_of_an_api(shop, agora, copy):
    """Whole orders, late changes and removals. The shop's day is that of New York: it begins at 04:00 UTC."""

    def run(day, reconciled=False):
        script = RUN.format(day=str(day), reconciled=reconciled)
        printed = in_copy(copy, "-c", script, AIRFLOW_CONN_AGORA_API=agora.connection())
        assert '"GET /orders?created_since=' in printed, "the log has the requests"
        assert TOKEN not in printed
        return answer_of(printed)

    first, second = (f"{day}T16:30:00Z" for day in DAYS[1:])
    orders = [
        agora_order("B 1", first, ("MUG-01", 3, 19.99, 5.0), ("CARD", 1, 0.1, 0)),
        agora_order("B 2", f"{DAYS[1]}T04:00:00Z", ("MUG-02", 2, 4.35, 0)),
        agora_order("B 3", first, ("MUG-02", 1, 100, 0), status="cancelled"),
        agora_order("B 4", f"{DAYS[2]}T03:59:59Z", ("MUG-01", 1, 19.99, 0)),
        agora_order("B 5", f"{DAYS[2]}T04:00:00Z", ("CARD", 7, 0.1, 0.07)),
    ]
    orders[0]["refunds"] = [agora_refund("R 1", 1, 18.32, first)]
    agora.orders = {order["id"]: order for order in orders}
    agora.requests.clear()
    agora.refusals = 1
    assert any(limit.startswith("Agora:") for limit in run(DAYS[1])["limits"])
    assert agora_sales(shop, DAYS[1]) == ["88.76", "5.00", "18.32", "65.44"]
    # Changed since the last read.
    assert agora_sales(shop, DAYS[2]) == ["0.70", "0.07", "0.00", "0.63"]
    assert [status for status, _ in agora.requests].count(429) == 1
    assert sum("cursor=" in path for _, path in agora.requests) >= 2
    assert not [path for _, path in agora.requests if TOKEN in path]

    # A card more, and a mug that comes back a day later.
    orders[0]["lines"][1]["quantity"] = 2
    orders[1]["refunds"] = [agora_refund("R 2", 1, 4.35, second)]
    orders[0]["updated_at"] = orders[1]["updated_at"] = second
    shop.show(DAYS[2])
    run(DAYS[2])
    assert agora_sales(shop, DAYS[1]) == ["88.86", "5.00", "18.32", "65.54"]
    assert agora_sales(shop, DAYS[2]) == ["0.70", "0.07", "4.35", "-3.72"]

    del agora.orders["B 4"]
    [difference] = run(DAYS[2], reconciled=True)["differences"]
    assert (difference["source"], difference["what"]) == (
        "agora",
        "orders: 1 gone from the source",
    )
    assert (404, "/orders/B%204") in agora.requests
    assert agora_sales(shop, DAYS[1]) == ["68.87", "5.00", "18.32", "45.55"]


def assert_mail_of_a_dag(shop, copy, airflow):
    gnome = (
        "INSERT INTO {sales}.products (sku, name) VALUES ('GNOME-9', 'Garden gnome')"
    )
    shop.rows(gnome)
    code = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(copy / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(copy / "plugins"),
        "PYTHONPATH": str(copy / "plugins"),
    }
    conf = json.dumps({"business_date": str(DAYS[0])})
    test = ("-m", "airflow", "dags", "test", "unsold_products", "-c", conf)
    with open_mailbox(airflow.folder / "mail") as mailbox:
        in_copy(copy, *test, **airflow.own() | mailbox.environment() | code)
        [mail] = mailbox.messages()
    assert re.fullmatch(r"\d+ unsold products", mail["Subject"])
    assert "GNOME-9  Garden gnome" in mail.get_body(("plain",)).get_content()


OF_ANOTHER_SCHEMA = """
import json
from datetime import date
import duckdb, psycopg
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.transform import transform
from ecommerce.sources import sales_db
from ecommerce.sources.sales_db import sales_query
day = day_window(date(2026, 3, 10), "Europe/Berlin")
window = ReadWindow("sales_db", day, day.start, day.end, {folder!r}, known_orders=["4", "99"])
checked = [level for level, _ in sales_db.check()]
done = transform(sales_db.extract(window), run_id="recipe")
def rows(name, columns):
    sql = f"SELECT {{columns}} FROM '{{done.file(name + '.parquet')}}' ORDER BY ALL"
    return [[str(value) for value in row] for row in duckdb.sql(sql).fetchall()]
plans = {{}}
with psycopg.connect({dsn!r}) as connection:
    connection.execute("SET enable_seqscan = off")
    for name in ("orders", "order_items", "refunds"):
        query = sales_query(name, window)
        text = psycopg.ClientCursor(connection).mogrify("EXPLAIN " + query.sql, query.parameters)
        plans[name] = "Seq Scan" in str(connection.execute(text).fetchall())
print(json.dumps({{
    "checked": checked,
    "orders": rows(
        "orders", "order_id, status, is_sale, gross_amount, discount_amount, shipping_amount, business_date"
    ),
    "lines": rows("order_lines", "order_id, sku, category, unit_price, tax_amount"),
    "refunds": rows("refunds", "refund_id, order_id, line_number, merchandise_amount, business_date"),
    "removed": rows("order_versions", "order_id"),
    "customers": len({{row[0] for row in rows("customers", "customer_hash")}}),
    "rejected": done.control_totals["rejected"],
    "scanned": [name for name, is_scanned in plans.items() if is_scanned],
}}))
"""


def test_another_schema_is_mapped_in_one_file(database, postgres_server, tmp_path):
    copy = carried_out(tmp_path / "copy", "Another schema")
    assert {step.path for step in steps("Another schema")} == {
        "include/sql/extract/sales_db/schema.sql"
    }
    shop = Path(__file__).parent / "other_shop" / "other_schema.sql"
    indexes = re.findall(r"^ *(CREATE INDEX .+;)$", RECIPES.read_text(), re.M)
    postgres_server.psql("\n".join([shop.read_text(), *indexes]), database)
    dsn = postgres_server.dsn(database)
    script = OF_ANOTHER_SCHEMA.format(folder=f"file://{tmp_path}/run/sales_db", dsn=dsn)
    settings = {
        "SHOP_TIMEZONE": "Europe/Berlin",
        "REPORTING_CURRENCY": "EUR",
        "CUSTOMER_HASH_KEY": "0" * 16,
    }
    answer = in_copy(
        copy, "-c", script, AIRFLOW_CONN_SALES_DB=dsn, **settings
    ).splitlines()[-1]
    day = "2026-03-10"
    assert json.loads(answer) == {
        "checked": ["ok"],
        "orders": [
            ["1", "processing", "True", "0.9000", "0.1000", "4.9000", day],
            ["2", "shipped", "True", "0.9000", "0.1000", "0.1000", day],
            [
                "4",
                "processing",
                "True",
                "0.9000",
                "0.1000",
                "0.0000",
                "2026-02-01",
            ],  # refunded on the day
        ],
        "lines": [[order, "BECHER", "Geschirr", "0.3000", "0.0700"] for order in "124"],
        "refunds": [["90", "4", "1", "0.3000", day]],
        "removed": [["1"], ["2"], ["4"], ["99"]],
        "customers": 2,
        "rejected": {},
        "scanned": [],
    }
