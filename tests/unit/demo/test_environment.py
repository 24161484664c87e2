"""The pipeline's settings and connections lead to the demo company, and to no other."""

import json
import os
from pathlib import Path

import pytest
import yaml

from demo.airflow_services import AirflowServices
from demo.environment import (
    EXPECTED_PARTNERS,
    environment,
    format_env_file,
    second_shop,
    subscriptions,
)
from demo.layout import Folders, Ports
from ecommerce.cli import environment as commands
from ecommerce.sales.subscriptions import parse_subscriptions
from tests import settings

FOLDERS = Folders(Path("/srv/demo"))


def test_the_pipeline_has_its_settings_and_connections(snapshot):
    variables = environment(Ports(), FOLDERS, timezone="Europe/Berlin")
    variables |= second_shop(Ports())
    found = settings.settings_of(variables)
    assert found.shop_timezone == "Europe/Berlin"
    assert found.partner_drop_uri == "file:///srv/demo/partner_drop"
    assert format_env_file(variables) == snapshot


def test_the_demo_has_a_subscription_of_each_kind():
    [text] = subscriptions().values()
    found = parse_subscriptions(text, "the demo")
    assert found.problems == []
    kinds = [each.report or each.alert for each in found.valid]
    assert kinds == ["week", "month", "orders"]


def test_airflow_of_the_demo_knows_nothing_of_another(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", "postgresql://production/shop")
    monkeypatch.setenv("AIRFLOW__CORE__DEFAULT_TIMEZONE", "Asia/Tokyo")
    secrets = []
    for home in ("one", "one", "two"):
        folders = Folders(tmp_path / home)
        services = AirflowServices(Ports(), folders, "America/New_York")
        variables = services.environment()
        assert "production" not in variables["AIRFLOW_CONN_SALES_DB"]
        assert "AIRFLOW__CORE__DEFAULT_TIMEZONE" not in variables
        secrets.append(variables["AIRFLOW__API_AUTH__JWT_SECRET"])
    assert secrets[0] == secrets[1] != secrets[2]
    file = tmp_path / "one" / "airflow" / "jwt.secret"
    assert file.stat().st_mode & 0o077 == 0


def test_compose_has_the_company_of_make_demo(repository):
    """Its other settings, such as the staging folder, are those of `.env`."""
    text = (repository / "docker-compose.override.yaml").read_text()
    # Two systems have containers of their own.
    for host in ("demo-sales-db", "demo-bigquery"):
        text = text.replace(host, "demo-company")
    found = yaml.safe_load(text)["x-development"]["environment"]
    ports, folders = Ports(sales_db=5432), Folders(Path("/srv/company"))
    expected = environment(ports, folders, host="demo-company")
    expected |= second_shop(ports, host="demo-company")
    expected["EXPECTED_PARTNERS"] = EXPECTED_PARTNERS
    del expected["PICTURE_NETWORKS"]
    connections = {name for name in expected if name.startswith("AIRFLOW_CONN_")}
    assert {*connections, "EXPECTED_PARTNERS", "SHOPS"} <= set(found)
    for name in expected.keys() & found.keys():
        assert _value(found[name]) == _value(expected[name]), name


def _value(text):
    return json.loads(text) if text.startswith("{") else text


class RunningServices(AirflowServices):
    """Services that run, with a metadata database at a place that needs quotes."""

    def _running(self, *_):
        return True

    def _start_database(self):
        return f"postgresql://{self.folders.home}"


@pytest.mark.parametrize("name", ["Jürgens 'Läden'", "a\\b\\", "$HOME # 1"])
def test_commands_find_the_demo_by_its_file(name, tmp_path, monkeypatch):
    folders = Folders(tmp_path / name)
    services = RunningServices(Ports(smtp=2525), folders, "Asia/Tokyo")
    services.start()  # what runs is left alone
    monkeypatch.setattr(commands, "REPOSITORY", tmp_path)  # where there is no .env
    with settings.environment({"DEMO_HOME": str(folders.home)}, alone=True):
        commands.load()
        for variable, value in services.command_environment().items():
            assert os.environ[variable] == value
