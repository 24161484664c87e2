"""`make check` against real systems: all is well, or each fault has its line and its remedy."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from demo.services import mail
from demo.services.ports import free_port
from ecommerce.cli import check, settings_check
from ecommerce.warehouse import client, schema
from tests.integration.catalogue_run import catalogue
from tests.integration.check_cases import (
    CASES,
    SPOILED_VALUES,
    TODAY,
    Trial,
    spoil,
    write_rates,
)
from tests.partner_ftp import make_certificate, partner_site

YAML_CASES = []
for section, cases in SPOILED_VALUES.items():
    YAML_CASES += [
        pytest.param(
            section,
            case,
            id=name,
        )
        for name, case in cases.items()
    ]


@pytest.fixture
def airflow(monkeypatch):
    """Whether Airflow has a database, and in it the pool of all loads."""

    def is_there(*, has_database, has_pool):
        monkeypatch.setattr(
            settings_check,
            "has_metadata",
            lambda *_: has_database,
        )
        monkeypatch.setattr(
            settings_check,
            "has_pool",
            lambda _: has_pool,
        )

    return is_there


@pytest.fixture(scope="module")
def shop(start_shared_company, tmp_path_factory):
    """A company whose mail server, product catalogue and partner's server run too."""
    company = start_shared_company(own_dataset=True)
    folder = tmp_path_factory.mktemp("check")
    write_rates(company, TODAY)
    server = json.loads(company.environment["AIRFLOW_CONN_SMTP_DEFAULT"])
    certificate = make_certificate(folder)
    with (
        mail.run_mail_server(folder / "mailbox", server["port"], free_port()),
        catalogue() as shown,
        partner_site(folder / "partner", certificate) as partner,
        pytest.MonkeyPatch.context() as patch,
    ):
        shown.show(
            {
                "sku": "A",
                "image_url": f"{shown.site.url}/a.png",
            },
            {"sku": "B"},
        )
        extra = {"cacert": str(certificate), "tls": "required"}
        known = shown.environment() | partner.environment(extra=extra)
        for name in ("AIRFLOW_CONN_PRODUCT_CATALOGUE_API", "AIRFLOW_CONN_PARTNER_FTP"):
            company.environment[name] = known[name]
            patch.setenv(name, known[name])
        recipients = "a@example.com, b@example.com"
        patch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", recipients)
        patch.setattr(client, "RETRY_SECONDS", 0.1)
        patch.setattr(
            socket,
            "getaddrinfo",
            without_invalid(socket.getaddrinfo),
        )
        yield company


def without_invalid(look_up):
    """A look-up that answers for the domain `invalid` as every name server does."""

    def answer(host, *arguments, **options):
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *arguments, **options)

    return answer


def test_all_is_well(shop, airflow, snapshot):
    airflow(has_database=True, has_pool=True)
    text = "\n".join(map(str, check.findings([])))
    assert shop.environment["CUSTOMER_HASH_KEY"] not in text
    text = text.replace(str(shop.folders.home), "HOME").replace(shop.dataset, "DATASET")
    text = text.replace(str(TODAY), "TODAY")
    assert re.sub(r"PostgreSQL [\d.]+", "PostgreSQL VERSION", text) == snapshot


@pytest.fixture
def trial(
    shop,
    monkeypatch,
    postgres_server,
    no_pauses,
):
    yield Trial(shop, monkeypatch, postgres_server)
    write_rates(shop, TODAY)


def assert_shows(subject, *expected):
    """The lines of a subject have these states and words, and name no Python error."""
    findings = list(check.findings([subject]))
    assert len(findings) == len(expected)
    for finding, shown in zip(findings, expected, strict=True):
        state, _, words = shown.partition(": ")
        assert finding.state == state
        assert words in finding.text
        assert not re.search(r"\w(Error|Exception|Refused|Failed)\b", finding.text)


@pytest.mark.parametrize(("section", "case"), YAML_CASES)
def test_a_wrong_value_has_one_line_that_says_what_to_do(trial, section, case):
    expected = case["shows"]
    case = {name: value for name, value in case.items() if name != "shows"}
    assert_shows(spoil(section, case, trial), *expected)


@pytest.mark.parametrize(("happen", "subject", "expected"), CASES)
def test_a_system_that_is_not_well_has_one_line(
    trial,
    happen,
    subject,
    expected,
):
    happen(trial)
    folders = [*trial.shop.folders.home.rglob("*/")]
    assert_shows(subject, expected)
    assert [*trial.shop.folders.home.rglob("*/")] == folders


@pytest.mark.parametrize(
    ("has_ui", "state"),
    [(True, "FAIL"), (False, "hint")],
)
def test_a_missing_pool_is_a_failure_once_airflow_has_a_database(
    airflow, has_ui, state
):
    airflow(has_database=has_ui, has_pool=False)
    [finding] = check.findings(["warehouse_loads"])
    assert finding.state == state


def test_nothing_else_is_checked_with_wrong_settings(
    monkeypatch,
):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("REPORTING_CURRENCY", "EURO")
    lines = check.findings(["settings", "STAGING_URI", "REPORTS_URI"])
    assert [line.state for line in lines] == ["FAIL"]


def test_the_tables_of_a_warehouse_are_compared_with_the_settings_and_not_created(
    shop, monkeypatch
):
    def finding():
        [line] = check.findings(["bigquery"])
        return f"{line.state} {line.text}"

    dataset = f"{shop.dataset}_filled"
    monkeypatch.setenv("BIGQUERY_DATASET", dataset)
    shop.client.create_dataset(dataset)
    creates = r"ok .*; the next run creates the missing tables and views \(\d+\)"
    assert re.fullmatch(creates, finding())
    assert not list(shop.client.list_tables(dataset))
    schema.prepare(client.connect())
    assert re.fullmatch(r"ok .*fits the settings", finding())
    monkeypatch.setenv("REPORTING_CURRENCY", "CHF")
    assert re.fullmatch(r"FAIL .*CHF.*", finding())


def test_a_new_env_file_lists_what_is_not_filled_in_and_nothing_is_made(
    installation, repository, tmp_path, snapshot
):
    text = (repository / ".env.example").read_text()
    text = text.replace("CUSTOMER_HASH_KEY=\n", "CUSTOMER_HASH_KEY=0123456789abcdef\n")
    # A bank that nobody has to ask over the internet.
    text = text.replace("https://www.ecb.europa.eu", "http://127.0.0.1:1")
    (installation / ".env").write_text(text)
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "check"],
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(installation / "plugins"),
        },
        capture_output=True,
        text=True,
        cwd=installation,
    )
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.replace(str(installation), "FOLDER") == snapshot
    assert not list(home.rglob("*"))
    assert not (installation / ".airflow").exists()
