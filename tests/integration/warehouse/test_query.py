"""`make query`, against the emulator: it answers, changes nothing, and says in a sentence what it refuses."""

import csv
import io
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

from ecommerce.cli import __main__ as command_line
from tests import queries
from tests.integration.warehouse.loadable import Folder, Order
from tests.integration.warehouse_contents import deployment
from tests.recipes import REPOSITORY

SAMPLES = [
    sql.replace("sales.", "")  # the tests' dataset has another name
    for file in ("docs/QUERIES.md", "docs/DEFINITIONS.md", "README.md")
    for block in re.findall(
        r"^```sql\n(.+?)^```$",
        (REPOSITORY / file).read_text(),
        re.MULTILINE | re.DOTALL,
    )
    for sql in block.split(";\n")
    if sql.strip()
]
LATELY = datetime.now(UTC) - timedelta(days=1)


pytestmark = pytest.mark.usefixtures("no_env_file")


def ask(capsys, *arguments):
    code = command_line.main(["query", *arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


COMMAND = """
import sys
from ecommerce.cli.__main__ import main
codes = [main(["query", "--sql", sql]) for sql in sys.argv[1:]]
slow = {"airflow", "pandas", "sqlalchemy"} & sys.modules.keys()
assert not slow, f"imported: {sorted(slow)}"
assert codes == [0, 1, 1], codes
"""


def test_a_query_imports_neither_airflow_nor_pandas(bigquery_emulator, installation):
    settings = deployment(bigquery_emulator, installation, "shop")
    lines = [f"{name}={value}" for name, value in settings.items()]
    (installation / ".env").write_text("\n".join(lines))
    known = os.environ.items()
    own = {name: value for name, value in known if not name.startswith("AIRFLOW")}
    statements = (
        "SELECT 1 AS one",
        "DELETE FROM orders WHERE TRUE",
        "SELECT nothing_like_it",
    )
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *statements],
        env=own | {"PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for text in ("one", "was not run", "cannot be run"):
        assert text in done.stdout + done.stderr


def test_the_query_of_differences_has_what_the_shops_own_report_may_add(
    shop, capsys, tmp_path
):
    amount = ("amount", LATELY, "3.00")
    edit = ("removed-1", LATELY, "1.00", 1)
    orders = [
        Order(
            "1",
            LATELY,
            fee="1.50",
            refunds=[amount],
            line_refunds=[edit],
        ),
        Order(
            "2",
            LATELY,
            status="on-hold",
            is_sale=False,
        ),
        Order(
            "3",
            LATELY,
            status="cancelled",
            is_sale=False,
            discount="2.00",
        ),
        Order(
            "4",
            LATELY,
            is_test=True,
            fee="9.00",
        ),
    ]
    shop.load(Folder(orders, read_at=datetime.now(UTC)), day=LATELY.date())
    [sql] = [sql for sql in SAMPLES if "removed_by_edits" in sql]
    (tmp_path / "question.sql").write_text(sql)
    file = str(tmp_path / "question.sql")
    _, out, _ = ask(
        capsys,
        "--file",
        file,
        "--format",
        "csv",
    )
    [row] = csv.DictReader(io.StringIO(out))
    amounts = {}
    for name in list(row)[3:-1]:
        amounts[name] = Decimal(row[name])
    assert amounts == {
        "net_sales": 6,
        "unpaid": 10,
        "cancelled": 8,
        "tests": 10,
        "fees": Decimal("1.5"),
        "removed_by_edits": 1,
        "refunds_without_lines": 3,
    }


def test_what_would_change_something_is_refused_and_not_run(shop, capsys, tmp_path):
    other = "it is a statement that does not begin with SELECT or WITH"
    shop.insert("products", [{"sku": "A", "name": "Lamp"}])
    for sql, called in {
        "DELETE FROM products WHERE TRUE": other,
        "DROP TABLE products": other,
        f"EXPORT DATA OPTIONS (uri = 'file://{tmp_path}/*.csv', format = 'CSV') AS SELECT 1": other,
        "-- a SELECT\n/* SELECT */ (DELETE FROM shop.products WHERE TRUE)": other,
        "/* all */ DROP TABLE shop.products -- */ SELECT": other,
        "SELECT 1; DELETE FROM shop.products WHERE TRUE": "it is more than one statement",
        "SELECT ';'; /* ; */ DROP TABLE shop.products -- ;": "it is more than one statement",
        "CREATE TABLE copied AS SELECT * FROM products": other,
    }.items():
        code, out, err = ask(capsys, "--sql", sql)
        assert code == 1
        assert out == ""
        assert err.startswith(f"the query was not run: {called}")
    assert shop.one("products", "sku") == {"sku": "A"}
    assert not list(tmp_path.iterdir())
    for sql in (
        "SELECT sku FROM products;\n",
        "-- all of it\n/* and\nmore */ select sku from products",
        """# all of it
        WITH known AS (SELECT 'it\\'s' AS text, sku FROM products) SELECT * FROM known""",
    ):
        code, out, err = ask(capsys, "--sql", sql)
        assert code == 0, sql
        assert err == ""
        assert out.splitlines()[-1:] == ["1 row"]


def test_a_mistake_is_told_in_one_sentence(shop, capsys):
    for sql, message in {
        "SELECT FROM WHERE": r"the query cannot be run: .*Syntax error.*",
        "SELECT * FROM nosuch": r"the query cannot be run: Not found: Table .*nosuch.*",
        "SELECT 1 / 0 AS ratio": (
            r"the query cannot be run: division by zero: use SAFE_DIVIDE\(a, b\), .*"
        ),
        "SELECT net_sale FROM daily_summary": (
            r"the query cannot be run: no table of the query has a column net_sale: did you mean net_sales\?"
        ),
        "SELECT placed.net_sale FROM customer_orders AS placed": (
            r".* no table of the query has a column net_sale: did you mean net_sales\?"
        ),
        "SELECT xyz FROM daily_conversion": r".* has a column xyz: they have added, business_date, .*",
        "SELECT SUM(merchandise_amount) FROM refunds": (
            r"the query cannot be run: Cannot query over table '[\w.-]+\.refunds' without a filter over "
            r"column\(s\) 'business_date' that can be used for partition elimination"
        ),
    }.items():
        code, out, err = ask(capsys, "--sql", sql)
        assert code == 1
        assert out == ""
        assert re.fullmatch(f"{message}\n", err)


def test_the_engines_other_wordings_name_candidates_too(shop, capsys, monkeypatch):
    """BigQuery's, which the emulator does not have; its own candidate stays."""
    own = "Unrecognized name: net_sale; Did you mean net_sales? at [1:8]"
    other = "Duplicate column names in the result are not supported"
    for message, answer in {
        "Unrecognized name: net_sale at [1:8]": "did you mean net_sales?",
        "Unrecognized name: o.net_sale at [1:8]": "did you mean net_sales?",
        "Name net_sale not found inside o at [1:10]": "did you mean net_sales?",
        "Column net_sale in USING clause not found on left side": "net_sales?",
        own: f"the query cannot be run: {own}",
        other: f"the query cannot be run: {other}",
    }.items():
        refuse(monkeypatch, message)
        _, _, err = ask(capsys, "--sql", "SELECT net_sale FROM daily_summary AS o")
        assert err.endswith(f"{answer}\n")


def refuse(monkeypatch, message):
    """Let BigQuery refuse every query."""

    def answer(*_, **__):
        raise BadRequest(message, errors=[{"reason": "invalidQuery"}])

    queries.intercept(monkeypatch, answer)


def test_a_query_says_what_it_may_bill_and_when_there_are_more_rows(
    shop, capsys, monkeypatch
):
    sent = []

    def answer(send, sql, **options):
        sent.append(options["job_config"])
        return send(sql, **options)

    monkeypatch.setenv("MAXIMUM_BYTES_BILLED", "12345678")
    queries.intercept(monkeypatch, answer)
    _, out, _ = ask(
        capsys, "--sql", "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 450)) AS n"
    )
    assert len(out.splitlines()) == 203
    assert out.splitlines()[-1] == "the first 200 of 450 rows: FORMAT=csv has all"
    assert [bool(config.dry_run) for config in sent] == [True, False]
    assert {config.maximum_bytes_billed for config in sent} == {12345678}
