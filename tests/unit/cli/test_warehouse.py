"""The commands on the warehouse's tables: what they print, and their exit codes."""

import io
import sys

import pytest

from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError
from ecommerce.sales import erasure
from ecommerce.sales.history import undo
from ecommerce.warehouse import client, migrate


@pytest.fixture(autouse=True)
def connected(monkeypatch):
    """The environment is there, and so is a warehouse that nobody asks anything."""
    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setattr(client, "connect", lambda **_: None)


MIGRATIONS = {
    "something is left": (["orders: column x added"], ["orders: column y is unknown"]),
    "all is done": (["orders: column x added"], []),
    "nothing to do": ([], []),
    "refused": ConfigurationError("the warehouse was built with another timezone"),
    "interrupted": KeyboardInterrupt(),
}


def test_migrate(monkeypatch, run, snapshot):
    texts = []
    for result in MIGRATIONS.values():

        def migration(warehouse, result=result):
            if isinstance(result, BaseException):
                raise result
            return migrate.Migration(*result)

        monkeypatch.setattr(migrate, "migrate", migration)
        texts.append(run("migrate"))
    assert "\n\n".join(texts) == snapshot


def test_undo_history(monkeypatch, run, snapshot):
    removed = {"old_shop": 8, "older_shop": 1}
    monkeypatch.setattr(undo, "undo", removed.get)
    texts = [run(f"undo-history --source {source}") for source in removed]
    assert "\n\n".join(texts) == snapshot


CUSTOMERS = {
    "ada@example.com\n": {"rows of orders": 3, "staged folders": 1},
    "bob@example.com\n": {"staged folders": 1},
    " old_shop:17 \n": {"rows of customers": 1},
    "\n": {},
    "": {},
}


def test_forget_customer(monkeypatch, run, snapshot):
    asked = []
    texts = []
    for line, cleared in CUSTOMERS.items():

        def forget(identity, warehouse, cleared=cleared):
            asked.append(identity)
            return cleared

        monkeypatch.setattr(erasure, "forget", forget)
        monkeypatch.setattr(sys, "stdin", io.StringIO(line))
        texts.append(run("forget-customer"))
    assert asked == ["ada@example.com", "bob@example.com", "old_shop:17"]
    assert "\n\n".join(texts) == snapshot
