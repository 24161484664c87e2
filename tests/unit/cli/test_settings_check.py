"""The checks of folders and of what a daily run needs, without Airflow's database and any server."""

import json
import os

import pytest

from ecommerce.cli import settings_check
from ecommerce.core.errors import ConfigurationError

GOOGLE = {"conn_type": "google_cloud_platform"}
HTTP = {"conn_type": "http", "host": "https://shop.test"}


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
    for name in os.environ:
        if name.startswith("AIRFLOW_"):
            monkeypatch.delenv(name)
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


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"BIGQUERY": GOOGLE | {"extra": {"key_path": "KEY"}}}, []),
        (
            {"BIGQUERY": GOOGLE | {"extra": {"key_path": "/no.json"}}},
            ["the file /no.json (key_path) does not exist, or cannot be read"],
        ),
        (
            {"SALES_DB": "postgresql://a:b@db/shop?sslrootcert=/no.pem"},
            ["the file /no.pem (sslrootcert) does not exist, or cannot be read"],
        ),
        ({"BIGQUERY": None}, ["the connection bigquery is not defined"]),
        (
            {"STOREFRONT_API": HTTP | {"host": "https://shop.example.com"}},
            ["AIRFLOW_CONN_STOREFRONT_API in .env still has values of .env.example"],
        ),
        # A run can do without an optional source, and does not read one that is off.
        ({"EXCHANGE_RATES_API": None}, []),
        (
            {"SALES_DB": "postgresql://a:b#c@db/shop", "BIGQUERY": None},
            ["is neither JSON nor a URI", "the connection bigquery is not defined"],
        ),
    ],
)
def test_what_a_day_needs_is_listed_before_it_runs(
    changes, problems, monkeypatch, tmp_path
):
    key = tmp_path / "key.json"
    key.touch()
    connections = {
        "SALES_DB": "postgresql://a:b@db/shop?sslmode=verify-full&sslrootcert=system",
        "STOREFRONT_API": HTTP,
        "EXCHANGE_RATES_API": HTTP,
        "BIGQUERY": GOOGLE,
    }
    policy = '{"exchange_rates": "optional", "partner_files": "off"}'
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", policy)
    for name, known in (connections | changes).items():
        if known is not None:
            text = known if isinstance(known, str) else json.dumps(known)
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", text.replace("KEY", str(key)))
    if not problems:
        settings_check.require_connections()
        return
    with pytest.raises(ConfigurationError) as raised:
        settings_check.require_connections()
    lines = str(raised.value).splitlines()
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert problem in line
