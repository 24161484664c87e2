"""The report's mail: when it is sent, under which Message-ID, and what one attempt leaves to the next."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ecommerce.core import errors
from ecommerce.core.business_day import day_window
from ecommerce.sales import delivery
from ecommerce.sales.report import archive, build
from ecommerce.sales.report.archive import ReportMail
from ecommerce.sales.report.texts.mail import forecast_missed, mail_parts
from tests.archived_reports import MAILING_RUN, REPORT, archived_texts
from tests.unit.conftest import SENDER
from tests.unit.sales.report.samples import DAY, expectation, make_figures
from tests.unit.sales.tables import cells

TO = ["ann@example.com", "bob@example.com"]
NEWEST = day_window(DAY, "America/New_York")
CLAIMED_ID = "<report.1@reports.example>"
CORRECTIONS = {"net_sales": Decimal("16716.13")}


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("FORECAST_MISS_ALERT_PERCENT", "")
    monkeypatch.setattr(delivery.state, "corrections", lambda *_: CORRECTIONS)


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """The archived report of an ordinary day, as the DAG hands it to the mail tasks."""
    figures = make_figures()
    folder = tmp_path_factory.mktemp("archived")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
        return build.archive_report(f"file://{folder}/reports", figures)


def test_the_newest_closed_day():
    now = datetime(2026, 11, 20, 5, tzinfo=UTC)
    midnight = datetime(2026, 11, 21, 5, tzinfo=UTC)
    second_before = datetime(2026, 11, 20, 4, 59, 59, tzinfo=UTC)
    assert delivery.is_newest(NEWEST, now)
    assert not delivery.is_newest(NEWEST, second_before)
    assert not delivery.is_newest(NEWEST, midnight)


def test_the_same_figures_have_the_same_message_id(use_server):
    use_server(1)
    expected = f"<report.2026-11-19.{'a' * 16}@reports.example>"
    assert delivery.message_id(REPORT) == expected
    the_day_before = replace(REPORT, business_date=date(2026, 11, 18))
    assert delivery.message_id(the_day_before) != expected


@pytest.fixture
def claimed(monkeypatch):
    """An attempt has claimed the mail; the warehouse is away."""
    monkeypatch.setattr(delivery, "reason_not_to_mail", lambda *_, **__: "")
    monkeypatch.setattr(delivery.delivery_log, "claim", lambda *_: CLAIMED_ID)
    monkeypatch.setattr(delivery, "mark", lambda report: None)


def test_the_report_is_mailed_and_its_headline_posted(
    mailbox, chat, archived, claimed, caplog
):
    caplog.set_level(logging.DEBUG)
    assert delivery.deliver(NEWEST, archived, MAILING_RUN, send_mail=False) == ""

    (message,) = mailbox()
    texts = archived_texts(make_figures(), CORRECTIONS)
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
    assert post["message"] == delivery.chat_text(texts).strip()
    trend = archive.read_file(archived.uri.rpartition("/")[0], DAY, "trend.png")
    assert chat.pictures() == [trend]

    logged = [row.getMessage() for row in caplog.records if row.name != "mail.log"]
    assert "accepted for 2 recipients" in " ".join(logged)
    assert not any(address in " ".join(logged) for address in TO)


def test_no_mail_for_figures_that_were_replaced(archived, claimed, use_server):
    use_server(1)
    replaced = replace(archived, figures_hash="0" * 64)
    with pytest.raises(errors.StagingError, match="newer run has replaced it"):
        delivery.deliver(NEWEST, replaced, MAILING_RUN, send_mail=False)


def test_a_headline_that_cannot_be_posted_is_a_warning(chat, monkeypatch, caplog):
    monkeypatch.setenv("FORECAST_MISS_ALERT_PERCENT", "5")
    missed_day = make_figures(expectation=expectation(forecast=Decimal(10_000)))
    mailed = ReportMail(**mail_parts(missed_day), pdf=b"", trend=None)
    delivery.post(mailed.texts, mailed)
    headline, missed = chat.posts
    assert headline["title"].startswith("Sales Thu 19 Nov: 18,343 USD")
    assert missed["title"].startswith("Forecast missed: Thu 19 Nov")
    assert missed["message"].endswith("/2026-11-19/")
    delivery.post({}, mailed)
    assert "the headline is not posted to the chat" in caplog.text


MISSES = """
percent | actual   | change
20      | 15120    | \N{MINUS SIGN}20.0 %
20      | 15120.01 |
20      | 22680    | +20.0 %
20      | 22679.99 |
5       | 20411.06 | +8.0 %
        | 1        |
"""


@pytest.mark.parametrize("case", cells(MISSES), ids=lambda case: case["actual"])
def test_a_missed_forecast_is_posted(case):
    forecast = Decimal(18_900)
    net = expectation(forecast=forecast, actual=Decimal(case["actual"]))
    percent = int(case["percent"]) if case["percent"] else None
    texts = forecast_missed(make_figures(expectation=net), percent)
    change = case["change"]
    assert bool(texts) is bool(change)
    if change:
        title, text = texts
        assert title == f"Forecast missed: Thu 19 Nov: {change}"
        assert f"{change} compared with the forecast of 18,900.00." in text
        assert text.startswith("Net sales: ")


def test_an_incomplete_day_has_not_missed_its_forecast():
    net = expectation(forecast=Decimal(1), verdict=None)
    figures = make_figures(expectation=net)
    assert forecast_missed(figures, 5) is None


# `stored`: the warehouse's rows of the day's mails, latest first. `claimed`: whether the claim succeeds.
ATTEMPTS = """
stored                | newest | send_mail | claimed | reason
                      | yes    | no        | yes     | mailed
                      | no     | no        |         | 2026-11-19 is not the newest day that has ended
                      | no     | yes       | yes     | mailed
same claimed          | yes    | no        | yes     | mailed
same claimed          | no     | no        | yes     | mailed
same sent             | yes    | no        | no      | a report with the same figures was mailed before
same sent             | no     | no        | no      | a report with the same figures was mailed before
same sent             | no     | yes       | no      | a report with the same figures was mailed before
other claimed         | yes    | no        | yes     | mailed
other sent            | yes    | no        |         | an earlier report of 2026-11-19 was mailed
other sent            | yes    | yes       | yes     | mailed
other sent            | no     | no        |         | 2026-11-19 is not the newest day that has ended
other sent, same sent | yes    | no        |         | an earlier report of 2026-11-19 was mailed
other sent, same sent | yes    | yes       | yes     | mailed
"""
HINT = "; MAIL=1 with make repair or make report mails it"


@pytest.fixture
def steps(use_server, monkeypatch):
    """The steps of an attempt in their order; the warehouse, the mail and the chat are away."""
    use_server(1)
    done = []
    monkeypatch.setattr(delivery.delivery_log, "deliveries", lambda day: [])
    monkeypatch.setattr(
        delivery.delivery_log, "claim", lambda *_: done.append("claim") or "<id@x>"
    )
    monkeypatch.setattr(
        delivery.delivery_log, "mark_sent", lambda *_: done.append("mark")
    )
    monkeypatch.setattr(
        delivery.delivery_log,
        "record_restatements",
        lambda report: done.append("restate"),
    )
    monkeypatch.setattr(delivery.mail, "send", lambda *_: done.append("send"))
    monkeypatch.setattr(delivery.chat, "post", lambda *_: done.append("chat"))
    monkeypatch.setattr(delivery, "newest_closed_day", lambda *_: NEWEST)
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")

    def measured(step, end):
        done.append(f"{step} of the day until {end:%d %H:%M}")

    monkeypatch.setattr(delivery.metrics, "business_day_done", measured)
    return done


@pytest.mark.parametrize(
    "case", cells(ATTEMPTS), ids=lambda case: " ".join(case.values())
)
def test_an_attempt(archived, steps, monkeypatch, caplog, case):
    caplog.set_level(logging.INFO)
    if case["newest"] == "no":
        monkeypatch.setattr(delivery, "newest_closed_day", lambda *_: NEWEST.shifted(1))
    rows = []
    if case["stored"]:
        for stored in case["stored"].split(", "):
            which, state = stored.split()
            known = archived.figures_hash if which == "same" else "0" * 64
            rows.append({"figures_hash": known, "state": state})
    monkeypatch.setattr(
        delivery.delivery_log, "deliveries", lambda day: rows if day == DAY else []
    )

    def claim(*values):
        message_id = delivery.message_id(archived)
        assert values == (
            DAY,
            archived.figures_hash,
            message_id,
            archived.figures_at,
            MAILING_RUN,
        )
        steps.append("claim")
        return message_id if case["claimed"] == "yes" else ""

    monkeypatch.setattr(delivery.delivery_log, "claim", claim)
    reason = delivery.deliver(
        NEWEST, archived, MAILING_RUN, send_mail=case["send_mail"] == "yes"
    )

    if case["reason"] == "mailed":
        assert reason == ""
        metric = "mail of the day until 20 05:00"
        assert steps == ["claim", "send", "mark", "restate", metric, "chat"]
        return
    assert f"not mailed: {reason}" in caplog.text
    if case["claimed"]:
        # The attempt that sent it may have been killed before it recorded what had changed.
        assert steps == ["claim", "restate"]
        assert reason == case["reason"]
    else:
        assert steps == []
        assert reason == case["reason"] + HINT


def test_without_recipients_nothing_is_claimed(archived, steps, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    reason = delivery.deliver(NEWEST, archived, MAILING_RUN, send_mail=False)
    assert reason == "the Variable report_recipients is empty"
    assert steps == []


def test_a_mail_server_that_fails_leaves_the_claim_for_the_next_attempt(
    archived, steps, monkeypatch
):
    def fails(*_):
        raise errors.TransientError("the mail server is down")

    monkeypatch.setattr(delivery.mail, "send", fails)
    with pytest.raises(errors.TransientError):
        delivery.deliver(NEWEST, archived, MAILING_RUN, send_mail=False)
    assert steps == ["claim"]
