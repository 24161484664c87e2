"""The mails of subscriptions: who gets which, when, once, and what one failure leaves to the next attempt."""

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import time_machine
import yaml

from ecommerce.core.errors import PipelineError, TransientError
from ecommerce.core.periods import parse_period
from ecommerce.sales.slices import WHOLE
from ecommerce.sales.subscribed import delivery, sending
from ecommerce.storage.staging import DagRun
from tests.rows import column_by, column_of
from tests.unit.mail.readable import html, plain
from tests.unit.sales.subscribed import samples
from tests.unit.sales.subscribed.samples import (
    BOARD,
    GERMANY,
    archived,
    at,
    by_recipient,
)

RUN = DagRun("weekly_report", "scheduled")
WEEK = "2026-W47"
MONDAY = at("2026-11-23 11:00")
TUESDAY = at("2026-11-24 11:00")
ANNA = {
    "name": "germany",
    "to": ["anna@example.com", "Eve@example.com"],
    "report": "week",
    "only": {"country": ["DE"]},
    "locale": "de_DE",
    "format": "mail",
}
TEAM = {
    "name": "team",
    "to": ["chat:alert_chat"],
    "report": "week",
    "format": "chat",
}
REPORTS = {WHOLE: archived(WEEK), GERMANY: archived(WEEK, "300", GERMANY)}


def deliver(now=MONDAY, period=WEEK, reports=None, **options):
    with time_machine.travel(now, tick=False):
        return delivery.deliver_period(
            parse_period(period), reports or REPORTS, RUN, **options
        )


def files_of(message):
    """The attachments by their names."""
    files = {}
    for part in message.iter_attachments():
        files[part.get_filename()] = part.get_content()
    return files


def test_each_subscription_gets_its_report(
    subscribe, delivery_log, mailbox, chat, caplog
):
    caplog.set_level(logging.DEBUG)
    month = {"name": "month", "to": "ann@example.com", "report": "month"}
    subscribe(BOARD, ANNA, TEAM, month)
    assert deliver() == ["board: mailed", "germany: mailed", "team: mailed"]

    mails = by_recipient(mailbox())
    board = mails["ann@example.com"]
    assert board["Subject"] == "Sales week 47: 1,000 USD"
    assert files_of(board) == {"sales-report-2026-W47-board.pdf": b"%PDF-"}
    sent_to = "Sent to the subscription"
    attached = "The full report is attached."
    assert attached in plain(board)
    assert f"{sent_to} board." in plain(board)
    digest = REPORTS[WHOLE].figures_hash[:16]
    assert board["Message-ID"] == f"<week.2026-W47.board.{digest}@reports.example>"

    germany = mails["anna@example.com, Eve@example.com"]
    assert germany["Subject"] == "Sales week 47, Deutschland: 300 USD"
    assert files_of(germany) == {}
    assert attached not in plain(germany)
    assert f"{sent_to} germany." in plain(germany)
    assert " 1.000" not in plain(germany) + html(germany)

    [post] = chat.posts
    assert post["title"] == board["Subject"]
    assert post["message"].endswith(f"{sent_to} team.")
    assert chat.pictures() == [b"\x89PNG"]

    calls = ["subscribed_deliveries", "claim_all", "mark_all_sent"]
    assert delivery_log.calls == calls
    stored = column_by(delivery_log.rows, "subscription", "net_sales")
    assert stored == {"board": 1000, "germany": 300, "team": 1000}
    assert set(column_of(delivery_log.rows, "business_date")) == {date(2026, 11, 22)}
    assert "@example.com" not in " ".join(logged(caplog))

    # Once.
    earlier = "an earlier report of 2026-W47 was mailed"
    same = "a report with the same figures was mailed before"
    names = ("board", "germany", "team")
    assert deliver() == [f"{name}: not mailed: {earlier}" for name in names]
    assert deliver(send_mail=True) == [f"{name}: not mailed: {same}" for name in names]
    assert len(mailbox()) == 2
    assert len(chat.posts) == 1


def test_a_chat_that_is_down_keeps_no_mail(subscribe, delivery_log, mailbox, chat):
    subscribe(BOARD | {"to": ["ann@example.com", "chat:alert_chat", "chat:absent"]})
    assert deliver() == ["board: mailed"]
    assert len(chat.posts) == 1
    chat.status = 500
    moved = {WHOLE: archived(WEEK, "2000")}
    assert deliver(TUESDAY, reports=moved) == ["board: mailed"]
    assert len(mailbox()) == 2


def test_a_chat_needs_no_mail_server(subscribe, delivery_log, chat):
    subscribe(TEAM)
    chat.status = 503
    with pytest.raises(TransientError, match="team: no chat accepted the message"):
        deliver()
    assert "mark_all_sent" not in delivery_log.calls
    chat.status = 200
    assert deliver() == ["team: mailed"]
    [row] = delivery_log.rows
    assert row["message_id"].startswith("<week.2026-W47.team.")


def test_only_one_subscription_on_request(subscribe, delivery_log, mailbox):
    subscribe(BOARD, ANNA)
    assert deliver(only_name="germany") == ["germany: mailed"]
    assert len(mailbox()) == 1
    assert deliver(only_name="nobody") == []


def test_without_subscriptions_nothing_is_asked(subscribe, delivery_log):
    subscribe(BOARD | {"report": "month"})
    assert deliver() == []
    assert delivery_log.calls == []


def test_a_slice_without_a_report_is_not_mailed(subscribe, delivery_log, mailbox):
    subscribe(ANNA)
    [sentence] = deliver(reports={WHOLE: REPORTS[WHOLE]}, send_mail=True)
    assert sentence == "germany: not mailed: the report of its slice is not built"
    assert mailbox() == []


@dataclass
class Attempt:
    """What was mailed before (net sales, the instants of the first mail and of a correction), the present
    report, and why it is not mailed; empty: it is."""

    name: str
    reason: str = ""
    sent: str = ""
    corrected: str = ""
    mailed: str = "1000"
    now: str = "2026-11-24 11:00"
    net_sales: str = "1000"
    incomplete: tuple = ()
    send_mail: bool = False
    late: bool = False
    state: str = "sent"
    kind: str = "week"


ATTEMPTS = yaml.safe_load(Path(__file__).with_name("attempts.yaml").read_text())


@pytest.mark.parametrize("written", ATTEMPTS, ids=lambda written: written["name"])
def test_an_attempt(subscribe, delivery_log, mailbox, written):
    attempt = Attempt(**written)
    subscribe(BOARD)
    if attempt.sent:
        before = archived(WEEK, attempt.mailed)
        delivery_log.sent(
            "board", before, at(attempt.sent), state=attempt.state, kind=attempt.kind
        )
    if attempt.corrected:
        correction = archived(WEEK, "1500")
        delivery_log.sent("board", correction, at(attempt.corrected))
    # Mails of others are no mails of this one.
    other = archived(WEEK, "77")
    delivery_log.sent("other", other, at("2026-11-24 10:30"))
    delivery_log.sent("other", other, at("2026-11-24 10:40"))
    report = archived(WEEK, attempt.net_sales, incomplete=attempt.incomplete)
    [sentence] = deliver(
        at(attempt.now),
        reports={WHOLE: report},
        send_mail=attempt.send_mail,
        late=attempt.late,
    )
    if attempt.reason:
        assert sentence == f"board: not mailed: {attempt.reason}"
        assert mailbox() == []
        assert "claim_all" not in delivery_log.calls
        return
    assert sentence == "board: mailed"
    [message] = mailbox()
    is_correction = attempt.sent and attempt.state == "sent" and attempt.kind == "week"
    assert ("Corrected" in message["Subject"]) == bool(is_correction)


def test_a_correction_names_old_and_new_in_the_locale_of_its_reader(
    subscribe, delivery_log, mailbox, chat
):
    subscribe(ANNA | {"to": ["anna@example.com", "chat:alert_chat"]})
    before = archived(WEEK, "1234.5", GERMANY)
    delivery_log.sent("germany", before, MONDAY)
    moved = {GERMANY: archived(WEEK, "2000", GERMANY)}
    assert deliver(TUESDAY, reports=moved) == ["germany: mailed"]
    [message] = mailbox()
    assert message["Subject"] == "Corrected net sales week 47, Deutschland: 2.000 USD"
    assert "Corrected: Net sales 1.234,50 → 2.000,00, +62,0" in plain(message)
    [post] = chat.posts
    assert post["message"].startswith("Corrected: Net sales 1.234,50")


def test_a_day_is_corrected_on_request_only(subscribe, delivery_log, mailbox):
    subscribe(BOARD | {"report": "day", "only": {"country": "DE"}})
    delivery_log.sent("board", archived("2026-11-22", "900", GERMANY), MONDAY)
    moved = {GERMANY: archived("2026-11-22", "2000", GERMANY)}
    [sentence] = deliver(period="2026-11-22", reports=moved)
    assert sentence == "board: not mailed: an earlier report of 2026-11-22 was mailed"
    assert deliver(period="2026-11-22", reports=moved, send_mail=True) == [
        "board: mailed"
    ]
    [message] = mailbox()
    assert message["Subject"].startswith("Corrected net sales Sun 22 Nov")
    assert files_of(message).keys() == {"sales-report-2026-11-22-board.pdf"}


@pytest.fixture
def refused(monkeypatch):
    """The errors with which the mail server refuses addresses."""
    send = sending.transport.send
    errors = {}

    def refuse(message, to, subscription):
        for address in errors.keys() & set(to):
            raise errors[address]
        send(message, to)

    monkeypatch.setattr(sending.transport, "send", refuse)
    return errors


def logged(caplog):
    """What the pipeline logs; the mail server logs addresses."""
    return [row.getMessage() for row in caplog.records if row.name != "mail.log"]


def test_one_that_fails_stops_no_other(
    subscribe, delivery_log, mailbox, refused, caplog
):
    caplog.set_level(logging.DEBUG)
    bad = {"name": "bad", "to": "bad@example.com", "report": "week"}
    subscribe(bad, BOARD, ANNA)
    problem = "the mail server refuses every recipient (code 550)"
    refused["bad@example.com"] = TransientError(problem)
    refused["anna@example.com"] = ValueError("eve@example.com cannot be rendered")
    with pytest.raises(PipelineError) as caught:
        deliver()
    assert not isinstance(caught.value, TransientError)
    assert str(caught.value) == (
        f"not delivered: bad: {problem}; "
        "germany: ValueError: <e-mail> cannot be rendered"
    )
    assert len(mailbox()) == 1
    assert delivery_log.marked() == ["board"]
    assert "@example.com" not in " ".join(logged(caplog))
    # The next attempt sends the others, under the same Message-IDs.
    first = column_by(delivery_log.rows, "subscription", "message_id")
    refused.clear()
    sentences = deliver()
    assert sentences[0] == "bad: mailed"
    assert sentences[2] == "germany: mailed"
    assert set(column_of(mailbox(), "Message-ID")) == set(first.values())


def test_the_task_is_retried_where_each_failure_may_pass(
    subscribe, delivery_log, mailbox
):
    subscribe(BOARD, ANNA)
    delivery_log.busy["germany"] = "weekly_report/manual"
    busy = "germany: the run weekly_report/manual is sending it"
    with pytest.raises(TransientError, match=f"not delivered: {busy}$"):
        deliver()
    assert delivery_log.marked() == ["board"]
    delivery_log.busy.clear()
    assert deliver()[1] == "germany: mailed"
    assert len(mailbox()) == 2


def test_what_was_sent_before_the_task_was_stopped_is_marked(
    subscribe, delivery_log, mailbox, refused
):
    subscribe(BOARD, ANNA)
    refused["anna@example.com"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        deliver()
    assert delivery_log.marked() == ["board"]


def test_subscriptions_of_one_slice_and_locale_share_a_document(
    subscribe, delivery_log, mailbox, monkeypatch
):
    rendered = []

    def read_mail(report, locale):
        rendered.append((report.figures.only, locale))
        return samples.read_mail(report, locale)

    monkeypatch.setattr(delivery, "read_mail", read_mail)
    subscribe(
        BOARD,
        BOARD | {"name": "again"},
        BOARD | {"name": "french", "locale": "fr_FR"},
        ANNA,
    )
    deliver()
    assert len(mailbox()) == 4
    assert rendered == [(WHOLE, ""), (WHOLE, "fr_FR"), (GERMANY, "de_DE")]
