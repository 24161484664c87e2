import os
import subprocess
from types import SimpleNamespace

import pytest

from demo.services import postgres


@pytest.fixture
def refusals(monkeypatch):
    """How often the system still refuses to make the user; a list that shrinks with every try."""
    left: list[int] = []

    def ensure_user_exists(name):
        if left:
            left.pop()
            raise subprocess.CalledProcessError(9, ["useradd", name], stderr="user 'pgserver' already exists")

    package = SimpleNamespace(utils=SimpleNamespace(ensure_user_exists=ensure_user_exists))
    monkeypatch.setattr(postgres, "_package", lambda: package)
    monkeypatch.setattr(postgres, "_USER_PAUSE", 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return left


def test_two_processes_that_are_the_first_on_a_machine_both_get_the_user(refusals):
    refusals.append(1)
    assert postgres._as_unprivileged_user() == {"user": "pgserver"}
    assert refusals == []


def test_a_user_that_cannot_be_created_is_reported(refusals):
    refusals.extend(range(1000))
    with pytest.raises(RuntimeError, match="system user pgserver cannot be created: user 'pgserver' already"):
        postgres._as_unprivileged_user()
