"""Tasks of one run that fail for one reason send one mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from ecommerce.core import errors
from ecommerce.mail import alerts, causes

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
WRONG = errors.ConfigurationError("the Variable source_policy is not JSON")


class Run:
    """A run whose tasks leave XComs for each other."""

    def __init__(self, *task_ids):
        self.dag, self.left = SimpleNamespace(task_ids=task_ids), {}

    def ti(self, task_id, map_index=-1):
        ti = SimpleNamespace(task_id=task_id, map_index=map_index, task=SimpleNamespace(dag=self.dag))
        ti.xcom_push = lambda key, value: self.left.update({(task_id, map_index, key): value})
        ti.xcom_pull = lambda task_ids, key: [
            value for (each, _, of), value in self.left.items() if of == key and each in task_ids
        ]
        return ti

    def fails(self, task_id, error=WRONG, after=timedelta(), map_index=-1):
        """Whether the task that fails `after` the first mails it."""
        with time_machine.travel(NOW + after, tick=False):
            return not causes.is_mailed(self.ti(task_id, map_index), error)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(causes, "PAUSE", 0)


def test_the_first_of_several_tasks_mails_their_reason():
    run = Run("a", "b", "c", "gate")
    assert [run.fails(task, after=timedelta(seconds=number)) for number, task in enumerate("cab")] == [
        True,
        False,
        False,
    ]
    assert not run.fails("gate", after=timedelta(minutes=40))
    assert not run.fails("c", after=timedelta(minutes=41))  # cleared alone, and as wrong as before


def test_each_reason_has_its_own_mail():
    run = Run("a", "b")
    assert run.fails("a")
    assert run.fails("b", errors.TransientError("the storefront is down"), after=timedelta(seconds=1))


def test_tasks_that_fail_at_the_same_instant_send_one_mail_and_not_none():
    run, tasks = Run("a", "b"), ("a", "b")
    first = [run.fails(task) for task in tasks]  # the second one sees both
    assert first == [True, False]
    assert [run.fails(task) for task in tasks] == [True, False]


def test_mapped_tasks_are_told_apart():
    run = Run("months")
    assert [run.fails("months", map_index=number) for number in (1, 0)] == [True, True]
    assert not run.fails("months", after=timedelta(seconds=1), map_index=2)


def test_what_failed_long_before_is_not_enough():
    run = Run("a", "b")
    assert run.fails("a")
    assert run.fails("b", after=timedelta(hours=1))


def test_where_the_tasks_cannot_be_compared_each_one_mails():
    run = Run("a", "b")
    assert run.fails("a", error=None)  # a lost worker
    assert run.fails("b", error=None)
    ti = run.ti("a")
    del ti.xcom_push
    assert not causes.is_mailed(ti, WRONG)


def test_a_task_that_ends_because_others_failed_sends_no_mail(monkeypatch):
    monkeypatch.setattr(alerts, "failure_message", None)  # which would make one
    context = {"ti": None, "exception": errors.AlertedError("sales_db failed and is required")}
    alerts.failure_notifier().notify(context)
