import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from demo.services import postgres


def use(monkeypatch, ensure_user_exists):
    """Let `ensure_user_exists` create the user."""
    package = SimpleNamespace(
        utils=SimpleNamespace(ensure_user_exists=ensure_user_exists)
    )
    monkeypatch.setattr(postgres, "_package", lambda: package)
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_two_processes_that_are_the_first_on_a_machine_create_the_user_one_after_the_other(
    monkeypatch,
):
    steps = []

    def ensure_user_exists(name):
        steps.append(f"begin {name}")
        time.sleep(0.05)
        steps.append("end")

    use(monkeypatch, ensure_user_exists)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(postgres._as_unprivileged_user) for _ in range(2)]
    assert [call.result() for call in calls] == [{"user": "pgserver"}] * 2
    assert steps == ["begin pgserver", "end"] * 2


def test_a_user_that_cannot_be_created_is_reported(monkeypatch):
    def ensure_user_exists(name):
        raise subprocess.CalledProcessError(
            9, ["useradd", name], stderr="user 'pgserver' already exists"
        )

    use(monkeypatch, ensure_user_exists)
    with pytest.raises(
        RuntimeError,
        match="system user pgserver cannot be created: user 'pgserver' already",
    ):
        postgres._as_unprivileged_user()
