"""The stack the tests share: built, started with two workers, and taken down whatever happens."""

import subprocess
import uuid

import pytest

from tests.compose.stack import Stack
from tests.recipes import copy_repository


@pytest.fixture(scope="session")
def _compose():
    """`make test-compose` promises Compose and an engine: without them it fails instead of skipping."""
    _need("docker", "compose", "version")


@pytest.fixture(scope="session")
def _engine(_compose):
    _need("docker", "info")


def _need(*command):
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.fail(
            f"these tests need Docker with its compose plugin: `{' '.join(command)}` fails"
        )


@pytest.fixture
def clone(_compose, tmp_path):
    """A copy of the repository as a fresh clone has it: no `.env`."""
    copy_repository(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def stack(_engine, tmp_path_factory):
    """Airflow with two workers and the demo company, healthy."""
    folder = tmp_path_factory.mktemp("clone")
    copy_repository(folder)
    stack = Stack(
        folder,
        # An image that nobody has built yet: as on a machine that sees this repository for the first time.
        AIRFLOW_IMAGE=f"compose-test-{uuid.uuid4().hex[:8]}",
        CODE_VERSION="compose-test",
        AIRFLOW_UID="12345",
        # Only what a test switches on runs: what else is due at this hour and weekday would run beside it.
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="true",
        # A task whose worker died is noticed after half a minute instead of five …
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT="30",
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC="5",
        # … and one that the worker had taken from the queue, but not begun, after two instead of ten.
        AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT="120",
        AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL="20",
    )
    try:
        stack.compose(
            "up", "--detach", "--wait", "--scale", "airflow-worker=2", seconds=1500
        )
        yield stack
    finally:
        stack.down()
