"""Subscriptions: what is accepted, what is refused with line and key, and which text wins."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from ecommerce.cli import settings_check
from ecommerce.core.errors import ConfigurationError
from ecommerce.sales import subscriptions
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscriptions import (
    Below,
    load_subscriptions,
    parse_subscriptions,
)

ENTRIES = Path(__file__).with_name("subscriptions.yaml")
BOARD = "{name: board, to: board@example.com, report: month}"


def parsed(text):
    """The subscriptions of a text, as those of a file."""
    return parse_subscriptions(text, "include/subscriptions.yaml")


def test_the_example_of_the_file_is_valid(monkeypatch):
    monkeypatch.delenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", raising=False)
    shipped = subscriptions.FILE.read_text()
    assert load_subscriptions().valid == []
    example = re.sub("(?m)^# ?", "", shipped[shipped.index("# - name") :])
    found = parsed(example)
    assert found.problems == []
    board, germany, drop = found.valid
    assert (board.report, board.format, board.only) == ("month", "pdf", WHOLE)
    assert germany.only == Slice(country=("AT", "DE"))
    assert drop.below == Below(percent=Decimal(20), of="forecast")
    assert (drop.addresses, drop.chats) == (["founder@example.com"], ["alert_chat"])


def test_values_are_texts_and_a_single_one_is_a_list():
    [norway] = parsed(
        "- {name: no, to: a@example.com, report: day, only: {country: NO, category: 1e3}}"
    ).valid
    assert norway.only == Slice(country=("NO",), category=("1e3",))
    assert norway.to == ("a@example.com",)


def test_a_recipient_is_counted_once():
    [found] = parsed(
        "- {name: a, to: [A@example.com, a@Example.com, chat:team], report: day}"
    ).valid
    assert found.to == ("A@example.com", "chat:team")


@pytest.mark.parametrize("text", ["", "# nothing", "[]"])
def test_nothing_is_no_problem(text):
    assert parsed(text) == subscriptions.Subscriptions()


def test_an_invalid_one_stops_only_itself():
    text = ENTRIES.read_text()
    names = []
    expected = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry, _, problem = line.partition("  # ")
        if problem:
            expected.append((number, problem))
        elif entry.startswith("- "):
            names.append(re.search(r"name: (\w+)", entry)[1])
    found = parsed(text)
    assert [subscription.name for subscription in found.valid] == names
    for sentence, (number, problem) in zip(found.problems, expected, strict=True):
        assert sentence.startswith(f"include/subscriptions.yaml line {number}: ")
        assert problem in sentence
        assert "example" not in sentence


def test_the_line_is_that_of_the_key():
    found = parsed(
        "- name: x\n  to:\n    - a@example.com\n    - b example\n  report: day\n"
        f"- {BOARD}\n- name: y\n  to: c@example.com\n  report: day\n  locale: xx_YY\n"
    )
    lines = [problem.partition(": ")[0].split()[-1] for problem in found.problems]
    assert lines == ["2", "10"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {name: eve@example.com", "is not valid YAML: "),
        ("name: board", "is no list of subscriptions"),
        ("board", "is no list of subscriptions"),
    ],
)
def test_a_text_without_a_list_is_one_problem(text, problem):
    found = parsed(text)
    assert found.valid == []
    [sentence] = found.problems
    assert sentence.startswith(f"include/subscriptions.yaml {problem}")
    assert "eve@example.com" not in sentence


def test_the_variable_wins_where_it_is_not_empty(monkeypatch, tmp_path):
    file = tmp_path / "subscriptions.yaml"
    file.write_text("- {name: file, to: a@example.com, report: day}")
    monkeypatch.setattr(subscriptions, "FILE", file)
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", " ")
    assert [each.name for each in load_subscriptions().valid] == ["file"]
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", f"[{BOARD}, 1]")
    found = load_subscriptions()
    assert [each.name for each in found.valid] == ["board"]
    assert found.problems[0].startswith("the Variable report_subscriptions line 1: ")
    file.unlink()
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "")
    assert load_subscriptions() == subscriptions.Subscriptions()


def test_make_check_counts_them_and_shows_what_is_wrong(monkeypatch, chat):
    def lines():
        shown = []
        try:
            shown.extend(settings_check.check_subscriptions())
        except ConfigurationError as error:
            shown += [("FAIL", line) for line in str(error).splitlines()]
        return shown

    variable = "AIRFLOW_VAR_REPORT_SUBSCRIPTIONS"
    monkeypatch.setenv(variable, "")
    [(state, words)] = lines()
    assert (state, words.startswith("none: ")) == ("hint", True)
    team = "{name: team, to: [chat:alert_chat, chat:other], report: day}"
    monkeypatch.setenv(variable, f"[{BOARD}, {team}, {{name: x}}]")
    assert lines() == [
        ("ok", "2 subscriptions"),
        ("FAIL", "the Variable report_subscriptions line 1: x: to is missing"),
        ("FAIL", "team: the connection other is not defined"),
    ]
    monkeypatch.setenv(variable, f"[{BOARD}]")
    assert lines() == [("ok", "1 subscription")]


def test_a_mail_server_is_needed_for_the_addresses_of_subscriptions(monkeypatch):
    for name in ("REPORT_RECIPIENTS", "ALERT_RECIPIENTS", "REPORT_SUBSCRIPTIONS"):
        monkeypatch.setenv(f"AIRFLOW_VAR_{name}", "")
    assert not settings_check.has_recipients()
    team = "{name: team, to: chat:team, report: day}"
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", f"[{team}]")
    assert not settings_check.has_recipients()
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", f"[{team}, {BOARD}]")
    assert settings_check.has_recipients()
