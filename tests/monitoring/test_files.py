"""The files under deploy/monitoring fit each other, the metrics that exist, and the Compose profile."""

import json
import re
from pathlib import Path

import pytest
import yaml
from airflow.sdk._shared.observability.metrics import metrics_registry

from tests.monitoring.exporter import Exporter
from tests.recipes import REPOSITORY

MONITORING = REPOSITORY / "deploy" / "monitoring"
OWN = [
    "ecommerce.business_day_end",
    "ecommerce.source_read",
    "ecommerce.rows",
    "ecommerce.rejected_ratio",
    "ecommerce.bytes_billed",
    "ecommerce.mails_sent",
]
"""The names of the pipeline's own metrics."""


def read(name):
    return yaml.safe_load((MONITORING / name).read_text())


@pytest.fixture(scope="module")
def series():
    """The names of all series there can be: what Airflow's registry and the pipeline have, mapped."""
    registry = Path(metrics_registry.__file__).with_name("metrics_template.yaml")
    sent = [
        metric["name"] for metric in yaml.safe_load(registry.read_text())["metrics"]
    ]
    exporter = Exporter(read("statsd_mapping.yml"))
    names = set()
    for metric in [*sent, *OWN]:
        name, _ = exporter.renamed(f"airflow.{metric}")
        names |= {name, f"{name}_sum", f"{name}_count"}
    return names


def compose_services():
    text = (REPOSITORY / "docker-compose.yaml").read_text()
    return yaml.safe_load(text)["services"]


def asked_for(expression):
    """The series that a PromQL expression names."""
    without_labels = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:airflow|ecommerce)[_:][\w:]*", without_labels))


def rules():
    return [rule for group in read("alerts.yml")["groups"] for rule in group["rules"]]


def dashboard():
    return json.loads((MONITORING / "grafana/dashboards/sales.json").read_text())


def queries():
    expressions = []
    for panel in dashboard()["panels"]:
        expressions += [target["expr"] for target in panel["targets"]]
    return expressions


def recorded():
    return {rule["record"] for rule in rules() if "record" in rule}


def test_every_own_metric_is_mapped_shown_and_explained(series):
    mapped = {rule["match"]: rule for rule in read("statsd_mapping.yml")["mappings"]}
    expressions = [*queries(), *(rule["expr"] for rule in rules())]
    shown = set().union(*map(asked_for, expressions))
    documented = (REPOSITORY / "docs" / "MONITORING.md").read_text()
    for own in OWN:
        rule = mapped[f"airflow.{own}"]
        assert rule["help"]
        assert rule["name"] in shown
        assert f"`{rule['name']}`" in documented


def test_dashboard_and_alerts_ask_for_what_exists_and_alerts_say_what_to_do(series):
    known = series | recorded()
    for expression in queries():
        assert asked_for(expression)
        assert asked_for(expression) <= known
    for rule in rules():
        assert asked_for(rule["expr"]) <= known | {"airflow"}
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("critical", "warning")
            assert rule["annotations"]["summary"]
            page = rule["annotations"]["runbook"].partition(":")[0]
            assert rule["alert"] in (REPOSITORY / page).read_text()
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    uids = {panel["datasource"]["uid"] for panel in dashboard()["panels"]}
    assert uids == {source["uid"]}


def test_compose_profile_mounts_these_files_and_names_these_addresses():
    services = compose_services()
    profile = {}
    for name, service in services.items():
        if service.get("profiles") == ["monitoring"]:
            profile[name] = service
    assert set(profile) == {"statsd-exporter", "prometheus", "alertmanager", "grafana"}
    for service in profile.values():
        for mount in service.get("volumes", ()):
            if mount.startswith("./"):
                assert (REPOSITORY / mount.split(":")[0]).exists(), mount
    config = (MONITORING / "prometheus.yml").read_text()
    assert "statsd-exporter:9102" in config
    assert "alertmanager:9093" in config
    environment = services["airflow-worker"]["environment"]
    assert environment["AIRFLOW__METRICS__STATSD_HOST"] == "statsd-exporter"
    port = environment["AIRFLOW__METRICS__STATSD_PORT"]
    assert f"--statsd.listen-udp=:{port}" in profile["statsd-exporter"]["command"]


def test_alertmanager_holds_no_secret():
    text = (MONITORING / "alertmanager.yml").read_text()
    assert not re.search(r"(password|token|secret|api_url|url):\s", text)
    config = read("alertmanager.yml")
    assert config["route"]["receiver"] in {
        receiver["name"] for receiver in config["receivers"]
    }


def test_the_chart_names_metrics_as_compose_does():
    values = yaml.safe_load((REPOSITORY / "deploy/helm/values.yaml").read_text())
    assert (
        values["statsd"]["overrideMappings"] == read("statsd_mapping.yml")["mappings"]
    )
    environment = compose_services()["airflow-worker"]["environment"]
    for option, value in values["config"]["metrics"].items():
        assert environment[f"AIRFLOW__METRICS__{option.upper()}"] == value.lower()
