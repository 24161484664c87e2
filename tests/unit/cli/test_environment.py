"""What a command adds to its environment before it begins."""

import os

import pytest

from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError
from tests import settings

ENV_FILE = "SHOP_TIMEZONE=Asia/Tokyo\nREPORTING_CURRENCY=\nCUSTOMER_HASH_KEY='a$b'\n"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
POSTGRES = "postgresql://airflow@db/airflow"


def loaded(**environ):
    with settings.environment(environ, alone=True):
        environment.load()
        return dict(os.environ)


def test_settings_are_completed(folder, snapshot):
    (folder / ".env").write_text(ENV_FILE)
    values = sorted(loaded().items())
    text = "\n".join(f"{variable}={value}" for variable, value in values)
    assert text.replace(str(folder), "/shop") == snapshot
    assert not (folder / ".airflow").exists()


def test_what_is_set_already_wins_except_an_empty_setting(folder):
    (folder / ".env").write_text(f"{ENV_FILE}AIRFLOW_VAR_X=of the file\n")
    environ = {
        "SHOP_TIMEZONE": "Europe/Berlin",
        "AIRFLOW__CORE__DAGS_FOLDER": "/dags",
        "AIRFLOW_VAR_X": "",
    }
    values = loaded(AIRFLOW__API__PORT="9081", CUSTOMER_HASH_KEY="", **environ)
    assert environ.items() <= values.items()
    assert values["CUSTOMER_HASH_KEY"] == "a$b"
    api = values["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
    assert api == "http://localhost:9081/execution/"


def test_folders_are_below_the_home(folder):
    (folder / ".env").write_text(
        "AIRFLOW_HOME=/srv/airflow\nSTAGING_URI=\nREPORTS_URI=gs://bucket/reports\n"
    )
    values = loaded(MODELS_URI="file:///models")
    assert values["STAGING_URI"] == "file:///srv/airflow/data/staging"
    assert values["REPORTS_URI"] == "gs://bucket/reports"
    assert values["MODELS_URI"] == "file:///models"
    values = loaded(AIRFLOW_HOME="/home/me")
    assert values["STAGING_URI"] == "file:///home/me/data/staging"


def test_the_demos_file_counts_only_without_a_file_of_settings(folder):
    (folder / ".demo").mkdir()
    demo = "SHOP_TIMEZONE='America/New_York'\nAIRFLOW_HOME='/demo'\n"
    (folder / ".demo" / "environment").write_text(demo)
    values = loaded()
    assert values["SHOP_TIMEZONE"] == "America/New_York"
    assert values["STAGING_URI"] == "file:///demo/data/staging"
    (folder / ".env").write_text(ENV_FILE)
    assert loaded()["SHOP_TIMEZONE"] == "Asia/Tokyo"


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
    with settings.environment(environ, alone=True):
        environment.load(connections_of_the_ui=False)
        assert os.environ == environ


def test_where_there_is_nothing_one_sentence_shows_what_to_do():
    with pytest.raises(ConfigurationError, match=r"run make env .* or make demo"):
        loaded(PATH="/bin", AIRFLOW_HOME="/opt/airflow")


@pytest.mark.parametrize(
    ("environ", "configuration", "expected"),
    [
        ({DATABASE: POSTGRES}, "", True),
        ({DATABASE: ""}, "", False),
        ({f"{DATABASE}_CMD": "cat secret"}, "", True),
        ({f"{DATABASE}_SECRET": "airflow/database"}, "", True),
        ({}, "", False),
        ({}, f"sql_alchemy_conn = {POSTGRES}", True),
        # Airflow itself writes this.
        ({}, "sql_alchemy_conn = sqlite:////tmp/airflow.db", False),
    ],
)
def test_where_airflow_has_metadata(folder, environ, configuration, expected):
    (folder / "airflow.cfg").write_text(f"[database]\n{configuration}\n")
    environ = {"AIRFLOW_HOME": str(folder), **environ}
    with settings.environment(environ, alone=True):
        assert environment.has_metadata() is expected


PLAIN = '{"conn_type": "google_cloud_platform", "extra": {"project": "p"}}'
BY_COMMAND = {"AIRFLOW__SECRETS__BACKEND_CMD": "cat backend"}
NOT_PLAIN = (
    "",
    "google-cloud-platform://?project=p",
    '{"extra": "{\\"project\\": \\"p\\"}"}',
    "[1]",
    "{",
)


@pytest.mark.parametrize(
    ("connection", "configuration", "environ", "is_read"),
    [
        (PLAIN, "", {}, True),
        (PLAIN, "[secrets]\nbackend =\n", {}, True),
        (PLAIN, "[secrets]\nbackend = vault\n", {}, False),
        (PLAIN, "[workers]\nsecrets_backend = v\n", {}, False),
        (PLAIN, "", BY_COMMAND, False),
        *((text, "", {}, False) for text in NOT_PLAIN),
    ],
)
def test_only_a_plain_connection_is_read_without_airflow(
    folder, connection, configuration, environ, is_read
):
    (folder / "airflow.cfg").write_text(configuration)
    environ = environ | {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW_CONN_BIGQUERY": connection,
    }
    with settings.environment(environ, alone=True):
        extra = environment.connection_extra("bigquery")
    assert extra == ({"project": "p"} if is_read else {})
