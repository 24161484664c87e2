"""A whole Airflow with a secrets backend, logs in CloudWatch and as JSON on stdout, and metrics by StatsD."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from demo.seeders.sales_db import READER_PASSWORD
from tests import elastic
from tests.aws import REGION, Aws, aws
from tests.integration.live_airflow import LiveAirflow, live_airflow
from tests.monitoring.exporter import Exporter, exporter

pytestmark = pytest.mark.slow

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


def test_the_tasks_connection_comes_from_the_secrets_backend(observed):
    assert observed.state == "success"
    found = observed.airflow.until(
        lambda: "sales_db" in (log := observed.log()) and log, "shows the log"
    )
    assert "ok    sales_db             PostgreSQL" in found


def test_the_log_arrives_in_cloudwatch_and_is_read_back_from_there(observed):
    logs = observed.amazon.client("logs")

    def kept() -> str | None:
        streams = logs.describe_log_streams(logGroupName=LOG_GROUP)["logStreams"]
        names = [
            each["logStreamName"]
            for each in streams
            if "task_id=look" in each["logStreamName"]
        ]
        texts = [
            event["message"]
            for name in names
            for event in logs.get_log_events(
                logGroupName=LOG_GROUP, logStreamName=name
            )["events"]
        ]
        return "\n".join(texts) if any("sales_db" in text for text in texts) else None

    assert "PostgreSQL" in observed.airflow.until(kept, "sends the log to CloudWatch")
    folder = observed.airflow.home / "logs"
    observed.airflow.until(
        lambda: not list(folder.rglob("dag_id=observed/**/*.log")),
        "removes the log from the worker's disk",
    )
    assert "Reading remote log from Cloudwatch" in observed.log()
    assert "PostgreSQL" in observed.log()


def test_log_lines_on_stdout_are_json_and_fit_the_index(observed):
    config = yaml.safe_load((REPOSITORY / "deploy/logging/filebeat.yml").read_text())
    template = json.loads(
        (REPOSITORY / "deploy/logging/index_template.json").read_text()
    )
    documents = [elastic.document(line, config) for line in observed.lines]
    for document in documents:
        assert list(elastic.misfits(document, template["template"]["mappings"])) == []
        assert document["message"] is not None
        if (
            "@timestamp" not in document
        ):  # what an interpreter says while it starts is not Airflow's log
            assert not re.search(r"\[(debug|info|warning|error)\b", document["message"])
    logged = [each for each in documents if "@timestamp" in each]
    assert {"info", "warning"} <= {each["log"]["level"] for each in logged}
    assert any(each.get("labels", {}).get("task_id") == "look" for each in logged)


def test_airflows_metrics_come_by_the_same_way(observed):
    duration = (
        r'airflow_task_duration_seconds_count\{dag_id="observed".*task_id="look".*\}'
    )
    assert observed.statsd.until(duration) >= 1
    assert observed.statsd.until(r"airflow_scheduler_heartbeat(\{.*\})?") >= 1
    run = (
        r'airflow_dagrun_duration_seconds_count\{dag_id="observed",.*state="success"\}'
    )
    assert observed.statsd.until(run) == 1


def test_no_secret_is_printed_or_kept_in_a_log(observed):
    said = "\n".join(observed.lines) + observed.log()
    for secret in (
        READER_PASSWORD,
        observed.airflow.environment()["CUSTOMER_HASH_KEY"],
    ):
        assert secret not in said
