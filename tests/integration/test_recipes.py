"""The recipes of docs/RECIPES.md, carried out on copies of the repository as a reader would, and then run."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from demo.ledger import Ledger
from tests.integration.agora import TOKEN, open_agora
from tests.integration.airflow_process import code_in
from tests.integration.airflow_process import copy as copy_home
from tests.integration.daily_run import morning_after, run_day
from tests.integration.mailbox import open_mailbox
from tests.psql import psql
from tests.recipes import RECIPES, copy_repository, in_copy, steps

pytestmark = pytest.mark.nightly

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
CHANNELS = {
    ("sales_db", "app"),
    ("sales_db", "web"),
    ("storefront", None),
}
RECEIPTS = """receipt,sku,quantity,price,currency,sold_at
T-1,MUG-01,2,9.50,USD,2026-09-02T14:00:00-04:00
T-2,MUG-02,1,12.00,USD,2026-09-02T15:30:00-04:00
"""
RUN = """
import json
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from ecommerce.sales.report.archive import PDF
from ecommerce.sales.report.build import write_document
from pypdf import PdfReader
from tests.integration import daily_run
day = date.fromisoformat({day!r})
result = daily_run.run_day(day, run_id="recipe")
report = daily_run.report_of(day, "recipe")
folder = Path(mkdtemp(dir="."))
write_document(report, folder)
print(json.dumps({{
    "touched_days": [str(each) for each in result.touched_days],
    "headline": {{name: float(each.value) for name, each in report.headline.items()}},
    "attribute": [each.name for each in report.attributes],
    "statuses": sum(each.orders for each in getattr(report, "statuses", [])),
    "document": " ".join(page.extract_text() for page in PdfReader(folder / PDF).pages),
    "limits": report.quality.limits,
}}))
"""
RECONCILE = """
import json
from datetime import datetime
from tests.integration import other_runs
print(json.dumps(other_runs.reconcile(datetime.fromisoformat({at!r}))))
"""
TASKS = """
from dags import daily_sales_pipeline, storefront_orders_sync
for each in (daily_sales_pipeline, storefront_orders_sync):
    print(*(f"{task.task_id}={task.retries}" for task in each.dag.tasks))
"""


class Shop:
    """A company whose first day was run before anybody changed anything; its orders name a sales channel."""

    def __init__(self, company):
        self.company = company
        self.ledger = Ledger(
            DAYS[0],
            len(DAYS),
            orders_per_day=20,
            seed=5,
        )
        with psycopg.connect(company.dsn) as database:
            database.execute("ALTER TABLE orders ADD COLUMN sales_channel text")
        self.show(DAYS[0])
        run_day(DAYS[0])
        self.show(DAYS[1])

    def show(self, day):
        self.company.show(self.ledger.as_of(morning_after(day)))
        with psycopg.connect(self.company.dsn) as database:
            database.execute(
                "UPDATE orders SET sales_channel = CASE WHEN hashtext(order_id) % 2 = 0 "
                "THEN 'app' ELSE 'web' END"
            )

    def rows(self, sql):
        answer = self.company.client.query(sql.format(sales=self.company.dataset))
        return [tuple(row.values()) for row in answer.result()]

    def channels(self, table):
        """Source and sales channel of the second day's orders, in a table or view."""
        sql = f"SELECT source, sales_channel FROM {{sales}}.{table} "
        return {*self.rows(f"{sql} WHERE business_date = '{DAYS[1]}'")}


@pytest.fixture
def shop(start_company):
    return Shop(start_company(own_dataset=True))


def carried_out(folder, *recipes):
    copy = copy_repository(folder)
    for recipe in recipes:
        for step in steps(recipe):
            step.carry_out(copy)
    return copy


def answer_of(printed):
    return json.loads(printed.splitlines()[-1])


def test_a_column_a_source_of_files_retries_a_figure_a_section_a_check_and_a_dag(
    shop, tmp_path, migrated_airflow
):
    recipes = (
        "A column of your own",
        "A source",
        "Retries of one source",
        "A figure",
        "A section",
        "A check",
    )
    copy = carried_out(
        tmp_path / "copy",
        *recipes,
        "A DAG",
    )
    till = tmp_path / "till"
    till.mkdir()
    (till / f"receipts_{DAYS[1]}.csv").write_text(RECEIPTS)
    settings = {
        "ORDER_ATTRIBUTES": "sales_channel",
        "REPORT_ATTRIBUTE": "sales_channel",
        "TILL_FOLDER": str(till),
    }
    in_copy(copy, "-m", "ecommerce.cli", "migrate", **settings)
    run = RUN.format(day=str(DAYS[1]))
    report = answer_of(in_copy(copy, "-c", run, **settings))

    assert shop.channels("orders_attributes") >= CHANNELS
    assert {"app", "web", "(none)"} <= {*report["attribute"]}
    headline = report["headline"]
    ratio = headline["units"] / headline["orders"]
    assert headline["units_per_order"] == pytest.approx(ratio, abs=0.01)
    assert report["statuses"] >= headline["orders"] > 0
    assert report["document"].count("Orders by status") == 1
    assert "Units per order" in report["document"]
    assert any("Till:" in limit for limit in report["limits"])
    sql = "SELECT order_id, gross_amount FROM {sales}.orders WHERE source = 'till'"
    assert dict(shop.rows(sql)) == {"T-1": 19, "T-2": 12}
    # The first day was run without it, and is computed again by this run: nothing is missing there.
    assert str(DAYS[0]) in report["touched_days"]
    days = shop.rows(
        "SELECT complete, missing_sources FROM {sales}.daily_summary "
        f"WHERE business_date IN ('{DAYS[0]}', '{DAYS[1]}')"
    )
    assert days == [(True, [])] * 2
    tasks = in_copy(copy, "-c", TASKS).split()
    assert {"extract.storefront=8", "extract.sales_db=5", "extract.till=5"} <= {*tasks}
    assert_mail_of_the_dag(
        shop, copy, copy_home(migrated_airflow, tmp_path / "home", {})
    )


def assert_mail_of_the_dag(shop, copy, airflow):
    sql = "INSERT INTO {sales}.products (sku, name) VALUES ('GNOME-9', 'Garden gnome')"
    shop.rows(sql)
    conf = json.dumps({"business_date": str(DAYS[0])})
    test = ("-m", "airflow", "dags", "test", "unsold_products", "-c", conf)
    with open_mailbox(airflow.folder / "mail") as mailbox:
        in_copy(
            copy,
            *test,
            **airflow.own() | mailbox.environment() | code_in(copy),
        )
        [mail] = mailbox.messages()
    assert re.fullmatch(r"\d+ unsold products", mail["Subject"])
    assert "GNOME-9  Garden gnome" in mail.get_body(("plain",)).get_content()


def test_a_typed_column_reaches_the_table(shop, tmp_path):
    copy = carried_out(tmp_path / "copy", "A typed column")
    assert "sales_channel" in in_copy(copy, "-m", "ecommerce.cli", "migrate")
    in_copy(
        copy,
        "-c",
        RUN.format(day=str(DAYS[1])),
    )
    assert shop.channels("orders") >= CHANNELS


def test_ad_spend_and_net_sales_give_the_marketing_efficiency_ratio(shop, tmp_path):
    copy = carried_out(tmp_path / "copy", "Ad spend")
    in_copy(copy, "-m", "ecommerce.cli", "migrate")
    day = DAYS[0]
    shop.rows(
        "INSERT INTO {sales}.ad_spend (business_date, channel, amount) VALUES "
        f"('{day}', 'storefront', 20), ('{day}', 'storefront', 30), ('{day}', 'tv', 150)"
    )
    [(net_sales, of_storefront)] = shop.rows(
        "SELECT SUM(net_sales_reporting), SUM(IF(channel = 'storefront', net_sales_reporting, 0)) "
        f"FROM {{sales}}.daily_sales WHERE business_date = '{day}'"
    )
    rows = shop.rows(
        "SELECT channel, ad_spend, net_sales, efficiency_ratio FROM {sales}.marketing_efficiency "
        f"WHERE business_date = '{day}' AND channel IN ('storefront', 'tv', 'total')"
    )
    close = Decimal("0.0001")
    assert sorted(rows) == [
        (
            "storefront",
            50,
            of_storefront,
            pytest.approx(
                of_storefront / 50,
                abs=close,
            ),
        ),
        (
            "total",
            200,
            net_sales,
            pytest.approx(net_sales / 200, abs=close),
        ),
        ("tv", 150, 0, 0),
    ]


def test_an_api_source(shop, tmp_path):
    copy = carried_out(tmp_path / "copy", "An API source")
    tasks = {task.partition("=")[0] for task in in_copy(copy, "-c", TASKS).split()}
    assert {"extract.agora", "agora", "transform__2", "load__2", "checks__2"} <= tasks
    with open_agora() as agora:
        assert_days_of_an_api(shop, agora, copy)


def assert_days_of_an_api(shop, agora, copy):
    """Whole orders, a late change and a removal."""

    def run(script):
        connection = agora.connection()
        printed = in_copy(copy, "-c", script, AIRFLOW_CONN_AGORA_API=connection)
        assert TOKEN not in printed
        return answer_of(printed)

    report = run(RUN.format(day=str(DAYS[1])))
    assert any(limit.startswith("Agora:") for limit in report["limits"])
    assert agora_sales(shop, DAYS[1]) == ["88.76", "5.00", "18.32", "65.44"]
    assert any("cursor=" in url for url in agora.requests)

    # A card more, which a later run reads.
    order = agora.orders["B 1"]
    order["lines"][1]["quantity"] = 2
    order["updated_at"] = f"{DAYS[2]}T16:30:00Z"
    shop.show(DAYS[2])
    run(RUN.format(day=str(DAYS[2])))
    assert agora_sales(shop, DAYS[1]) == ["88.86", "5.00", "18.32", "65.54"]
    assert agora_sales(shop, DAYS[2]) == ["0.70", "0.07", "0.00", "0.63"]

    del agora.orders["B 4"]
    at = morning_after(DAYS[2]) + timedelta(hours=2)
    # No order differs from its source but the one that is gone.
    [difference] = run(RECONCILE.format(at=at.isoformat()))
    gone = ("agora", "orders: 1 gone from the source")
    assert (difference["source"], difference["what"]) == gone
    assert agora_sales(shop, DAYS[1]) == ["68.87", "5.00", "18.32", "45.55"]


def agora_sales(shop, day):
    """Gross sales, discounts, returns and net sales of a day."""
    [row] = shop.rows(
        "SELECT SUM(gross_sales), SUM(discounts), SUM(returns), SUM(net_sales) "
        "FROM {sales}.daily_sales "
        f"WHERE source = 'agora' AND business_date = '{day}'"
    )
    return [f"{value:.2f}" for value in row]


OF_ANOTHER_SCHEMA = """
import json
from datetime import date
import duckdb
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.transform import transform
from ecommerce.sources import SALES_DB
from ecommerce.sources import sales_db
day = day_window(date(2026, 3, 10), "Europe/Berlin")
window = ReadWindow("sales_db", day, day.start, day.end, {folder!r}, also_read=["4", "99"])
checked = [level for level, _ in sales_db.check("sales_db")]
done = transform(SALES_DB.source().extract(window), run_id="recipe")
def rows(name, columns):
    sql = f"SELECT {{columns}} FROM '{{done.file(name + '.parquet')}}' ORDER BY ALL"
    return [" ".join(map(str, row)) for row in duckdb.sql(sql).fetchall()]
print(json.dumps({{
    "checked": checked,
    "orders": rows(
        "orders", "order_id, status, is_sale, gross_amount, discount_amount, shipping_amount, business_date"
    ),
    "lines": rows("order_lines", "order_id, sku, category, unit_price, tax_amount"),
    "refunds": rows("refunds", "refund_id, order_id, line_number, merchandise_amount, business_date"),
    "removed": rows("order_versions", "order_id"),
    "customers": len({{*rows("customers", "customer_hash")}}),
    "rejected": done.control_totals["rejected"],
}}))
"""


def test_another_schema_is_mapped_in_one_file(database, postgres_server, tmp_path):
    copy = carried_out(tmp_path / "copy", "Another schema")
    schema = Path(__file__).parent / "other_shop" / "other_schema.sql"
    indexes = re.findall(
        r"^ *(CREATE INDEX .+;)$",
        RECIPES.read_text(),
        re.M,
    )
    psql(postgres_server, "\n".join([schema.read_text(), *indexes]), database)
    dsn = postgres_server.dsn(database)
    script = OF_ANOTHER_SCHEMA.format(folder=f"file://{tmp_path}/run/sales_db")
    settings = {
        "AIRFLOW_CONN_SALES_DB": dsn,
        "SHOP_TIMEZONE": "Europe/Berlin",
        "REPORTING_CURRENCY": "EUR",
        "CUSTOMER_HASH_KEY": "0" * 16,
    }
    answer = answer_of(in_copy(copy, "-c", script, **settings))
    assert answer["checked"] == ["ok"]
    assert answer["orders"] == [
        "1 processing True 0.9000 0.1000 4.9000 2026-03-10",
        "2 shipped True 0.9000 0.1000 0.1000 2026-03-10",
        # Refunded on the day.
        "4 processing True 0.9000 0.1000 0.0000 2026-02-01",
    ]
    line = "BECHER Geschirr 0.3000 0.0700"
    assert answer["lines"] == [f"{order_id} {line}" for order_id in (1, 2, 4)]
    assert answer["refunds"] == ["90 4 1 0.3000 2026-03-10"]
    assert answer["removed"] == ["1", "2", "4", "99"]
    assert answer["customers"] == 2
    assert answer["rejected"] == {}
