"""What a command adds to its environment before it begins."""

import os
from unittest import mock

import pytest

from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError

ENV_FILE = "SHOP_TIMEZONE=Asia/Tokyo\nREPORTING_CURRENCY=\nCUSTOMER_HASH_KEY='a$b'\n"
DEMO_FILE = "SHOP_TIMEZONE='America/New_York'\nAIRFLOW_HOME='/demo'\n"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
POSTGRES = "postgresql://airflow@db/airflow"

LOADS = {
    "settings": (ENV_FILE, {}),
    "what is set already": (
        f"{ENV_FILE}REPORT_LOCALE=de_CH\n",
        {
            "SHOP_TIMEZONE": "Europe/Berlin",
            "AIRFLOW__CORE__DAGS_FOLDER": "/dags",
            "AIRFLOW__API__PORT": "9081",
            "AIRFLOW_VAR_X": "",
        },
    ),
    "some folders": (
        "AIRFLOW_HOME=/srv/airflow\nSTAGING_URI=\nREPORTS_URI=gs://bucket/reports\n",
        {"MODELS_URI": "file:///models"},
    ),
    "another home": ("AIRFLOW_HOME=/srv/airflow\n", {"AIRFLOW_HOME": "/home/me"}),
    "only the demo's file": (None, {}),
}


def loaded(**environ):
    with mock.patch.dict(os.environ, environ, clear=True):
        environment.load()
        return dict(os.environ)


@pytest.mark.parametrize("name", LOADS)
def test_load(name, folder, snapshot):
    env_file, environ = LOADS[name]
    (folder / ".demo").mkdir()
    (folder / ".demo" / "environment").write_text(DEMO_FILE)
    if env_file is not None:
        (folder / ".env").write_text(env_file)
    values = sorted(loaded(**environ).items())
    text = "\n".join(f"{variable}={value}" for variable, value in values)
    assert text.replace(str(folder), "/shop") == snapshot
    assert not (folder / ".airflow").exists()


def test_a_line_that_cannot_be_read_is_named_without_its_value(folder, caplog):
    (folder / ".env").write_text(
        "# first\nSHOP_TIMEZONE=Asia/Tokyo\n\nAIRFLOW_CONN_SALES_DB='secret\n"
        "with space=secret\nREPORT_LOCALE=de_CH\n"
    )
    values = loaded()
    assert values["SHOP_TIMEZONE"] == "Asia/Tokyo"
    assert values["REPORT_LOCALE"] == "de_CH"
    assert [record.getMessage() for record in caplog.records] == [
        "python-dotenv could not parse statement starting at line 3",
        "python-dotenv could not parse statement starting at line 5",
    ]


def test_in_a_container_the_environment_is_all_there_is():
    environ = {"CUSTOMER_HASH_KEY": "x", DATABASE: POSTGRES}
    in_process = {"_AIRFLOW_PROCESS_CONTEXT": "server"}
    assert loaded(**environ) == environ | in_process
    with mock.patch.dict(os.environ, environ, clear=True):
        environment.load(connections_of_the_ui=False)
        assert os.environ == environ


def test_where_there_is_nothing_one_sentence_shows_what_to_do():
    with pytest.raises(ConfigurationError, match=r"run make env .* or make demo"):
        loaded(PATH="/bin", AIRFLOW_HOME="/opt/airflow")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({DATABASE: POSTGRES}, True),
        ({DATABASE: ""}, False),
        ({f"{DATABASE}_CMD": "cat secret"}, True),
        ({f"{DATABASE}_SECRET": "airflow/database"}, True),
        ({}, False),
    ],
)
def test_where_airflow_has_metadata(folder, environ, expected):
    environ = {"AIRFLOW_HOME": str(folder), **environ}
    with mock.patch.dict(os.environ, environ, clear=True):
        assert environment.has_metadata() is expected


@pytest.mark.parametrize(
    ("url", "expected"), [(POSTGRES, True), ("sqlite:////tmp/airflow.db", False)]
)
def test_where_airflow_cfg_names_the_database(folder, url, expected):
    file = folder / "airflow.cfg"
    file.write_text(f"[database]\nsql_alchemy_conn = {url}\n")
    with mock.patch.dict(os.environ, {"AIRFLOW_HOME": str(folder)}, clear=True):
        assert environment.has_metadata() is expected


KEY_FILE = '{"conn_type": "google_cloud_platform", "extra": {"project": "p"}}'


@pytest.mark.parametrize(
    ("environ", "configuration", "expected"),
    [
        ({"AIRFLOW_CONN_BIGQUERY": KEY_FILE}, "", {"project": "p"}),
        (
            {"AIRFLOW_CONN_BIGQUERY": KEY_FILE},
            "[secrets]\nbackend =\n",
            {"project": "p"},
        ),
        ({"AIRFLOW_CONN_BIGQUERY": KEY_FILE}, "[secrets]\nbackend = vault\n", {}),
        ({"AIRFLOW_CONN_BIGQUERY": KEY_FILE}, "[workers]\nsecrets_backend = v\n", {}),
        (
            {
                "AIRFLOW_CONN_BIGQUERY": KEY_FILE,
                "AIRFLOW__SECRETS__BACKEND_CMD": "cat backend",
            },
            "",
            {},
        ),
        ({}, "", {}),
        ({"AIRFLOW_CONN_BIGQUERY": "google-cloud-platform://?project=p"}, "", {}),
        ({"AIRFLOW_CONN_BIGQUERY": '{"extra": "{\\"project\\": \\"p\\"}"}'}, "", {}),
        ({"AIRFLOW_CONN_BIGQUERY": "[1]"}, "", {}),
        ({"AIRFLOW_CONN_BIGQUERY": "{"}, "", {}),
    ],
)
def test_only_a_plain_connection_is_read_without_airflow(
    folder, environ, configuration, expected
):
    (folder / "airflow.cfg").write_text(configuration)
    environ = {"AIRFLOW_HOME": str(folder), **environ}
    with mock.patch.dict(os.environ, environ, clear=True):
        assert environment.connection_extra("bigquery") == expected


def test_an_empty_setting_does_not_hide_that_of_the_file(folder):
    (folder / ".env").write_text("SHOP_TIMEZONE=Asia/Tokyo\n")
    assert loaded(SHOP_TIMEZONE="")["SHOP_TIMEZONE"] == "Asia/Tokyo"
