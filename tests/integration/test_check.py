"""`make check` against real systems: all is well, or each fault has its line and its remedy."""

from __future__ import annotations

import importlib.resources
import json
import os
import subprocess
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.services import mail
from demo.services.ports import free_port
from ecommerce.cli import check
from tests.integration.company import Company


@pytest.fixture
def shop(
    start_company: Callable[..., Company], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """A company whose mail server runs too."""
    company = start_company()
    company.folders.rates.joinpath("stats/eurofxref").mkdir(parents=True)
    company.folders.rates.joinpath("stats/eurofxref/eurofxref-hist.csv").write_text(
        "Date,USD,\n2026-03-10,1.1,\n2026-03-09,1.2,\n"
    )
    server = json.loads(company.environment["AIRFLOW_CONN_SMTP_DEFAULT"])
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "a@example.com, b@example.com")
    with mail.running(tmp_path / "mailbox", server["port"], free_port()):
        yield company


def found(subject: str) -> list[tuple[str, str]]:
    """States and texts of one subject."""
    return [(one.state, one.text) for one in check.findings([subject])]


def test_all_is_well(shop: Company) -> None:
    findings = {one.subject: one for one in check.findings()}
    assert {one.state for one in findings.values()} == {"ok", "hint"}
    assert {subject for subject, one in findings.items() if one.state == "hint"} == {"alert_recipients"}
    assert findings["alert_recipients"].text == "the Variable is empty: nobody hears of failures"
    assert findings["report_recipients"].text == "2 addresses"
    assert findings["sales_db"].text.endswith("; all queries of include/sql/extract/sales_db fit it")
    assert findings["storefront_api"].text == "0 orders can be read"
    assert findings["exchange_rates_api"].text == "newest rates are of 2026-03-10"
    assert findings["PARTNER_DROP_URI"].text.endswith(": 0 files of the last eight days")
    assert "the first run creates the dataset" in findings["bigquery"].text
    shown = findings["settings"].text
    assert "SHOP_TIMEZONE=America/New_York" in shown
    assert shop.environment["CUSTOMER_HASH_KEY"] not in shown


def test_as_a_command_it_says_so_in_its_exit_code(shop: Company, installation: Path) -> None:
    def run(only: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ecommerce.cli", "check", *only.split()],
            env=os.environ | {"PYTHONPATH": str(installation / "plugins")} | environment,
            capture_output=True,
            text=True,
        )

    well = run()
    assert (well.returncode, well.stderr) == (0, "")
    assert [line.split()[:2] for line in well.stdout.splitlines()][:3] == [
        ["ok", "settings"],
        ["ok", "source_policy"],
        ["ok", "sales_db"],
    ]
    ill = run(SHOP_TIMEZONE="Mars/Olympus", AIRFLOW_VAR_SOURCE_POLICY='{"storefront": "off"}')
    assert ill.returncode == 1
    assert "FAIL  settings             SHOP_TIMEZONE='Mars/Olympus' is not an IANA" in ill.stdout
    assert "off   storefront_api       storefront is off in the Variable source_policy" in ill.stdout
    assert ill.stderr == ""
    assert "SHOP_TIMEZONE" not in run(SHOP_TIMEZONE="Mars/Olympus", only="smtp_default").stdout


def test_timezone_files_older_than_duckdbs_are_found(
    shop: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "Europe" / "Berlin"
    old.parent.mkdir()
    old.write_bytes((importlib.resources.files("tzdata") / "zoneinfo" / "Africa" / "Lagos").read_bytes())
    monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Berlin")
    try:
        zoneinfo.reset_tzpath([tmp_path])
        zoneinfo.ZoneInfo.clear_cache()
        [_, (state, text)] = found("settings")
        assert state == "FAIL"
        assert text.startswith("this machine's timezone files do not have Europe/Berlin as DuckDB has it")
        zoneinfo.reset_tzpath([])
        zoneinfo.ZoneInfo.clear_cache()
        assert [state for state, _ in found("settings")] == ["ok"]
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()


def test_what_it_does_not_know_it_says(shop: Company) -> None:
    [(state, text)] = found("smtp")
    assert (state, text.split("; there are ")[0]) == ("FAIL", "there is no such thing to look at")
    assert "smtp_default" in text


def test_a_database_that_does_not_fit(shop: Company, postgres_server) -> None:
    name = urlsplit(shop.dsn).path.lstrip("/")
    postgres_server.psql(
        "ALTER TABLE refunds DROP reason; REVOKE SELECT ON customers FROM sales_reader;"
        "ALTER TABLE products ALTER updated_at TYPE date; DROP INDEX refunds_order_id;"
        "GRANT DELETE ON orders TO sales_reader; ALTER TABLE order_items ALTER unit_price TYPE text",
        name,
    )
    assert found("sales_db") == [
        (
            "FAIL",
            'sales_db: refunds.sql: column "reason" does not exist: '
            "adapt include/sql/extract/sales_db to the schema of the source",
        ),
        ("FAIL", "sales_db: products.sql gives updated_at as varchar, it must be timestamptz"),
        (
            "FAIL",
            "sales_db: customers.sql: permission denied for table customers: "
            "grant SELECT to the connection's role",
        ),
        (
            "FAIL",
            "sales_db: control_totals.sql: operator does not exist: integer * text: "
            "adapt include/sql/extract/sales_db to the schema of the source",
        ),
        ("hint", "extracts would be faster with CREATE INDEX ON refunds (order_id)"),
        (
            "hint",
            "reading is enough, but the role may change orders: "
            "deploy/postgres_reader.sql makes one that only reads",
        ),
    ]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("AIRFLOW_CONN_SALES_DB", "", "sales_db: the connection sales_db is not defined"),
        (
            *("AIRFLOW_CONN_STOREFRONT_API", '{"conn_type": "http", "host": "http://localhost"}'),
            "storefront_api: the connection storefront_api needs the shop's address as host",
        ),
        (
            *("AIRFLOW_CONN_EXCHANGE_RATES_API", ""),
            "exchange_rates_api: the connection exchange_rates_api is not defined",
        ),
        (
            *("PARTNER_DROP_URI", "file:///nowhere"),
            "PARTNER_DROP_URI: the folder PARTNER_DROP_URI=file:///nowhere does not exist",
        ),
        ("REPORTS_URI", "file:///proc/no", "REPORTS_URI: file:///proc/no cannot be written to"),
        (
            *("AIRFLOW_CONN_SALES_DB", '{"conn_type": "postgres", host: db}'),
            "sales_db: AIRFLOW_CONN_SALES_DB is neither JSON nor a URI that Airflow can read "
            "(JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 27",
        ),
        (
            *("AIRFLOW_CONN_SALES_DB", "postgresql://reader:pass#word@db/shop"),
            "sales_db: AIRFLOW_CONN_SALES_DB is neither JSON nor a URI that Airflow can read (ValueError)",
        ),
        (
            *("AIRFLOW_CONN_SALES_DB", "db.example.com:5432/shop"),
            "sales_db: AIRFLOW_CONN_SALES_DB is neither JSON nor a URI: begin it with a type",
        ),
        (
            *(
                "AIRFLOW_CONN_BIGQUERY",
                '{"conn_type": "google_cloud_platform", "extra": {"key_path": "/no.json"}}',
            ),
            "bigquery: connection bigquery: its key file /no.json cannot be read (FileNotFoundError)",
        ),
        ("STAGING_URI", "gsutil://bucket", "STAGING_URI: gsutil://bucket cannot be written to (ValueError)"),
        ("AIRFLOW_VAR_REPORT_RECIPIENTS", "me", "report_recipients: entry 1 of 1 in the Variable"),
        ("AIRFLOW_VAR_SOURCE_POLICY", "[]", "source_policy: the Variable source_policy must be like"),
        ("AIRFLOW_CONN_SMTP_DEFAULT", "", "smtp_default: the connection smtp_default does not exist"),
    ],
)
def test_each_fault_has_its_line(
    shop: Company, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    if value:
        monkeypatch.setenv(name, value)
    else:
        monkeypatch.delenv(name)
    subject, _, said = line.partition(": ")
    [(state, text)] = found(subject)
    assert state == "FAIL"
    assert text.startswith(said)


def test_a_warehouse_of_another_currency(shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecommerce.warehouse import client, schema

    schema.prepare(client.connect())
    [(state, text)] = found("bigquery")
    assert state == "ok"
    assert text.endswith("fits the settings")
    monkeypatch.setenv("REPORTING_CURRENCY", "CHF")
    [(state, text)] = found("bigquery")
    assert state == "FAIL"
    assert "CHF" in text


def test_a_mail_server_that_is_down(shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    server = json.loads(shop.environment["AIRFLOW_CONN_SMTP_DEFAULT"]) | {"port": free_port()}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(server))
    [(state, text)] = found("smtp_default")
    assert (state, text.partition(":")[0]) == (
        "FAIL",
        "the mail server cannot be reached (ConnectionRefusedError)",
    )
