"""The commands on the warehouse's tables: what they print, and their exit codes."""

from unittest import mock

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.sales import erasure
from ecommerce.sales.history import undo
from ecommerce.warehouse import client, migrate


@pytest.fixture(autouse=True)
def _warehouse(monkeypatch):
    """A warehouse that nobody asks anything."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setattr(client, "connect", lambda **_: None)


def test_migrate(monkeypatch, run, snapshot):
    results = [
        migrate.Migration(["orders: column x added"], ["orders: column y is unknown"]),
        migrate.Migration(["orders: column x added"], []),
        migrate.Migration([], []),
        ConfigurationError("the warehouse was built with another timezone"),
        KeyboardInterrupt(),
    ]
    monkeypatch.setattr(migrate, "migrate", mock.Mock(side_effect=results))
    assert "\n\n".join(run("migrate") for _ in results) == snapshot


def test_undo_history(monkeypatch, run):
    removed = {"old_shop": 8, "older_shop": 1}
    monkeypatch.setattr(undo, "undo", removed.get)
    text = run("undo-history --source old_shop")
    assert "exit code 0" in text
    assert text.endswith("\n8 orders of old_shop removed")
    text = run("undo-history --source older_shop")
    assert text.endswith("\n1 order of older_shop removed")


CUSTOMERS = {
    "ada@example.com": {"rows of orders": 3, "staged folders": 1},
    "bob@example.com": {"staged folders": 1},
    "old_shop:17": {"rows of customers": 1},
}


@pytest.mark.parametrize("identity", CUSTOMERS)
def test_forget_customer(monkeypatch, typed, run, snapshot, identity):
    def forget(known, warehouse):
        assert known == identity
        return CUSTOMERS[identity]

    monkeypatch.setattr(erasure, "forget", forget)
    typed(f" {identity} \n")
    assert run("forget-customer") == snapshot


def test_forget_nobody(typed, run):
    typed("\n")
    text = run("forget-customer")
    assert "exit code 1\n" in text
    assert text.endswith("no e-mail address on standard input: nothing was removed")
