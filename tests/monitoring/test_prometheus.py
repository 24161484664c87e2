"""The real Prometheus, promtool and amtool with the files of deploy/monitoring."""

import json
import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from airflow.sdk.observability import stats

from demo.services.ports import free_port
from ecommerce.runtime import metrics
from tests.monitoring.test_files import MONITORING, queries, recorded, rules
from tests.waiting import wait_until

pytestmark = pytest.mark.monitoring

LIMIT = 300
"""Seconds after which something never happens."""


def tool(*command, folder=MONITORING):
    assert shutil.which(command[0]), (
        f"{command[0]} is missing: apt-get install prometheus prometheus-alertmanager"
    )
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_is_valid_and_alerts_fire_when_they_should_and_only_then():
    tool("promtool", "check", "config", "prometheus.yml")
    checked = tool("promtool", "check", "rules", "alerts.yml")
    assert f"{len(rules())} rules found" in checked
    tool("promtool", "test", "rules", "alerts_test.yml", folder=Path(__file__).parent)
    tool("amtool", "check-config", "alertmanager.yml")


@contextmanager
def program(folder, *command):
    """A running program, whose output goes to a file in `folder`."""
    with (folder / "output.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


class Prometheus:
    """A running server."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def get(self, path, **parameters):
        with urlopen(
            f"{self._url}/{path}?{urlencode(parameters)}", timeout=30
        ) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.get("query", query=expression)["result"]


@pytest.fixture
def prometheus(tmp_path, sending):
    """Prometheus with our configuration, but for the addresses and a shorter interval."""
    assert shutil.which("prometheus"), "apt-get install prometheus"
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(MONITORING / "alerts.yml")]
    config["alerting"] = {}
    config["scrape_configs"][0]["static_configs"] = [
        {"targets": [f"127.0.0.1:{sending.web_port}"]}
    ]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = (
        "prometheus",
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with program(tmp_path, *command):
        yield Prometheus(port)


def send_everything():
    """One of each metric the dashboard and the alerts ask for."""
    now = datetime.now(UTC)
    for step in ("load", "report", "mail"):
        metrics.business_day_done(step, now - timedelta(days=3))
    audit = {
        "source": "sales_db",
        "read_at": now,
        "rows_read": 100,
        "rows_accepted": 60,
        "rows_rejected": 40,
    }
    metrics.loaded("daily_sales_pipeline", [audit])
    metrics.bytes_billed(1_000_000, "load")
    metrics.mail_sent("report")
    dag = {"dag_id": "daily_sales_pipeline"}
    for state in ("success", "failed"):
        stats.timing(
            f"dagrun.duration.{state}", 60_000.0, tags={**dag, "run_type": "scheduled"}
        )
    stats.timing("task.duration", 1_000.0, tags={**dag, "task_id": "load.load"})
    stats.incr("scheduler_heartbeat")


def test_every_metric_is_scraped_every_query_answered_and_a_missing_report_alerts(
    prometheus, sending
):
    send_everything()
    sending.until(r"airflow_scheduler_heartbeat(\{\})?")
    for expression in [*recorded(), *queries()]:
        wait_until(
            f"Prometheus answers {expression}",
            lambda expression=expression: prometheus.query(expression),
            LIMIT,
        )
    names = prometheus.get("label/__name__/values")
    mapping = yaml.safe_load((MONITORING / "statsd_mapping.yml").read_text())[
        "mappings"
    ]
    assert {rule["name"] for rule in mapping} <= set(names)

    def alert(name):
        firing = []
        for active in prometheus.get("alerts")["alerts"]:
            if active["labels"]["alertname"] == name and active["state"] == "firing":
                firing.append(active)
        return firing

    (missing,) = wait_until(
        "the report is missed", lambda: alert("SalesReportMissing"), LIMIT
    )
    assert missing["labels"]["severity"] == "critical"
    (rejected,) = wait_until(
        "rejected rows are minded", lambda: alert("TooManyRejectedRows"), LIMIT
    )
    assert (
        rejected["annotations"]["summary"]
        == "40% of the records of sales_db were rejected."
    )
    assert not alert("TwoFailedRuns")
