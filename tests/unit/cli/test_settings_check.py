"""The checks of folders and of what a daily run needs, without Airflow's database and any server."""

import pytest

from ecommerce.cli import settings_check
from ecommerce.core.errors import ConfigurationError


def test_a_folder_is_written_to_and_left_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")
    states = []
    for name in ("STAGING_URI", "REPORTS_URI"):
        states += [state for state, _ in settings_check.check_folder(name)]
    assert states == ["ok", "hint"]
    assert not list(tmp_path.iterdir())


def test_misspelt_names_in_the_environment_are_named(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    right = ("SHOP_TIMEZONE", "AIRFLOW_CONN_SHOPIFY_API", "AIRFLOW_VAR_SOURCE_POLICY")
    own = ("AIRFLOW_CONN_WAREHOUSE_MACHINE", "TIMEZONE", "HTTP_PROXY")
    for name in (*right, *own):
        monkeypatch.setenv(name, "Europe/Berlin")
    wrong = {
        "AIRFLOW_CON_SHOPIFY_API": "AIRFLOW_CONN_SHOPIFY_API",
        "AIRFLOW_VAR_SOURCE_POLICIES": "AIRFLOW_VAR_SOURCE_POLICY",
        "SHOP_TIMEZON": "SHOP_TIMEZONE",
    }
    for name in wrong:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("REPORTING_CURRENCY", "XYZ")
    ok, unknown, *hints = settings_check.check_settings(
        ["shopify_api", "source_policy"]
    )
    assert ok[0] == "ok"
    assert unknown == ("hint", "REPORTING_CURRENCY=XYZ is no currency that is known")
    assert hints == [
        ("hint", f"{name} is not read: is {meant} meant?")
        for name, meant in wrong.items()
    ]


def test_the_policy_of_an_unknown_shop_is_a_hint(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("SHOPS", '{"shopify": ["de"]}')
    policy = '{"shopify_dee": "off", "shopify_de": "optional", "sales_db_*": "off"}'
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", policy)
    _, *hints = settings_check.check_source_policy()
    assert hints == [("hint", "shopify_dee is not used: SHOPS has no such shop")]


NEEDED = {
    "SALES_DB": "postgresql://a:b@db/shop?sslmode=verify-full&sslrootcert=system",
    "STOREFRONT_API": '{"conn_type": "http", "host": "https://shop.test"}',
    "BIGQUERY": '{"conn_type": "google_cloud_platform"}',
}
PLACEHOLDER = '{"conn_type": "http", "host": "https://shop.example.com"}'
UNREADABLE = "does not exist, or cannot be read"


@pytest.fixture
def needed(monkeypatch):
    """The connections that a day needs; one of its sources is optional, one is off."""
    policy = '{"exchange_rates": "optional", "partner_files": "off"}'
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", policy)
    for name, connection in NEEDED.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection)


@pytest.mark.parametrize(
    ("name", "connection", "problem"),
    [
        ("BIGQUERY", "", "the connection bigquery is not defined"),
        (
            "BIGQUERY",
            "google-cloud-platform://?key_path=%2Fno.json",
            f"the file /no.json (key_path) {UNREADABLE}",
        ),
        (
            "SALES_DB",
            "postgresql://a:b@db/shop?sslrootcert=/no.pem",
            f"the file /no.pem (sslrootcert) {UNREADABLE}",
        ),
        ("SALES_DB", "postgresql://a:b#c@db/shop", "is neither JSON nor a URI"),
        ("STOREFRONT_API", PLACEHOLDER, "in .env still has values of .env.example"),
    ],
)
@pytest.mark.usefixtures("needed")
def test_what_a_day_needs_is_listed_before_it_runs(
    monkeypatch, name, connection, problem
):
    monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection)
    with pytest.raises(ConfigurationError) as raised:
        settings_check.require_connections()
    [line] = str(raised.value).splitlines()
    assert problem in line


@pytest.mark.usefixtures("needed")
def test_a_day_may_run_once_all_problems_are_solved(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", "")
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", "")
    with pytest.raises(ConfigurationError, match=r"sales_db .*\n.*bigquery"):
        settings_check.require_connections()
    key = tmp_path / "key.json"
    key.touch()
    bigquery = f"google-cloud-platform://?key_path={key}"
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", NEEDED["SALES_DB"])
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", bigquery)
    settings_check.require_connections()
