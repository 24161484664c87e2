"""The report's mail: when it is sent, under which Message-ID, and what one attempt leaves to the next."""

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from demo.services.ports import free_port
from ecommerce.core import errors
from ecommerce.core.business_day import day_window
from ecommerce.sales import delivery
from ecommerce.sales.report import archive, build
from ecommerce.sales.report.figures.daily import figures_hash
from ecommerce.sales.report.texts.mail import forecast_missed
from tests.archived_reports import (
    MAILING_RUN,
    REPORT,
    archived_texts,
    chat_text,
)
from tests.unit.conftest import SENDER
from tests.unit.mail.readable import html, plain
from tests.unit.sales.report.samples import DAY, expectation, make_figures

TO = ["ann@example.com", "bob@example.com"]
NEWEST = day_window(DAY, "America/New_York")
MORNING = datetime(2026, 11, 20, 11, tzinfo=UTC)
DAY_AFTER = datetime(2026, 11, 21, 11, tzinfo=UTC)
CLAIMED_ID = "<report.1@reports.example>"
FIGURES = make_figures(expectation=expectation(forecast=Decimal(10_000)))
CORRECTIONS = {"net_sales": Decimal("16716.13")}


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", ", ".join(TO))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """The archived report of a day that missed its forecast, as the DAG hands it to the mail tasks."""
    folder = tmp_path_factory.mktemp("archived")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_MISS_ALERT_PERCENT", "5")
        return build.archive_report(f"file://{folder}/reports", FIGURES)


def mail_row(state, figures=FIGURES):
    """A row of `report_deliveries`."""
    return {"figures_hash": figures_hash(figures), "state": state}


@dataclass
class DeliveryLog:
    """Stands for `delivery_log`: the rows of the day's mails, the latest first, and the steps of a delivery
    with their arguments. The warehouse is unavailable in the step `failing`."""

    mails: list[dict[str, str]] = field(default_factory=list)
    failing: str = ""
    steps: dict[str, Any] = field(default_factory=dict)

    def step(self, name, *arguments):
        if name == self.failing:
            raise errors.TransientError("the warehouse is unavailable")
        self.steps[name] = arguments

    def deliveries(self, business_date):
        return self.mails if business_date == DAY else []

    def claim(self, *arguments, only_first):
        self.step("claim", *arguments, only_first)
        return "" if self.mails[:1] == [mail_row("sent")] else CLAIMED_ID

    def mark_sent(self, *arguments):
        self.step("mark_sent", *arguments)

    def record_restatements(self, *arguments):
        self.step("record_restatements", *arguments)


@pytest.fixture
def delivery_log(monkeypatch):
    """The log of a day whose last mail had other net sales."""
    log = DeliveryLog()
    monkeypatch.setattr(delivery, "delivery_log", log)
    monkeypatch.setattr(delivery.state, "corrections", lambda *_: CORRECTIONS)
    monkeypatch.setattr(delivery.metrics, "business_day_done", log.step)
    return log


def deliver(report, now=MORNING, *, send_mail=False):
    with time_machine.travel(now):
        return delivery.deliver(NEWEST, report, MAILING_RUN, send_mail=send_mail)


def test_the_report_is_mailed_and_its_headline_posted(
    mailbox, chat, archived, delivery_log, caplog
):
    caplog.set_level(logging.DEBUG)
    assert deliver(archived) == ""

    (message,) = mailbox()
    texts = archived_texts(FIGURES, CORRECTIONS)
    assert message["Subject"] == texts["subject"]
    assert message["From"] == SENDER
    assert message["X-Envelope-To"] == ", ".join(TO)
    assert message["Message-ID"] == CLAIMED_ID
    assert message["Auto-Submitted"] == "auto-generated"  # no answers of absent people
    assert "Net sales 16,716.13" in plain(message)
    (pdf,) = message.iter_attachments()
    assert pdf.get_filename() == "sales-report-2026-11-19.pdf"
    assert pdf.get_content().startswith(b"%PDF-")

    post, missed = chat.posts
    assert post["title"] == texts["subject"]
    assert post["message"] == chat_text(texts).strip()
    trend = archive.ARCHIVE.read_file(archived.uri.rpartition("/")[0], DAY, "trend.png")
    assert chat.pictures() == [trend]
    assert missed["title"].startswith("Forecast missed: Thu 19 Nov")
    assert missed["message"].endswith("/2026-11-19/")
    assert "is not posted" not in caplog.text

    mail = (DAY, archived.figures_hash)
    first_id = f"<report.2026-11-19.{archived.figures_hash[:16]}@reports.example>"
    assert delivery_log.steps == {
        "claim": (*mail, first_id, archived.figures_at, MAILING_RUN, True),
        "mark_sent": mail,
        "mail": (NEWEST.end,),
        "record_restatements": (archived,),
    }

    logged = " ".join(
        row.getMessage() for row in caplog.records if row.name != "mail.log"
    )
    assert "accepted for 2 recipients" in logged
    assert not any(address in logged for address in TO)


OTHER = make_figures(countries=[])
SAME_SENT = mail_row("sent")
OTHER_SENT = mail_row("sent", OTHER)
EARLIER = "an earlier report of 2026-11-19 was mailed"
OLD = "2026-11-19 is not the newest day that has ended"
SAME = "a report with the same figures was mailed before"


@pytest.mark.parametrize(
    "attempt",
    [
        ([], MORNING, False, ""),
        ([], DAY_AFTER, False, OLD),
        ([], DAY_AFTER, True, ""),
        ([mail_row("claimed")], DAY_AFTER, False, ""),
        ([SAME_SENT], DAY_AFTER, False, SAME),
        ([SAME_SENT], DAY_AFTER, True, SAME),
        ([mail_row("claimed", OTHER)], MORNING, False, ""),
        ([OTHER_SENT], MORNING, False, EARLIER),
        ([OTHER_SENT], DAY_AFTER, False, OLD),
        ([OTHER_SENT, SAME_SENT], MORNING, False, EARLIER),
        ([OTHER_SENT, SAME_SENT], MORNING, True, ""),
    ],
)
def test_an_attempt(archived, mailbox, delivery_log, caplog, attempt):
    """The mails of the day, the latest first; now; `send_mail`; and why no mail is sent."""
    delivery_log.mails, now, send_mail, reason = attempt
    caplog.set_level(logging.INFO)
    found = deliver(archived, now, send_mail=send_mail)
    steps = list(delivery_log.steps)
    assert len(mailbox()) == (not reason)
    if not reason:
        assert steps == ["claim", "mark_sent", "mail", "record_restatements"]
        return
    assert f"not mailed: {found}" in caplog.text
    if reason == SAME:
        # The attempt that sent it may have been killed before it recorded what had changed.
        assert (found, steps) == (SAME, ["claim", "record_restatements"])
    else:
        hint = "; MAIL=1 with make repair or make report mails it"
        assert (found, steps) == (reason + hint, [])


def test_without_recipients_nothing_is_claimed(archived, delivery_log, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert deliver(archived) == "the Variable report_recipients is empty"
    assert delivery_log.steps == {}


def test_a_mail_server_that_fails_leaves_the_claim_for_the_next_attempt(
    archived, delivery_log, use_server
):
    use_server(free_port())
    with pytest.raises(errors.TransientError):
        deliver(archived)
    assert list(delivery_log.steps) == ["claim"]


BEFORE = {
    "mark_sent": ["claim"],
    "record_restatements": ["claim", "mark_sent", "mail"],
}
"""The steps before one that fails."""


@pytest.mark.usefixtures("mailbox")
@pytest.mark.parametrize("failing", BEFORE)
def test_a_mail_that_cannot_be_marked_is_not_posted_because_it_is_sent_again(
    chat, archived, delivery_log, failing
):
    delivery_log.failing = failing
    with pytest.raises(errors.TransientError):
        deliver(archived)
    assert list(delivery_log.steps) == BEFORE[failing]
    assert bool(chat.posts) is (failing == "record_restatements")


@pytest.mark.parametrize(
    ("percent", "actual", "change"),
    [
        (20, "15120", "\N{MINUS SIGN}20.0 %"),
        (20, "15120.01", ""),
        (20, "22680", "+20.0 %"),
        (20, "22679.99", ""),
        (5, "20411.06", "+8.0 %"),
        (None, "1", ""),
    ],
)
def test_a_missed_forecast_is_posted(percent, actual, change):
    net = expectation(forecast=Decimal(18_900), actual=Decimal(actual))
    texts = forecast_missed(make_figures(expectation=net), percent)
    if not change:
        assert texts is None
        return
    title, text = texts
    assert title == f"Forecast missed: Thu 19 Nov: {change}"
    assert f"{change} compared with the forecast of 18,900.00." in text
    assert text.startswith("Net sales: ")


def test_a_loss_that_is_no_change_in_percent_is_posted_without_one():
    net = expectation(forecast=Decimal(18_900), actual=Decimal(-945_000))
    title, text = forecast_missed(make_figures(expectation=net), 20)
    assert title == "Forecast missed: Thu 19 Nov"
    assert text.endswith("945,000.00 USD compared with the forecast of 18,900.00.")


def test_an_incomplete_day_has_not_missed_its_forecast():
    net = expectation(forecast=Decimal(1), verdict=None)
    assert forecast_missed(make_figures(expectation=net), 5) is None


NO_ORDERS = "Storefront has no orders, and usually has 10 or more on such a day"


def alert(day=NEWEST, *, send_mail=True, alarms=(NO_ORDERS,)):
    report = replace(REPORT, alarms=list(alarms))
    return delivery.send_incomplete_alert(day, report, send_mail=send_mail)


def test_the_same_alarms_of_a_day_are_the_same_message(mailbox):
    """`tests/unit/mail` has its words."""
    for alarms in ([NO_ORDERS], [NO_ORDERS], ["<script>", NO_ORDERS]):
        assert alert(alarms=alarms) == ""
    alert(NEWEST.shifted(-1))
    ids = {message["Message-ID"] for message in mailbox()}
    assert len(ids) == 3
    for message in mailbox():
        assert message["X-Envelope-To"] == ", ".join(TO)
        assert "<script>" not in html(message)


def test_no_alert(mailbox, monkeypatch):
    assert alert(alarms=[]) == "every source and partner has its usual orders"
    with time_machine.travel(DAY_AFTER):
        reason = alert(send_mail=False)
    assert reason == f"{OLD}, and send_mail is not set"
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    assert alert() == "the Variable alert_recipients is empty"
    assert mailbox() == []
