"""A whole Airflow with a secrets backend, logs in CloudWatch and as JSON on stdout, and metrics by StatsD."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.seeders.sales_db import READER_PASSWORD
from tests.aws import REGION, Aws, aws
from tests.integration.live_airflow import LiveAirflow, live_airflow
from tests.monitoring.exporter import Exporter, exporter

pytestmark = pytest.mark.nightly

REPOSITORY = Path(__file__).resolve().parents[2]
LOG_GROUP = "airflow-tasks"
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
SETTINGS = {
    "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "tests" / "dags" / "observed"),
    # As docs/PRODUCTION.md has them.
    "AIRFLOW__SECRETS__BACKEND": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(
        {"connections_prefix": "airflow/connections"}
    ),
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "true",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": (
        f"cloudwatch://arn:aws:logs:{REGION}:123456789012:log-group:{LOG_GROUP}"
    ),
    "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "aws_default",
    "AIRFLOW__LOGGING__DELETE_LOCAL_LOGS": "true",
    "AIRFLOW__LOGGING__JSON_LOGS": "true",
    "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
}


@dataclass
class Observed:
    """What is there after a run, Airflow being up still."""

    airflow: LiveAirflow
    amazon: Aws
    statsd: Exporter
    run_id: str
    state: str

    @property
    def lines(self) -> list[str]:
        """What its processes have printed so far; a line that is just being printed is left out."""
        files = self.airflow.folders.logs.glob("airflow-*.log")
        return [
            line
            for file in files
            for line in file.read_text().rpartition("\n")[0].splitlines()
        ]

    def log(self) -> str:
        """The task's log as the UI gets it."""
        path = f"dags/observed/dagRuns/{self.run_id}/taskInstances/look/logs/1"
        return json.dumps(self.airflow.api.get(path)["content"])


@pytest.fixture(scope="module")
def observed(migrated_airflow, start_shared_company, tmp_path_factory):
    company = start_shared_company()
    folder = tmp_path_factory.mktemp("observed")
    with aws() as amazon, exporter() as statsd:
        amazon.client("secretsmanager").create_secret(
            Name="airflow/connections/sales_db",
            SecretString=company.environment["AIRFLOW_CONN_SALES_DB"],
        )
        amazon.client("logs").create_log_group(logGroupName=LOG_GROUP)
        environment = (
            company.environment
            | amazon.environment
            | statsd.airflow_environment
            | SETTINGS
        ) | {"AIRFLOW_CONN_SALES_DB": NOWHERE}
        with live_airflow(folder, migrated_airflow, environment, "observed") as airflow:
            run_id = airflow.trigger("observed")
            state = airflow.state("observed", run_id)
            yield Observed(airflow, amazon, statsd, run_id, state)


def test_the_connection_comes_from_the_secrets_backend_and_the_log_from_cloudwatch(
    observed,
):
    assert observed.state == "success"
    folder = observed.airflow.home / "logs"
    observed.airflow.until(
        lambda: not list(folder.rglob("dag_id=observed/**/*.log")),
        "removes the log from the worker's disk",
    )
    log = observed.airflow.until(
        lambda: "sales_db" in (text := observed.log()) and text, "shows the log"
    )
    assert "Reading remote log from Cloudwatch" in log
    assert "ok    sales_db             PostgreSQL" in log
    printed = "\n".join(observed.lines) + log
    key = observed.airflow.environment()["CUSTOMER_HASH_KEY"]
    for secret in (READER_PASSWORD, key):
        assert secret not in printed


def test_log_lines_on_stdout_are_json_with_the_fields_of_the_index(observed):
    lines = [json.loads(line) for line in observed.lines if line.startswith("{")]
    assert {"info", "warning"} <= {line["level"] for line in lines}
    for line in lines:
        assert line["timestamp"].endswith("Z")
        assert line["event"] is not None
    assert any(line.get("task_id") == "look" for line in lines)


def test_airflows_metrics_come_by_statsd(observed):
    look = 'dag_id="observed".*task_id="look"'
    duration = rf"airflow_task_duration_seconds_count\{{{look}.*\}}"
    assert observed.statsd.until(duration) >= 1
    assert observed.statsd.until(r"airflow_scheduler_heartbeat(\{.*\})?") >= 1
