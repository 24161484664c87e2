"""The commands on the warehouse's tables: what they print, and their exit codes."""

import io
import sys

import pytest

from ecommerce.cli import environment
from ecommerce.cli.__main__ import main
from ecommerce.core.errors import ConfigurationError
from ecommerce.maintenance import erasure
from ecommerce.sales.history import undo
from ecommerce.warehouse import client, migrate


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is there, and so is a warehouse that nobody asks anything."""
    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setattr(client, "connect", lambda **_: None)


def test_migrate_says_what_was_done_and_fails_while_something_is_left(
    monkeypatch, capsys
):
    found = migrate.Migration(
        ["orders: column attributes added"], ["orders: column colour is too much"]
    )
    monkeypatch.setattr(migrate, "migrate", lambda warehouse: found)
    assert main(["migrate"]) == 1
    said = capsys.readouterr()
    assert said.out == "orders: column attributes added\n"
    assert said.err == "left to do: orders: column colour is too much\n"
    found.left.clear()
    assert main(["migrate"]) == 0


def test_what_stops_a_migration_is_one_sentence(monkeypatch, capsys):
    def refuse(warehouse):
        raise ConfigurationError(
            "the warehouse was built with SHOP_TIMEZONE = Asia/Tokyo"
        )

    monkeypatch.setattr(migrate, "migrate", refuse)
    assert main(["migrate"]) == 1
    assert capsys.readouterr().err == (
        "not migrated: the warehouse was built with SHOP_TIMEZONE = Asia/Tokyo\n"
    )


def test_undo_history_says_what_it_removed(monkeypatch, capsys):
    monkeypatch.setattr(undo, "undo", lambda source: 8)
    assert main(["undo-history", "--source", "old_shop"]) == 0
    assert capsys.readouterr().out == "8 orders of old_shop removed\n"


def test_undo_history_refuses_a_live_source_in_one_sentence(capsys):
    assert main(["undo-history", "--source", "storefront"]) == 1
    assert capsys.readouterr().err.startswith(
        "storefront is a live source: only a history load can "
    )


def test_a_customer_is_named_on_standard_input_alone(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(
        erasure, "forget", lambda who, _: asked.append(who) or {"rows of orders": 3}
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("ada@example.com\n"))
    assert main(["forget-customer"]) == 0
    assert asked == ["ada@example.com"]
    assert capsys.readouterr().out == "cleared: rows of orders: 3\n"
    monkeypatch.setattr(erasure, "forget", lambda who, _: {"staged folders": 1})
    monkeypatch.setattr(sys, "stdin", io.StringIO("bob@example.com\n"))
    assert main(["forget-customer"]) == 1
    said = capsys.readouterr()
    assert said.out == "cleared: staged folders: 1\n"
    assert said.err.startswith("the warehouse has no customer with that address")
    assert "bob" not in said.err
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert main(["forget-customer"]) == 1
    assert (
        capsys.readouterr().err
        == "no e-mail address on standard input: nothing was removed\n"
    )
    assert main(["forget-customer", "ada@example.com"]) == 2


def test_an_interrupted_command_has_the_exit_code_of_one(monkeypatch, capsys):
    def interrupt(warehouse):
        raise KeyboardInterrupt

    monkeypatch.setattr(migrate, "migrate", interrupt)
    assert main(["migrate"]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted"
