"""The files under deploy/monitoring fit each other, the metrics that exist, and the Compose profile."""

import json
import re
from pathlib import Path

import pytest
import yaml
from airflow.sdk._shared.observability.metrics import metrics_registry

REPOSITORY = Path(__file__).resolve().parents[2]
MONITORING = REPOSITORY / "deploy" / "monitoring"
SUFFIXES = ("_sum", "_count")
OWN = tuple(
    f"ecommerce.{name}"
    for name in (
        "business_day_end",
        "source_read",
        "rows",
        "rejected_ratio",
        "bytes_billed",
        "mails_sent",
    )
)
"""The names of the pipeline's own metrics."""


def read(name: str):
    return yaml.safe_load((MONITORING / name).read_text())


@pytest.fixture(scope="module")
def series() -> set[str]:
    """The names of all series there can be: what Airflow's registry and the pipeline have, mapped."""
    registry = Path(metrics_registry.__file__).with_name("metrics_template.yaml")
    airflows = [
        metric["name"] for metric in yaml.safe_load(registry.read_text())["metrics"]
    ]
    rules = [
        (re.compile(re.escape(rule["match"]).replace(r"\*", "[^.]*")), rule["name"])
        for rule in read("statsd_mapping.yml")["mappings"]
    ]
    names = set()
    for sent in (f"airflow.{name}" for name in [*airflows, *OWN]):
        name = next(
            (given for rule, given in rules if rule.fullmatch(sent)),
            sent.replace(".", "_"),
        )
        names |= {name, *(name + suffix for suffix in SUFFIXES)}
    return names


def asked_for(expression: str) -> set[str]:
    """The series that a PromQL expression names."""
    return set(
        re.findall(
            r"\b(?:airflow|ecommerce)[_:][\w:]*", re.sub(r'"[^"]*"', "", expression)
        )
    )


def rules() -> list[dict]:
    return [rule for group in read("alerts.yml")["groups"] for rule in group["rules"]]


def dashboard() -> dict:
    return json.loads((MONITORING / "grafana/dashboards/sales.json").read_text())


def queries() -> list[str]:
    return [
        target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]
    ]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def test_every_own_metric_has_a_rule_and_a_help_text():
    given = {rule["match"]: rule for rule in read("statsd_mapping.yml")["mappings"]}
    for name in OWN:
        rule = given[f"airflow.{name}"]
        assert rule["name"].startswith("ecommerce_")
        assert rule["help"]


def test_every_own_metric_is_shown_and_explained(series):
    shown = set().union(*map(asked_for, queries() + [rule["expr"] for rule in rules()]))
    documented = (REPOSITORY / "docs" / "MONITORING.md").read_text()
    for name in (
        name
        for name in series
        if name.startswith("ecommerce_") and not name.endswith(SUFFIXES)
    ):
        assert name in shown
        assert f"`{name}`" in documented


@pytest.mark.parametrize("expression", queries())
def test_every_query_of_the_dashboard_asks_for_what_exists(expression, series):
    assert asked_for(expression)
    assert asked_for(expression) <= series | recorded()


def test_every_alert_asks_for_what_exists_and_says_what_to_do(series):
    for rule in rules():
        assert asked_for(rule["expr"]) <= series | recorded() | {"airflow"}
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("critical", "warning")
            assert rule["annotations"]["summary"]
            page = rule["annotations"]["runbook"].partition(":")[0]
            assert rule["alert"] in (REPOSITORY / page).read_text()


def test_dashboard_has_its_panels_side_by_side_and_one_datasource():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    taken = set()
    for panel in panels:
        assert panel["datasource"]["uid"] == source["uid"]
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_compose_profile_mounts_these_files_and_names_these_addresses():
    services = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())[
        "services"
    ]
    profile = {
        name: service
        for name, service in services.items()
        if service.get("profiles") == ["monitoring"]
    }
    assert set(profile) == {"statsd-exporter", "prometheus", "alertmanager", "grafana"}
    for name, service in profile.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"]), (
            f"{name} has no exact version"
        )
        assert service["healthcheck"]["test"]
        assert service["deploy"]["resources"]["limits"]["memory"]
        for mount in service.get("volumes", ()):
            if mount.startswith("./"):
                assert (REPOSITORY / mount.split(":")[0]).exists(), mount
    (scrape,) = read("prometheus.yml")["scrape_configs"]
    assert scrape["static_configs"] == [{"targets": ["statsd-exporter:9102"]}]
    (manager,) = read("prometheus.yml")["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    environment = services["airflow-worker"]["environment"] | services[
        "airflow-scheduler"
    ].get("environment", {})
    assert environment["AIRFLOW__METRICS__STATSD_HOST"] == "statsd-exporter"
    assert (
        f"--statsd.listen-udp=:{environment['AIRFLOW__METRICS__STATSD_PORT']}"
        in profile["statsd-exporter"]["command"]
    )


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
    services = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())[
        "services"
    ]
    for option, value in values["config"]["metrics"].items():
        given = services["airflow-worker"]["environment"][
            f"AIRFLOW__METRICS__{option.upper()}"
        ]
        assert given == value.lower()
