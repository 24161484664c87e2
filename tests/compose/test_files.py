"""What Compose says of the files, before anything runs."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.compose

PRODUCTION = ("--file", "docker-compose.yaml")
DEVELOPMENT = (*PRODUCTION, "--file", "docker-compose.override.yaml")
FILES = [PRODUCTION, DEVELOPMENT]


def compose(folder, *arguments):
    return subprocess.run(
        ["docker", "compose", *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("files", FILES, ids=["production", "development"])
def test_every_profile_is_clean(clone, files):
    subprocess.run([sys.executable, "deploy/make_env.py"], cwd=clone, check=True)
    profiles = compose(clone, *files, "config", "--profiles").stdout.split()
    assert "debug" in profiles
    every = [f"--profile={profile}" for profile in profiles]
    for asked in [[], *([option] for option in every), every]:
        done = compose(clone, *files, *asked, "config", "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("files", FILES, ids=["production", "development"])
def test_stack_without_secrets_refuses_to_start_with_one_sentence(clone, files):
    done = compose(clone, *files, "up", "--detach")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "run `make env` once, which writes .env with random secrets" in done.stderr


def test_one_missing_secret_is_enough_to_refuse(clone):
    subprocess.run([sys.executable, "deploy/make_env.py"], cwd=clone, check=True)
    env = clone / ".env"
    whole = env.read_text()
    for name in (
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "AIRFLOW_ADMIN_PASSWORD",
        "CUSTOMER_HASH_KEY",
    ):
        env.write_text(re.sub(f"(?m)^{name}=.*$", "", whole))
        done = compose(clone, "config", "--quiet")
        assert done.returncode != 0
        assert name in done.stderr
