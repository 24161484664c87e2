"""The files of a Docker deployment agree with each other and with the demo company."""

import importlib.util
import json
import re

import pytest
import yaml
from cryptography.fernet import Fernet

from demo.environment import environment
from demo.layout import Folders, Ports


@pytest.fixture
def make_env(repository):
    spec = importlib.util.spec_from_file_location(
        "make_env", repository / "deploy" / "make_env.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(repository, tmp_path):
    (tmp_path / ".env.example").write_text((repository / ".env.example").read_text())
    return tmp_path


@pytest.fixture
def compose(repository):
    names = ("docker-compose.yaml", "docker-compose.override.yaml")
    return {name: (repository / name).read_text() for name in names}


def values(text):
    pairs = (
        line.partition("=")
        for line in text.splitlines()
        if line and not line.startswith("#")
    )
    return {name: value for name, _, value in pairs}


def test_env_gets_a_value_for_every_secret(make_env, folder):
    assert make_env.main(folder) == 0
    written = values((folder / ".env").read_text())
    secrets = [written[name] for name in make_env.FILLED]
    assert all(secrets)
    assert len(set(secrets)) == len(secrets)
    assert Fernet(written["AIRFLOW__CORE__FERNET_KEY"])


def test_two_deployments_share_no_secret(make_env, repository):
    example = (repository / ".env.example").read_text()
    one, other = values(make_env.filled(example)), values(make_env.filled(example))
    assert [name for name in make_env.FILLED if one[name] == other[name]] == [
        "AIRFLOW_UID"
    ]


def test_env_is_for_its_owner_only(make_env, folder):
    make_env.main(folder)
    assert (folder / ".env").stat().st_mode & 0o077 == 0


def test_existing_env_is_kept_and_what_it_lacks_is_named(make_env, folder, capsys):
    (folder / ".env").write_text("POSTGRES_PASSWORD=mine\nREDIS_PASSWORD=\n")
    assert make_env.main(folder) == 1
    assert (folder / ".env").read_text() == "POSTGRES_PASSWORD=mine\nREDIS_PASSWORD=\n"
    printed = capsys.readouterr().out
    assert "REDIS_PASSWORD" in printed
    assert "POSTGRES_PASSWORD" not in printed


def test_secret_is_empty_in_the_example(make_env, repository):
    example = values((repository / ".env.example").read_text())
    assert {name: example[name] for name in make_env.FILLED} == dict.fromkeys(
        make_env.FILLED, ""
    )


def test_no_process_of_the_stack_has_a_secret_among_its_arguments(compose):
    """The shell's own `printf` and an assignment before a command are no arguments of a process."""
    shown = []
    for text in compose.values():
        for name, service in yaml.safe_load(text)["services"].items():
            told = [service.get(key) or [] for key in ("command", "entrypoint")]
            told.append(service.get("healthcheck", {}).get("test") or [])
            for line in "\n".join(
                each if isinstance(each, str) else "\n".join(each) for each in told
            ).splitlines():
                secret = re.search(r"\$\$\w*(?:PASSWORD|SECRET|KEY|URL|DSN)", line)
                if secret and not re.match(
                    r"\s*(?:printf |[A-Z_]+=\"\$\$\w+\" )", line
                ):
                    shown.append((name, line))
    assert shown == []


def test_every_variable_without_default_stops_the_start_with_what_to_do(compose):
    for text in compose.values():
        unguarded = set(re.findall(r"\$\{(\w+)\}", text))
        guarded = set(re.findall(r"\$\{(\w+):\?run `make env` once", text))
        assert unguarded <= guarded


def test_every_variable_of_the_stack_is_explained(compose, repository):
    example = values((repository / ".env.example").read_text())
    used = set(re.findall(r"\$\{(\w+)", compose["docker-compose.yaml"]))
    # The two that a build or a release sets, not an operator.
    assert used - set(example) == {"AIRFLOW_IMAGE", "CODE_VERSION"}


def test_the_password_of_airflows_database_is_in_no_connection(compose):
    """Tasks may read every connection."""
    for text in compose.values():
        for service in yaml.safe_load(text)["services"].values():
            connections = {
                name: value
                for name, value in (service.get("environment") or {}).items()
                if name.startswith("AIRFLOW_CONN_")
            }
            assert "POSTGRES_PASSWORD" not in str(connections)


def test_a_worker_is_given_no_secret_that_its_tasks_would_see(compose, make_env):
    """`.env` is in the environment of every service, except what the service itself sets."""
    worker = yaml.safe_load(compose["docker-compose.yaml"])["services"][
        "airflow-worker"
    ]
    secrets = set(make_env.FILLED) - {
        "CUSTOMER_HASH_KEY",
        "AIRFLOW_UID",
    }  # which tasks need
    kept = {
        name: value for name, value in worker["environment"].items() if name in secrets
    }
    assert kept == dict.fromkeys(secrets, "")
    assert [
        name for name in secrets if f"${{{name}" in str(worker["environment"])
    ] == []


def test_airflows_database_is_cleaned_by_a_service_of_its_own(compose):
    service = yaml.safe_load(compose["docker-compose.yaml"])["services"][
        "airflow-db-clean"
    ]
    assert service["restart"] == "unless-stopped"
    assert service["command"][:2] == [
        "bash",
        "-ec",
    ]  # it ends, and is started again, when it fails
    assert "airflow db clean --yes" in service["command"][2]
    assert "$${METADATA_RETENTION_DAYS:-180}" in service["command"][2]


def test_a_worker_that_is_stopped_ends_its_tasks_first(compose):
    worker = yaml.safe_load(compose["docker-compose.yaml"])["services"][
        "airflow-worker"
    ]
    # Else dumb-init sends the stop signal to the tasks too.
    assert worker["environment"]["DUMB_INIT_SETSID"] == "0"
    assert (
        worker["stop_grace_period"] == "5m"
    )  # Docker's ten seconds are too short for a task


def test_containers_see_the_demo_company_as_make_demo_does(compose, tmp_path):
    override = yaml.safe_load(compose["docker-compose.override.yaml"])
    given = override["services"]["airflow-worker"]["environment"]
    wanted = environment(Ports(), Folders(tmp_path))
    for name in wanted:
        if name.startswith("AIRFLOW_CONN_"):
            assert without_place(given[name]) == without_place(wanted[name])
        elif name.startswith("AIRFLOW_VAR_") or name in (
            "SHOP_TIMEZONE",
            "REPORTING_CURRENCY",
        ):
            assert given[name] == wanted[name]


def without_place(connection):
    return {
        name: value
        for name, value in json.loads(connection).items()
        if name not in ("host", "port")
    }
