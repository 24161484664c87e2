"""The recipes of docs/RECIPES.md, carried out on a copy of the repository as a reader would, and then run."""

import ast
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.ledger import Ledger
from tests.integration.agora import TOKEN, open_agora
from tests.integration.airflow_process import copy as copy_home
from tests.integration.daily_run import morning_after, run_day
from tests.integration.mailbox import open_mailbox
from tests.recipes import RECIPES, copy_repository, in_copy, steps

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
RECEIPTS = """receipt,sku,quantity,price,currency,sold_at
T-1,MUG-01,2,9.50,USD,2026-09-02T14:00:00-04:00
T-2,MUG-02,1,12.00,USD,2026-09-02T15:30:00-04:00
"""


def carried_out(copy: Path, *recipes: str) -> Path:
    for step in [each for recipe in recipes for each in steps(recipe)]:
        step.carry_out(copy)
    return copy


RUN = """
import json
from datetime import date
from tests.integration.daily_run import report_of, run_day
day = date.fromisoformat({day!r})
loaded = run_day(day, run_id="recipe")
report = report_of(day, "recipe")
print(json.dumps({{
    "headline": {{name: str(each.value) for name, each in report.headline.items()}},
    "attribute": {{each.name: str(each.gross_sales) for each in report.attributes}},
    "touched_days": [str(each) for each in loaded.touched_days],
    "limits": report.quality.limits,
}}))
"""


def run_in_copy(copy: Path, day: date, **environment: str) -> dict[str, Any]:
    """Run a day with the code of the copy; what its report says."""
    answer: dict[str, Any] = json.loads(
        in_copy(copy, "-c", RUN.format(day=str(day)), **environment).splitlines()[-1]
    )
    return answer


@pytest.fixture
def shop(start_company):
    """A company whose first day was run before anybody changed anything; its orders name a sales channel."""
    company = start_company(own_dataset=True)
    told = Ledger(DAYS[0], len(DAYS), orders_per_day=20, seed=5)
    with psycopg.connect(company.dsn) as database:
        database.execute("ALTER TABLE orders ADD COLUMN sales_channel text")

    def show(day: date) -> None:
        company.show(told.as_of(morning_after(day)))
        with psycopg.connect(company.dsn) as database:
            database.execute(
                "UPDATE orders SET sales_channel = CASE WHEN hashtext(order_id) % 2 = 0 "
                "THEN 'app' ELSE 'web' END"
            )

    show(DAYS[0])
    run_day(DAYS[0])
    show(DAYS[1])
    company.show_day = show
    return company


def rows(company, sql: str) -> list[dict[str, Any]]:
    return [
        dict(row.items())
        for row in company.client.query(sql.format(sales=company.dataset)).result()
    ]


def test_a_column_of_your_own_reaches_view_and_report(shop, tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "A column of your own")
    settings = {
        "ORDER_ATTRIBUTES": "sales_channel",
        "REPORT_ATTRIBUTE": "sales_channel",
    }
    in_copy(copy, "-m", "ecommerce.cli", "migrate", **settings)
    report = run_in_copy(copy, DAYS[1], **settings)
    with psycopg.connect(shop.dsn) as database:
        known = dict(
            database.execute("SELECT order_id, sales_channel FROM orders").fetchall()
        )
    found = rows(
        shop,
        "SELECT source, order_id, sales_channel FROM {sales}.orders_attributes "
        f"WHERE business_date = '{DAYS[1]}'",
    )
    of_database = {
        row["order_id"]: row["sales_channel"]
        for row in found
        if row["source"] == "sales_db"
    }
    assert of_database
    assert of_database == {order_id: known[order_id] for order_id in of_database}
    assert {row["sales_channel"] for row in found if row["source"] != "sales_db"} == {
        None
    }
    assert {"app", "web", "(none)"} <= report["attribute"].keys()


def test_a_typed_column_reaches_the_table_and_makes_no_order_differ(shop, tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "A typed column")
    assert "sales_channel" in in_copy(copy, "-m", "ecommerce.cli", "migrate")
    run_in_copy(copy, DAYS[1])
    found = rows(
        shop, "SELECT source, business_date, sales_channel FROM {sales}.orders"
    )
    of_day = {
        (row["source"], row["sales_channel"])
        for row in found
        if row["business_date"] == DAYS[1]
    }
    assert {("sales_db", "app"), ("sales_db", "web"), ("storefront", None)} <= of_day
    assert None in {
        row["sales_channel"] for row in found if row["source"] == "sales_db"
    }, "read before"
    compare = (
        "from datetime import timedelta, date\n"
        "from tests.integration.daily_run import morning_after\n"
        "from tests.integration.other_runs import compare\n"
        f"print('differences:', compare(morning_after(date.fromisoformat('{DAYS[1]}')) + timedelta(hours=2)))"
    )
    assert in_copy(copy, "-c", compare).splitlines()[-1] == "differences: []"


def test_a_source_is_a_folder_and_a_line(shop, tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "A source")
    till = tmp_path / "till"
    till.mkdir()
    (till / f"receipts_{DAYS[1]}.csv").write_text(RECEIPTS)
    report = run_in_copy(copy, DAYS[1], TILL_FOLDER=str(till))
    assert any("Till:" in limit for limit in report["limits"])
    found = rows(
        shop, "SELECT order_id, gross_amount FROM {sales}.orders WHERE source = 'till'"
    )
    assert {row["order_id"]: row["gross_amount"] for row in found} == {
        "T-1": 19,
        "T-2": 12,
    }
    # The first day was run without it, and is computed again by this run: nothing is missing there.
    assert str(DAYS[0]) in report["touched_days"]
    complete = {
        row["business_date"]: (row["complete"], row["missing_sources"])
        for row in rows(
            shop,
            "SELECT business_date, complete, missing_sources FROM {sales}.daily_summary",
        )
    }
    assert complete[DAYS[1]] == (True, [])
    assert complete[DAYS[0]] == (True, [])


OF_AN_API = """
import json, logging, sys
from datetime import date, timedelta
from tests.integration import daily_run, other_runs
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True)  # Airflow has set up its own
day, answer = date.fromisoformat({day!r}), {{}}
if {reconciled}:
    answer["differences"] = other_runs.reconcile(daily_run.morning_after(day) + timedelta(hours=2))
else:
    daily_run.run_day(day, run_id="recipe")
    answer["limits"] = daily_run.report_of(day, "recipe").quality.limits
print(json.dumps(answer))
"""
OF_ITS_CONNECTION = """
import json, os
from ecommerce.cli.check import findings
for connection in json.loads({connections!r}):
    if connection:
        os.environ["AIRFLOW_CONN_AGORA_API"] = connection
    print(*findings(["agora_api"]))
"""
OF_ITS_TASKS = """
from dags import daily_sales_pipeline, storefront_orders_sync
print(*(task for each in (daily_sales_pipeline, storefront_orders_sync) for task in each.dag.task_ids))
"""


def agora_order(
    number: str, created_at: str, *lines: tuple[str, int, float, float], **fields: Any
) -> dict:
    """An order of the marketplace; a line is SKU, quantity, price and discount."""
    return {
        **{"id": number, "status": "shipped", "currency": "USD", "country": "US"},
        **{"buyer_email": f"{number}@example.com", "shipping": 4.9},
        **{"created_at": created_at, "updated_at": created_at, "refunds": []},
        "lines": [
            {
                "number": n,
                "sku": sku,
                "title": sku,
                "quantity": units,
                "price": price,
                "discount": off,
                "tax": 1.2,
            }
            for n, (sku, units, price, off) in enumerate(lines, 1)
        ],
    } | fields


def agora_refund(
    number: str, line: int, amount: float, created_at: str
) -> dict[str, Any]:
    at = {"created_at": created_at}
    return {
        "id": number,
        "line": line,
        "quantity": 1,
        "amount": amount,
        "tax": 0.4,
        "reason": "broken",
    } | at


def agora_sales(shop) -> dict[date, list[Decimal]]:
    """Gross sales, discounts, returns and net sales by day."""
    names = ("gross_sales", "discounts", "returns", "net_sales")
    sums = ", ".join(f"SUM({name}) AS {name}" for name in names)
    found = rows(
        shop,
        f"SELECT business_date, {sums} FROM {{sales}}.daily_sales WHERE source = 'agora' "
        f"AND business_date >= '{DAYS[0]}' GROUP BY business_date",
    )
    return {row["business_date"]: [row[name] for name in names] for row in found}


def test_an_api_source_is_off_without_its_connection_and_keeps_the_rules(tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "An API source")
    with open_agora() as agora:
        wrong = [agora.connection(password=""), agora.connection(password="no")]
        script = OF_ITS_CONNECTION.format(
            connections=json.dumps(["", *wrong, agora.connection()])
        )
        lines = [
            line.split(maxsplit=2)
            for line in in_copy(copy, "-c", script).splitlines()[-4:]
        ]
    assert [(state, subject, text[:62]) for state, subject, text in lines] == [
        (
            "off",
            "agora_api",
            "agora is off: to switch it on, define the connection agora_api",
        ),
        (
            "FAIL",
            "agora_api",
            "the connection agora_api has no password: set it to the API to",
        ),
        (
            "FAIL",
            "agora_api",
            "agora_api: GET /orders answered 401 Unauthorized: check login,",
        ),
        ("ok", "agora_api", "orders changed in the last hour: 0"),
    ]
    tasks = in_copy(copy, "-c", OF_ITS_TASKS).splitlines()[-1].split()
    assert {"extract.agora", "agora", "transform__2", "load__2", "checks__2"} <= set(
        tasks
    )
    in_copy(copy, "-m", "pytest", "-q", "-x", "tests/dags/test_house.py")


def test_an_api_source_reads_whole_orders_late_changes_and_removals(shop, tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "An API source")

    def run(day: date, reconciled: bool = False) -> dict[str, Any]:
        script = OF_AN_API.format(day=str(day), reconciled=reconciled)
        printed = in_copy(copy, "-c", script, AIRFLOW_CONN_AGORA_API=agora.connection())
        assert '"GET /orders?created_since=' in printed, "the log has the requests"
        assert TOKEN not in printed
        answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return answer

    with open_agora() as agora:
        # The shop's day is that of New York: it begins at 04:00 UTC. The last order is of the next day.
        first, second = (f"{day}T16:30:00Z" for day in DAYS[1:])
        placed = [
            agora_order("B 1", first, ("MUG-01", 3, 19.99, 5.0), ("CARD", 1, 0.1, 0)),
            agora_order("B 2", f"{DAYS[1]}T04:00:00Z", ("MUG-02", 2, 4.35, 0)),
            agora_order("B 3", first, ("MUG-02", 1, 100, 0), status="cancelled"),
            agora_order("B 4", f"{DAYS[2]}T03:59:59Z", ("MUG-01", 1, 19.99, 0)),
            agora_order("B 5", f"{DAYS[2]}T04:00:00Z", ("CARD", 7, 0.1, 0.07)),
        ]
        placed[0]["refunds"] = [agora_refund("R 1", 1, 18.32, first)]
        agora.orders = {order["id"]: order for order in placed}
        agora.refusals = 1
        assert any(limit.startswith("Agora:") for limit in run(DAYS[1])["limits"])
        gross = (
            3 * Decimal("19.99")
            + Decimal("0.10")
            + 2 * Decimal("4.35")
            + Decimal("19.99")
        )
        returned = Decimal("18.32")
        sales = {DAYS[1]: [gross, Decimal(5), returned, gross - 5 - returned]}
        next_day = [Decimal("0.70"), Decimal("0.07"), Decimal(0), Decimal("0.63")]
        sales[DAYS[2]] = next_day  # changed since the last read
        assert agora_sales(shop) == sales
        assert [status for status, _ in agora.requests].count(429) == 1
        assert (
            sum("cursor=" in path for status, path in agora.requests if status == 200)
            >= 2
        )
        assert not [path for _, path in agora.requests if TOKEN in path]

        # A card more, and a mug that comes back a day later.
        placed[0]["lines"][1]["quantity"] = 2
        placed[1]["refunds"] = [agora_refund("R 2", 1, 4.35, second)]
        placed[0]["updated_at"] = placed[1]["updated_at"] = second
        shop.show_day(DAYS[2])
        run(DAYS[2])
        gross += Decimal("0.10")
        sales[DAYS[1]] = [gross, Decimal(5), returned, gross - 5 - returned]
        sales[DAYS[2]] = [
            *next_day[:2],
            Decimal("4.35"),
            Decimal("0.63") - Decimal("4.35"),
        ]
        assert agora_sales(shop) == sales

        del agora.orders["B 4"]
        [difference] = run(DAYS[2], reconciled=True)["differences"]
        assert (difference["business_date"], difference["source"]) == (
            str(DAYS[1]),
            "agora",
        )
        assert difference["what"] == "orders: 1 gone from the source"
        assert (404, "/orders/B%204") in agora.requests
        gross -= Decimal("19.99")
        sales[DAYS[1]] = [gross, Decimal(5), returned, gross - 5 - returned]
        assert agora_sales(shop) == sales


def test_a_source_has_retries_of_its_own(tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "Retries of one source")
    (copy / "print_retries.py").write_text(
        "from dags.daily_sales_pipeline import dag\n"
        "print({task.task_id: task.retries for task in dag.task_group.children['extract'].children.values()})"
    )
    retries = ast.literal_eval(in_copy(copy, "print_retries.py").splitlines()[-1])
    assert retries["extract.storefront"] == 8
    assert retries["extract.sales_db"] == retries["extract.partner_files"] == 5


def test_a_figure_is_in_report_mail_and_csv(shop, tmp_path):
    copy = carried_out(copy_repository(tmp_path / "copy"), "A figure")
    headline = run_in_copy(copy, DAYS[1])["headline"]
    assert float(headline["units_per_order"]) == pytest.approx(
        float(headline["units"]) / float(headline["orders"]), abs=0.01
    )
    written = (
        "from tests.unit.sales.report.samples import DAY, make_figures\n"
        "from pathlib import Path\n"
        "from ecommerce.sales.report import archive\n"
        "from ecommerce.sales.report.figures.model import HEADLINE, Figure\n"
        "from ecommerce.sales.report.figures_csv import figures_csv\n"
        "made = make_figures()\n"
        "made = made.model_copy(update={'headline': {name: made.headline.get(name, Figure(value=2)) "
        "for name in HEADLINE}})\n"
        "archive.write_document(made, Path('.'))\n"
        "print([line for line in figures_csv(made).splitlines() if 'units_per_order' in line])\n"
    )
    assert (
        in_copy(copy, "-c", written)
        .splitlines()[-1]
        .endswith("units_per_order,2,,true']")
    )
    from pypdf import PdfReader

    assert "Units per order" in "".join(
        page.extract_text() for page in PdfReader(copy / "report.pdf").pages
    )


def test_a_dag_keeps_the_rules_and_mails(shop, tmp_path, migrated_airflow):
    copy = carried_out(copy_repository(tmp_path / "copy"), "A DAG")
    in_copy(
        copy,
        "-m",
        "pytest",
        "-q",
        "-x",
        "tests/dags",
        "-k",
        "unsold_products or assortment or runbook",
    )
    rows(
        shop,
        "INSERT INTO {sales}.products (sku, name) VALUES ('GNOME-9', 'Garden gnome')",
    )
    own = copy_home(migrated_airflow, tmp_path / "airflow", {}).own()
    code = {
        f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(copy / name)
        for name in ("dags", "plugins")
    }
    with open_mailbox(tmp_path / "mail") as mailbox:
        in_copy(
            copy,
            *(
                "-m",
                "airflow",
                "dags",
                "test",
                "unsold_products",
                "-c",
                f'{{"business_date": "{DAYS[0]}"}}',
            ),
            **own
            | code
            | mailbox.environment()
            | {"PYTHONPATH": str(copy / "plugins")},
        )
        [mail] = mailbox.messages()
    assert mail["Subject"] == "1 unsold products"
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
    copy = carried_out(copy_repository(tmp_path / "copy"), "Another schema")
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
