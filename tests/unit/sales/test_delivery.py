"""The report's mail: when it is sent, under which Message-ID, and what one attempt leaves to the next."""

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
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
from ecommerce.sales.report.texts.mail import forecast_missed, mail_parts
from tests.archived_reports import (
    MAILING_RUN,
    REPORT,
    archived_texts,
    chat_text,
    report_mail,
)
from tests.unit.conftest import SENDER
from tests.unit.sales.report.samples import DAY, expectation, make_figures

TO = ["ann@example.com", "bob@example.com"]
NEWEST = day_window(DAY, "America/New_York")
MORNING = datetime(2026, 11, 20, 11, tzinfo=UTC)
DAY_AFTER = datetime(2026, 11, 21, 11, tzinfo=UTC)
CLAIMED_ID = "<report.1@reports.example>"
FIGURES = make_figures()
CORRECTIONS = {"net_sales": Decimal("16716.13")}


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    monkeypatch.setenv("FORECAST_MISS_ALERT_PERCENT", "")


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """The archived report of an ordinary day, as the DAG hands it to the mail tasks."""
    folder = tmp_path_factory.mktemp("archived")
    return build.archive_report(f"file://{folder}/reports", FIGURES)


def mail_row(state, figures=FIGURES):
    """A row of `report_deliveries`."""
    return {"figures_hash": figures_hash(figures), "state": state}


@dataclass
class FakeWarehouse:
    """The warehouse of a day whose last mail had other net sales. `mails` are its rows of
    `report_deliveries`, `steps` the statements that changed it, with their values. It is unavailable for the
    statement `failing`."""

    mails: list[dict[str, str]] = field(default_factory=list)
    failing: str = ""
    steps: dict[str, Any] = field(default_factory=dict)

    def query(self, path, **values):
        day = {"business_date": DAY}
        if path.endswith("by_day.sql"):
            return self.mails if values == day else []
        if path.endswith("mailed_figures.sql"):
            net_sales = CORRECTIONS["net_sales"]
            return [day | {"figure": "net_sales", "mailed_value": net_sales}]
        state = {"complete": True, "missing_sources": [], "empty_sources": []}
        figures = {name: figure.value for name, figure in FIGURES.headline.items()}
        return [day | state | figures | {"mail_count": 1}]

    def transact(self, path, **values):
        statement = path.rpartition("/")[2]
        if statement == self.failing:
            raise errors.TransientError("the warehouse is unavailable")
        self.steps[statement] = values
        if not path.endswith("claim.sql"):
            return []
        state = "sent" if self.mails[:1] == [mail_row("sent")] else "claimed"
        claimed = {"claimed_by": values["owner"], "message_id": CLAIMED_ID}
        claimed["subscription"] = ""
        return [{"state": state} | claimed]


@pytest.fixture
def warehouse(monkeypatch):
    fake = FakeWarehouse()
    monkeypatch.setattr(delivery.delivery_log, "open_prepared", lambda step: fake)
    monkeypatch.setattr(delivery.state, "connect", lambda step: fake)

    def measure(step, end):
        fake.steps[step] = end

    monkeypatch.setattr(delivery.metrics, "business_day_done", measure)
    return fake


def deliver(report, now=MORNING, *, send_mail=False):
    with time_machine.travel(now):
        return delivery.deliver(NEWEST, report, MAILING_RUN, send_mail=send_mail)


def test_the_same_figures_have_the_same_message_id(use_server):
    use_server(1)
    expected = f"<report.2026-11-19.{'a' * 16}@reports.example>"
    assert delivery.message_id(REPORT) == expected
    the_day_before = replace(REPORT, business_date=date(2026, 11, 18))
    assert delivery.message_id(the_day_before) != expected


def test_the_report_is_mailed_and_its_headline_posted(
    mailbox, chat, archived, warehouse, caplog
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
    assert "Net sales 16,716.13" in message.get_body(("plain",)).get_content()
    (pdf,) = message.iter_attachments()
    assert pdf.get_filename() == "sales-report-2026-11-19.pdf"
    assert pdf.get_content().startswith(b"%PDF-")

    (post,) = chat.posts
    assert post["title"] == texts["subject"]
    assert post["message"] == chat_text(texts).strip()
    trend = archive.ARCHIVE.read_file(archived.uri.rpartition("/")[0], DAY, "trend.png")
    assert chat.pictures() == [trend]
    assert "is not posted" not in caplog.text

    figures = {"business_date": DAY, "hashes": {"": archived.figures_hash}}
    claim = warehouse.steps["claim.sql"]
    assert claim == figures | {
        "message_ids": {"": delivery.message_id(archived)},
        "queried_at": {"": archived.figures_at},
        "net_sales": {"": None},
        "only_first": 0,
        "owner": "daily_sales_pipeline/test__mailing",
        "lease_seconds": 600,
    }
    sent = warehouse.steps["mark_sent.sql"]
    assert figures.items() < sent.items()
    restated = warehouse.steps["load_before_mail.sql"]
    assert restated["figures_at"] == archived.figures_at
    assert restated["reported"]["net_sales"] == 183_425_600
    assert warehouse.steps["mail"] == NEWEST.end

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
        ([mail_row("claimed")], MORNING, False, ""),
        ([mail_row("claimed")], DAY_AFTER, False, ""),
        ([SAME_SENT], MORNING, False, SAME),
        ([SAME_SENT], DAY_AFTER, False, SAME),
        ([SAME_SENT], DAY_AFTER, True, SAME),
        ([mail_row("claimed", OTHER)], MORNING, False, ""),
        ([OTHER_SENT], MORNING, False, EARLIER),
        ([OTHER_SENT], MORNING, True, ""),
        ([OTHER_SENT], DAY_AFTER, False, OLD),
        ([OTHER_SENT, SAME_SENT], MORNING, False, EARLIER),
        ([OTHER_SENT, SAME_SENT], MORNING, True, ""),
    ],
)
def test_an_attempt(archived, mailbox, warehouse, caplog, attempt):
    """The mails of the day, the latest first; now; `send_mail`; and why no mail is sent."""
    warehouse.mails, now, send_mail, reason = attempt
    caplog.set_level(logging.INFO)
    found = deliver(archived, now, send_mail=send_mail)
    steps = list(warehouse.steps)
    assert len(mailbox()) == (not reason)
    if not reason:
        assert steps == ["claim.sql", "mark_sent.sql", "mail", "load_before_mail.sql"]
        return
    assert f"not mailed: {found}" in caplog.text
    if reason == SAME:
        # The attempt that sent it may have been killed before it recorded what had changed.
        assert (found, steps) == (SAME, ["claim.sql", "load_before_mail.sql"])
    else:
        hint = "; MAIL=1 with make repair or make report mails it"
        assert (found, steps) == (reason + hint, [])


def test_without_recipients_nothing_is_claimed(archived, warehouse, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert deliver(archived) == "the Variable report_recipients is empty"
    assert warehouse.steps == {}


def test_a_mail_server_that_fails_leaves_the_claim_for_the_next_attempt(
    archived, warehouse, use_server
):
    use_server(free_port())
    with pytest.raises(errors.TransientError):
        deliver(archived)
    assert list(warehouse.steps) == ["claim.sql"]


def test_a_missed_forecast_is_posted_after_the_headline(chat, monkeypatch):
    monkeypatch.setenv("FORECAST_MISS_ALERT_PERCENT", "5")
    missed_day = make_figures(expectation=expectation(forecast=Decimal(10_000)))
    parts = mail_parts(missed_day)
    mailed = replace(
        report_mail(parts["texts"]), forecast_missed=parts["forecast_missed"]
    )
    delivery.post(mailed.texts, mailed)
    headline, missed = chat.posts
    assert headline["title"].startswith("Sales Thu 19 Nov: 18,343 USD")
    assert missed["title"].startswith("Forecast missed: Thu 19 Nov")
    assert missed["message"].endswith("/2026-11-19/")


def test_a_chat_that_refuses_the_headline_is_a_warning(
    chat, mailbox, archived, warehouse, caplog
):
    chat.status = 500
    assert deliver(archived) == ""
    assert "did not accept the message: FAILURE" in caplog.text
    assert list(warehouse.steps)[1:] == [
        "mark_sent.sql",
        "mail",
        "load_before_mail.sql",
    ]


@pytest.mark.usefixtures("mailbox")
def test_restatements_that_cannot_be_recorded_fail_the_task_after_the_post(
    chat, archived, warehouse
):
    warehouse.failing = "load_before_mail.sql"
    with pytest.raises(errors.TransientError):
        deliver(archived)
    assert "mark_sent.sql" in warehouse.steps
    assert len(chat.posts) == 1


@pytest.mark.usefixtures("mailbox")
def test_a_mail_that_cannot_be_marked_is_not_posted_because_it_is_sent_again(
    chat, archived, warehouse
):
    warehouse.failing = "mark_sent.sql"
    with pytest.raises(errors.TransientError):
        deliver(archived)
    assert chat.posts == []


def test_an_error_of_the_code_in_a_post_fails_the_task():
    with pytest.raises(KeyError):
        delivery.post({}, report_mail({"day": DAY}))


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


def test_an_incomplete_day_has_not_missed_its_forecast():
    net = expectation(forecast=Decimal(1), verdict=None)
    assert forecast_missed(make_figures(expectation=net), 5) is None
