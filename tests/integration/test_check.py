"""`make check` against real systems: all is well, or each fault has its line and its remedy."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from demo.services import mail
from demo.services.ports import free_port
from demo.services.postgres import Postgres
from ecommerce.cli import check, environment, settings_check
from tests.integration.catalogue_run import catalogue
from tests.integration.check_cases import CASES, TODAY
from tests.integration.check_trial import Trial
from tests.integration.company import Company
from tests.partner_ftp import make_certificate, partner_site


@pytest.fixture
def shop(
    start_company: Callable[..., Company],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Company]:
    """A company whose mail server, product catalogue and partner's server run too."""
    company = start_company(own_dataset=True)
    company.folders.rates.joinpath("stats/eurofxref").mkdir(parents=True)
    company.folders.rates.joinpath("stats/eurofxref/eurofxref-hist.csv").write_text(
        f"Date,USD,\n{TODAY},1.1,\n2026-03-09,1.2,\n"
    )
    server = json.loads(company.environment["AIRFLOW_CONN_SMTP_DEFAULT"])
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "a@example.com, b@example.com")
    certificate = make_certificate(tmp_path)
    with (
        mail.run_mail_server(tmp_path / "mailbox", server["port"], free_port()),
        catalogue() as shown,
        partner_site(tmp_path / "partner", certificate) as partner,
    ):
        shown.show({"sku": "A", "image_url": f"{shown.site.url}/a.png"}, {"sku": "B"})
        known = shown.environment() | partner.environment(
            extra={"cacert": str(certificate), "tls": "required"}
        )
        for name in ("AIRFLOW_CONN_PRODUCT_CATALOGUE_API", "AIRFLOW_CONN_PARTNER_FTP"):
            monkeypatch.setenv(name, known[name])
            company.environment[name] = known[name]
        yield company


def found(subject: str) -> list[tuple[str, str]]:
    """States and texts of one subject."""
    return [(one.state, one.text) for one in check.findings([subject])]


def test_all_is_well(shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_check, "has_metadata", lambda *_: True)
    monkeypatch.setattr(environment, "has_pool", lambda _: True)
    findings = {one.subject: one for one in check.findings()}
    assert {one.state for one in findings.values()} == {"ok", "hint"}
    assert {subject for subject, one in findings.items() if one.state == "hint"} == {
        "alert_recipients"
    }
    assert (
        findings["alert_recipients"].text
        == "the Variable is empty: failures are not mailed"
    )
    assert findings["report_recipients"].text == "2 addresses"
    assert findings["sales_db"].text.endswith(
        "; all queries of include/sql/extract/sales_db fit it"
    )
    assert findings["storefront_api"].text == "0 orders can be read"
    assert findings["shopify_api"].text.endswith(
        ", USD, version 2026-07 of the API: 0 orders changed in the last 24 hours"
    )
    assert findings["web_events_api"].text == "0 events in the last 10 minutes"
    assert findings["exchange_rates_api"].text == f"newest rates are of {TODAY}"
    assert (
        findings["product_catalogue_api"].text
        == "its first page has 2 products, 1 of them with a picture"
    )
    assert findings["partner_ftp"].text.startswith(
        "promotions.csv has 1 promotion, market_index.csv 2 weeks"
    )
    assert findings["PARTNER_DROP_URI"].text.endswith(
        ": 0 files of the last eight days"
    )
    assert "the first run creates the dataset" in findings["bigquery"].text
    shown = findings["settings"].text
    assert "SHOP_TIMEZONE=America/New_York" in shown
    assert shop.environment["CUSTOMER_HASH_KEY"] not in shown


@pytest.mark.parametrize(("has_ui", "state"), [(True, "FAIL"), (False, "hint")])
def test_a_missing_pool_is_a_failure_once_airflow_has_a_database(
    monkeypatch: pytest.MonkeyPatch, has_ui: bool, state: str
) -> None:
    monkeypatch.setattr(settings_check, "has_metadata", lambda *_: has_ui)
    monkeypatch.setattr(environment, "has_pool", lambda _: False)
    assert [each for each, _ in found("warehouse_loads")] == [state]


def test_as_a_command_it_prints_the_findings_and_only_a_failure_is_in_its_exit_code(
    shop: Company, installation: Path
) -> None:
    subjects = (
        "settings",
        "source_policy",
        "storefront_api",
        "sales_db",
        "alert_recipients",
    )
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "check", *subjects],
        env=os.environ
        | {"PYTHONPATH": str(installation / "plugins")}
        | {"AIRFLOW_VAR_SOURCE_POLICY": '{"storefront": "off"}'},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [tuple(line.split()[:2]) for line in lines] == list(
        zip(("ok", "ok", "off", "ok", "hint"), subjects, strict=True)
    )
    assert (
        lines[2]
        == "off   storefront_api       storefront is off in the Variable source_policy"
    )


def test_each_wrong_setting_is_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("REPORTING_CURRENCY", "EURO")
    monkeypatch.setenv("RECONCILE_DAYS", "many")
    first, second, *others = check.findings(
        ["settings", "STAGING_URI", "REPORTS_URI", "MODELS_URI"]
    )
    assert str(first).startswith(
        "FAIL  settings             REPORTING_CURRENCY='EURO' is not a three-letter"
    )
    assert str(second).startswith(
        "FAIL  settings             RECONCILE_DAYS='many' is not a whole number"
    )
    assert [(each.state, each.text) for each in others] == [
        ("hint", "not checked: fix settings first")
    ] * 3


def test_a_timezone_that_is_none_is_a_failure(
    shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TIMEZONE", "Mars/Olympus")
    first, *others = check.findings(["settings", "smtp_default"])
    assert str(first).startswith(
        "FAIL  settings             SHOP_TIMEZONE='Mars/Olympus' is not an IANA"
    )
    assert [each.subject for each in others] == ["smtp_default"]


def test_a_new_env_file_is_told_what_is_not_filled_in_and_nothing_is_made(
    installation: Path, repository: Path, tmp_path: Path
) -> None:
    example = (repository / ".env.example").read_text()
    # A bank that nobody has to ask over the internet.
    (installation / ".env").write_text(
        example.replace(
            "CUSTOMER_HASH_KEY=\n", "CUSTOMER_HASH_KEY=0123456789abcdef\n"
        ).replace("https://www.ecb.europa.eu", f"http://127.0.0.1:{free_port()}")
    )
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    said = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "check"],
        env=kept | {"HOME": str(home), "PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
        cwd=home,
    )
    assert (said.returncode, said.stderr) == (1, "")
    lines = dict(line.split(None, 2)[1:] for line in said.stdout.splitlines())
    empty = "in .env still has values of .env.example: fill it in"
    assert lines["sales_db"] == f"AIRFLOW_CONN_SALES_DB {empty}"
    assert lines["storefront_api"] == f"AIRFLOW_CONN_STOREFRONT_API {empty}"
    assert lines["shopify_api"].startswith(
        "shopify is off: to switch it on, define the connection"
    )
    assert lines["web_events_api"] == "not set: user_events_daily cannot run"
    assert (
        lines["product_catalogue_api"]
        == "not set: product_catalogue_refresh cannot run"
    )
    assert lines["partner_ftp"] == "not set: weekly_sales_forecast cannot run"
    assert lines["bigquery"] == f"AIRFLOW_CONN_BIGQUERY {empty}"
    assert lines["smtp_default"] == "not needed while no recipient is set"
    assert lines["STAGING_URI"] == (
        f"file://{installation}/.airflow/data/staging does not exist yet; the first run creates it in "
        f"{installation}"
    )
    assert not re.search(r"\w(Error|Exception)\b", said.stdout)
    assert not list(home.rglob("*"))
    assert not (installation / ".airflow").exists()


def test_what_it_does_not_know_it_says(shop: Company) -> None:
    [(state, text)] = found("smtp")
    assert (state, text.split("; choose ")[0]) == ("FAIL", "unknown subject")
    assert "smtp_default" in text


def test_a_database_that_does_not_fit(shop: Company, postgres_server) -> None:
    name = urlsplit(shop.dsn).path.lstrip("/")
    postgres_server.psql(
        "ALTER TABLE refunds DROP reason; REVOKE SELECT ON customers FROM sales_reader;"
        "ALTER TABLE products ALTER updated_at TYPE date;"
        "DROP INDEX refunds_order_id; ALTER TABLE order_items ALTER unit_price TYPE text",
        name,
    )
    findings = [
        (state, re.sub(r" LINE .*: (adapt|cast)", r": \1", text))
        for state, text in found("sales_db")
    ]
    assert findings == [
        (
            "FAIL",
            'sales_db: refunds.sql: column "reason" does not exist: '
            "adapt include/sql/extract/sales_db/schema.sql to the schema of the source",
        ),
        (
            "FAIL",
            "sales_db: products.sql needs updated_at as timestamptz, not as varchar: cast it in "
            "include/sql/extract/sales_db/schema.sql",
        ),
        (
            "FAIL",
            "sales_db: customers.sql: permission denied for table customers: "
            "grant SELECT to the connection's role",
        ),
        (
            "FAIL",
            "sales_db: control_totals.sql: operator does not exist: integer * text: "
            "cast the column in include/sql/extract/sales_db/schema.sql, known_orders to the type of "
            "order_id",
        ),
        ("hint", "extracts would be faster with CREATE INDEX ON refunds (order_id)"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "AIRFLOW_CONN_SALES_DB",
            "",
            "sales_db: the connection sales_db is not defined",
        ),
        (
            *(
                "AIRFLOW_CONN_STOREFRONT_API",
                '{"conn_type": "http", "host": "http://localhost"}',
            ),
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
        (
            *("REPORTS_URI", "file:///dev/null/no"),
            "REPORTS_URI: file:///dev/null/no does not exist, and this user cannot create it in /dev/null: "
            "set REPORTS_URI in .env to a folder that tasks may write to",
        ),
        (
            *("REPORTS_URI", "file:///dev/null"),
            "REPORTS_URI: REPORTS_URI=file:///dev/null is not writable: Not a directory",
        ),
        (
            *("AIRFLOW_CONN_SALES_DB", '{"conn_type": "postgres", host: db}'),
            "sales_db: AIRFLOW_CONN_SALES_DB is neither JSON nor a URI that Airflow can read "
            "(Expecting property name enclosed in double quotes: line 1 column 27",
        ),
        (
            *("AIRFLOW_CONN_SALES_DB", "postgresql://reader:pass#word@db/shop"),
            "sales_db: AIRFLOW_CONN_SALES_DB is neither JSON nor a URI that Airflow can read (encode "
            "special characters, such as # as %23, or use JSON)",
        ),
        (
            *("AIRFLOW_CONN_SALES_DB", "db.example.com:5432/shop"),
            "sales_db: AIRFLOW_CONN_SALES_DB is neither JSON nor a URI: start it with a type",
        ),
        (
            *(
                "AIRFLOW_CONN_BIGQUERY",
                '{"conn_type": "google_cloud_platform", "extra": {"key_path": "/no.json"}}',
            ),
            "bigquery: connection bigquery: its key file /no.json cannot be read (No such file or "
            "directory): set key_path in its extra to the service account's key on this machine",
        ),
        (
            *("STAGING_URI", "gsutil://bucket"),
            "STAGING_URI: STAGING_URI=gsutil://bucket is not writable: supported are file://, gs:// and "
            "s3://",
        ),
        (
            "AIRFLOW_VAR_REPORT_RECIPIENTS",
            "me",
            "report_recipients: the Variable report_recipients is wrong",
        ),
        (
            "AIRFLOW_VAR_SOURCE_POLICY",
            "[]",
            "source_policy: the Variable source_policy is not a JSON object",
        ),
        (
            "AIRFLOW_CONN_SMTP_DEFAULT",
            "",
            "smtp_default: the connection smtp_default does not exist",
        ),
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


def test_a_warehouse_of_another_currency(
    shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ecommerce.warehouse import client, schema

    schema.prepare(client.connect())
    [(state, text)] = found("bigquery")
    assert state == "ok"
    assert text.endswith("fits the settings")
    monkeypatch.setenv("REPORTING_CURRENCY", "CHF")
    [(state, text)] = found("bigquery")
    assert state == "FAIL"
    assert "CHF" in text


def test_a_dataset_without_tables_stays_without(shop: Company) -> None:
    shop.client.create_dataset(shop.dataset)
    [(state, text)] = found("bigquery")
    assert state == "ok"
    assert re.search(
        r"; the next run creates the missing tables and views \(\d+\)$", text
    )
    assert not list(shop.client.list_tables(shop.dataset))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_is_not_well_has_one_line_that_says_what_to_do(
    shop: Company,
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: Postgres,
    case: Callable[[Trial], str],
) -> None:
    look_up = socket.getaddrinfo

    def without_invalid(host: Any, *arguments: Any, **options: Any) -> Any:
        """As every name server answers for the domain `invalid`."""
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", without_invalid)
    monkeypatch.setattr("ecommerce.sources.http.FIRST_PAUSE", 0)
    before = {path for path in shop.folders.home.rglob("*") if path.is_dir()}
    expected = case(Trial(shop, monkeypatch, postgres_server))
    state, subject, text = re.fullmatch(r"(\w+) (\w+): (.*)", expected).groups()
    lines = [(one.state, one.text) for one in check.findings([subject])]
    assert len([state for state, _ in lines if state != "ok"]) == (state != "ok")
    pattern = ".*".join(map(re.escape, text.split("…")))
    assert [found for found, said in lines if re.fullmatch(pattern, said)] == [state], (
        lines
    )
    assert not [
        said
        for _, said in lines
        if re.search(r"\w(Error|Exception|Refused|Failed)\b", said)
    ]
    assert {path for path in shop.folders.home.rglob("*") if path.is_dir()} == before
