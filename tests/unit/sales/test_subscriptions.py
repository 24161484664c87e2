"""Subscriptions: what is accepted, what is refused with line and key, and which text wins."""

import re
from dataclasses import dataclass
from decimal import Decimal

import pytest

from ecommerce.cli import settings_check
from ecommerce.core.errors import ConfigurationError
from ecommerce.sales import subscriptions
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscriptions import (
    Subscription,
    load_subscriptions,
    parse_subscriptions,
)

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
    assert germany.locale == "de_DE"
    assert (drop.alert, drop.below.percent, drop.below.of) == (
        "net_sales",
        Decimal(20),
        "forecast",
    )
    assert drop.at_least.orders == 20
    assert drop.addresses == ["founder@example.com"]
    assert drop.chats == ["alert_chat"]


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


@dataclass
class Refused:
    """One entry of the list, and what is wrong with it."""

    entry: str
    problem: str


REFUSED = [
    Refused("{to: a@example.com, report: day}", "line 2: name is missing"),
    Refused("{name: x, report: day}", "line 2: x: to is missing"),
    Refused("{name: x y, to: a@example.com, report: day}", "line 2: name: String"),
    Refused(
        "{name: board, to: a@example.com, report: day}",
        "line 2: board: name: there is another subscription board",
    ),
    Refused("{name: x, to: [], report: day}", "line 2: x: to: has no recipient"),
    Refused(
        "{name: x, to: [a@example.com, 'eve example.org'], report: day}",
        "to: entry 2 of 2 is neither an e-mail address nor chat:<connection>",
    ),
    Refused("{name: x, to: 'chat:', report: day}", "to: entry 1 of 1 is neither"),
    Refused(
        "{name: x, to: a@example.com, reprot: day}",
        "line 2: x: reprot: no key of a subscription; the keys are name, to, report",
    ),
    Refused("{name: x, to: a@example.com, report: year}", "report: Input should be"),
    Refused("{name: x, to: a@example.com}", "x: needs either report or alert"),
    Refused(
        "{name: x, to: a@example.com, report: day, alert: orders, below: {amount: 1}}",
        "needs either report or alert",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, below: {amount: 1}}",
        "below is no key of a subscription with report",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, at_least: {orders: 1}}",
        "at_least is no key of a subscription with report",
    ),
    Refused(
        "{name: x, to: a@example.com, alert: orders, format: mail, below: {amount: 1}}",
        "format is no key of a subscription with alert",
    ),
    Refused("{name: x, to: a@example.com, alert: orders}", "an alert needs below"),
    Refused(
        "{name: x, to: a@example.com, alert: tax, below: {amount: 1}}",
        "alert: Input should be 'net_sales', 'gross_sales' or 'orders'",
    ),
    Refused(
        "{name: x, to: [chat:team, a@example.com], report: day, format: chat}",
        "the format chat is for chat:<connection> only",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, locale: xx_YY}",
        "locale: use one that Babel knows",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, only: {country: de}}",
        "only: a country has two capital letters",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, only: {shop: Shopify DE}}",
        "only: a shop is the name of a source",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, only: {country: []}}",
        "only: country has no value",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, only: {channel: ''}}",
        "only: channel has no value",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, only: {land: DE}}",
        "only: land: unknown key",
    ),
    Refused(
        "{name: x, to: a@example.com, report: day, only: }", "only: Input should be"
    ),
    Refused("just words", "line 2: Input should be"),
]
BELOW = [
    ("net_sales", "", "{percent: 20}", "below: needs percent and of, or amount"),
    ("net_sales", "", "{of: last_week}", "below: needs percent and of, or amount"),
    ("net_sales", "", "{}", "below: needs percent and of, or amount"),
    (
        "net_sales",
        "",
        "{percent: 1, of: last_week, amount: 1}",
        "needs percent and of, or amount",
    ),
    ("net_sales", "", "{amount: 0}", "below: amount: Input should be greater than 0"),
    ("net_sales", "", "{percent: 0, of: last_week}", "greater than 0"),
    ("net_sales", "", "{percent: 100, of: last_week}", "less than 100"),
    (
        "orders",
        "",
        "{percent: 9, of: forecast}",
        "the forecast of this slice is of net",
    ),
    (
        "gross_sales",
        "",
        "{percent: 9, of: target}",
        "the target of this slice is of net",
    ),
    (
        "net_sales",
        "{channel: web}",
        "{percent: 9, of: forecast}",
        "the forecast of this slice is of gross_sales",
    ),
    (
        "gross_sales",
        "{channel: [web, pos]}",
        "{percent: 9, of: forecast}",
        "only one channel or one category has a forecast",
    ),
    (
        "gross_sales",
        "{channel: web, country: DE}",
        "{percent: 9, of: forecast}",
        "only one channel or one category has a forecast",
    ),
    (
        "net_sales",
        "{category: toys}",
        "{percent: 9, of: target}",
        "only the whole shop or one channel has a target",
    ),
]
for figure, only, below, problem in BELOW:
    slice_of = f", only: {only}" if only else ""
    entry = f"{{name: x, to: a@example.com, alert: {figure}, below: {below}{slice_of}}}"
    REFUSED.append(Refused(entry, problem))


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.problem)
def test_an_invalid_one_stops_only_itself(refused):
    last = "{name: last, to: chat:team, report: day, format: chat}"
    found = parsed(f"- {BOARD}\n- {refused.entry}\n- {last}\n")
    assert [each.name for each in found.valid] == ["board", "last"]
    [problem] = found.problems
    assert problem.startswith("include/subscriptions.yaml line 2: ")
    assert refused.problem in problem
    assert "example" not in problem


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


@pytest.mark.parametrize(
    ("only", "series"),
    [
        ({}, "total"),
        ({"channel": ["web"]}, "channel:web"),
        ({"category": ["toys"]}, "category:toys"),
        ({"channel": ["web", "pos"]}, ""),
        ({"channel": ["web"], "category": ["toys"]}, ""),
        ({"country": ["DE"]}, ""),
    ],
)
def test_the_series_of_a_slice(only, series):
    subscription = Subscription(
        name="x", to=("chat:team",), report="day", only=Slice(**only)
    )
    assert subscription.series == series


@pytest.mark.parametrize(
    ("alert", "only", "of"),
    [
        ("net_sales", {}, "forecast"),
        ("gross_sales", {"channel": "web"}, "forecast"),
        ("gross_sales", {"category": "toys"}, "forecast"),
        ("net_sales", {}, "target"),
        ("net_sales", {"channel": "web"}, "target"),
        ("orders", {"country": "DE"}, "last_week"),
        ("gross_sales", {"shop": "sales_db", "country": "DE"}, "weekday_average"),
    ],
)
def test_an_alert_that_can_be_evaluated(alert, only, of):
    entry = {
        "name": "x",
        "to": "chat:team",
        "alert": alert,
        "only": only,
        "below": {"percent": "20", "of": of},
    }
    assert Subscription.model_validate(entry).below.of == of


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
