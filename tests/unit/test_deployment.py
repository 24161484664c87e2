"""The files of a Docker deployment: `.env`, what each service runs, and who sees which secret."""

import importlib.util
import json
import re
import shutil
import subprocess

import pytest
import yaml

from tests.settings import settings_of

COMPOSE = ("docker-compose.yaml", "docker-compose.override.yaml")


@pytest.fixture
def make_env(repository):
    path = repository / "deploy" / "make_env.py"
    spec = importlib.util.spec_from_file_location("make_env", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def example(repository):
    return values((repository / ".env.example").read_text())


@pytest.fixture(params=COMPOSE)
def services(request, repository):
    return services_of(repository / request.param)


def services_of(file):
    return yaml.safe_load(file.read_text())["services"]


def values(text):
    return dict(re.findall("(?m)^([A-Z_]+)=(.*)$", text))


def test_env_gets_a_secret_of_its_own_for_every_empty_value(
    make_env, repository, tmp_path, capsys, snapshot
):
    def written(folder):
        folder.mkdir()
        shutil.copy(repository / ".env.example", folder)
        assert make_env.main(folder) == 0
        assert (folder / ".env").stat().st_mode & 0o077 == 0
        return values((folder / ".env").read_text())

    first = written(tmp_path / "first")
    second = written(tmp_path / "second")
    own = [name for name in first if first[name] != second[name]]
    assert set(own) == set(make_env.FILLED) - {"AIRFLOW_UID"}
    lengths = [f"{name}: {len(first[name])}" for name in own]
    assert "\n".join([*lengths, capsys.readouterr().out]) == snapshot


def test_an_existing_env_is_kept_and_what_it_lacks_is_named(make_env, tmp_path, capsys):
    file = tmp_path / ".env"
    complete = "".join(f"{name}=x\n" for name in make_env.FILLED)
    file.write_text(complete)
    assert make_env.main(tmp_path) == 0
    assert file.read_text() == complete
    assert capsys.readouterr().out == ".env exists and is not changed\n"
    file.write_text(complete.replace("REDIS_PASSWORD=x", "REDIS_PASSWORD="))
    assert make_env.main(tmp_path) == 1
    words = ".env exists and is not changed; it has no value for REDIS_PASSWORD\n"
    assert capsys.readouterr().out == words


def test_the_example_shows_every_setting_with_its_default(example):
    defaults = settings_of()
    names = {name.upper() for name in type(defaults).model_fields}
    assert names <= set(example)
    settings = {name: example[name] for name in names - {"CUSTOMER_HASH_KEY"}}
    assert settings_of(settings) == defaults


def test_no_process_of_the_stack_has_a_secret_among_its_arguments(services):
    """The shell's own `printf`, an assignment before a command, and a line of a text on standard input are no
    arguments of a process. Compose itself replaces a single dollar."""
    harmless = re.compile(r"\s*(?:printf |[A-Z_]+=\"\$\$\w+\" |requirepass )")
    secret = re.compile(r"\$\{?\w*(?:PASSWORD|SECRET|KEY|URL|DSN|AUTH)")
    for name, service in services.items():
        health = service.get("healthcheck", {}).get("test")
        for words in (service.get("command"), service.get("entrypoint"), health):
            text = words if isinstance(words, str) else "\n".join(words or [])
            for line in text.splitlines():
                assert not secret.search(line) or harmless.match(line), (name, line)


def test_a_worker_finds_the_modules_that_it_imports_for_its_tasks(repository):
    worker = services_of(repository / COMPOSE[0])["airflow-worker"]
    config = worker["environment"]["AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"]
    modules = json.loads(config)["imports"]
    assert [name for name in modules if importlib.util.find_spec(name)] == modules


def test_the_documented_commands_pin_every_image(repository, tmp_path):
    """With a `docker` that has a digest for everything, and no registry."""
    document = (repository / "docs/PRODUCTION.md").read_text()
    [commands] = re.findall(r"(?ms)^```bash\n(pinned\(\).*?)^```", document)
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\ncase $1 in buildx) echo sha256:0 ;; *) echo "$@" ;; esac\n'
    )
    docker.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    pinned = values((tmp_path / ".env").read_text())
    wanted = {}
    for service in services_of(repository / COMPOSE[0]).values():
        name, image = re.fullmatch(r"\$\{(\w+):-(.+)\}", service["image"]).groups()
        wanted[name] = f"{image}@sha256:0"
    # Built here, from the base image.
    del wanted["AIRFLOW_IMAGE"]
    assert pinned == wanted
    dockerfile = (repository / "Dockerfile").read_text()
    [base] = re.findall(r"(?m)^ARG BASE_IMAGE=(.*)$", dockerfile)
    assert f"--build-arg BASE_IMAGE={base}@sha256:0 " in done.stdout


def test_tasks_see_no_secret_that_they_do_not_need(repository, make_env, services):
    """`.env` is in the environment of every service, except what the service itself sets; tasks
    may read every connection."""
    for service in services.values():
        for name, value in (service.get("environment") or {}).items():
            assert not (name.startswith("AIRFLOW_CONN_") and "_PASSWORD" in str(value))
    stack = services_of(repository / COMPOSE[0])
    worker = stack["airflow-worker"]["environment"]
    for name in set(make_env.FILLED) - {"CUSTOMER_HASH_KEY", "AIRFLOW_UID"}:
        assert worker[name] == ""
        assert f"${{{name}" not in str(worker)
