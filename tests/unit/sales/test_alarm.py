"""The mail that a day is incomplete although nothing has failed: when it is sent, and what it says."""

from datetime import date
from html import unescape

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales import delivery
from ecommerce.sales.report.figures.quality import RefusedFile
from ecommerce.sales.report.view.notices import alarms, notices
from tests.unit.sales.report.samples import make_figures

DAY = day_window(date(2026, 11, 19), "America/New_York")
LONG_AGO = day_window(date(2020, 1, 6), "America/New_York")
REASONS = [
    "northwind has delivered no valid file for this day",
    "Storefront has no orders, and usually has 10 or more on such a day",
]


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv(
        "AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com, boss@example.com"
    )
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")


def test_reasons_are_partners_and_empty_sources_and_nothing_a_failed_task_has_told():
    found = make_figures(
        complete=False,
        missing_sources=["sales_db", "partner_files: northwind"],
        empty_sources=["storefront"],
    )
    assert alarms(found) == REASONS
    assert alarms(make_figures(complete=False, missing_sources=["sales_db"])) == []
    assert alarms(make_figures()) == []


def refused(file: str, *, is_loaded: bool) -> RefusedFile:
    return RefusedFile(file=file, detail="its header lacks sku", is_loaded=is_loaded)


def test_a_refused_delivery_is_a_reason_once():
    files = [
        refused("northwind_2026-11-19.csv", is_loaded=False),  # its partner is missing
        refused("acme_2026-11-19.csv.gz", is_loaded=True),
        refused("late_shop_2026-11-16.csv", is_loaded=False),
    ]
    found = make_figures(
        complete=False,
        missing_sources=["partner_files: northwind"],
        refused_files=files,
    )
    assert alarms(found) == [
        "northwind has delivered no valid file for this day",
        "acme has delivered acme_2026-11-19.csv.gz again, and the new version is invalid "
        "(its header lacks sku); the figures are those of the version loaded before",
        "late_shop has delivered late_shop_2026-11-16.csv, which is invalid (its header lacks sku); its "
        "orders are in no figure",
    ]
    (notice,) = [each for each in notices(found) if each["title"] == "Delivery refused"]
    assert notice["words"] == f"{alarms(found)[1]}, and 1 more of its kind."


def test_a_refused_delivery_of_a_complete_day_is_an_alert_of_its_own(mailbox):
    assert (
        delivery.alarm(DAY, {"alarms": REASONS[:1], "complete": True}, send_mail=True)
        == ""
    )
    (message,) = mailbox()
    assert message["Subject"] == "Delivery refused: sales of 2026-11-19"
    for body in (unescape(part.get_content()) for part in message.iter_parts()):
        text = " ".join(body.split())
        assert "A delivery for 2026-11-19 cannot be used" in text
        assert "incomplete" not in text.lower()
        assert "make repair DAY=2026-11-19 SOURCE=partner_files" in text


def test_people_are_told_why_and_what_to_do(mailbox):
    assert delivery.alarm(DAY, {"alarms": REASONS}, send_mail=True) == ""
    (message,) = mailbox()
    assert message["Subject"] == "Incomplete: sales of 2026-11-19"
    assert message["X-Envelope-To"] == "oncall@example.com, boss@example.com"
    assert message["X-Sales-Mail"] == "alarm"
    for body in (unescape(part.get_content()) for part in message.iter_parts()):
        text = " ".join(body.split())
        assert "although no task failed" in text
        for reason in REASONS:
            assert reason in text
        assert "make report DAY=2026-11-19" in text
        assert "make repair DAY=2026-11-19 SOURCE=<source>" in text
        assert delivery.page_url(DAY.date) in text


def test_the_same_reasons_of_a_day_have_one_message_id(mailbox):
    for reasons in (REASONS, REASONS, REASONS[:1]):
        delivery.alarm(DAY, {"alarms": reasons}, send_mail=True)
    delivery.alarm(DAY.shifted(-1), {"alarms": REASONS}, send_mail=True)
    first, again, fewer, day_before = (message["Message-ID"] for message in mailbox())
    assert first == again
    assert len({first, fewer, day_before}) == 3


def test_nobody_is_told_of_an_ordinary_day(mailbox):
    assert "has its usual orders" in delivery.alarm(DAY, {"alarms": []}, send_mail=True)
    assert mailbox() == []


def test_nobody_is_told_of_an_older_day_unless_asked_for(mailbox):
    why = delivery.alarm(LONG_AGO, {"alarms": REASONS}, send_mail=False)
    assert (
        why
        == "2020-01-06 is not the newest day that has ended, and send_mail is not set"
    )
    assert mailbox() == []


def test_without_recipients_nothing_is_sent_and_nothing_fails(mailbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    why = delivery.alarm(DAY, {"alarms": REASONS}, send_mail=True)
    assert why == "the Variable alert_recipients is empty"
    assert mailbox() == []


def test_a_partners_name_is_text_and_nothing_else(mailbox):
    reason = "<script>alert(1)</script> has delivered no file"
    delivery.alarm(DAY, {"alarms": [reason]}, send_mail=True)
    (message,) = mailbox()
    text, html = (part.get_content() for part in message.iter_parts())
    assert reason in text
    assert "<script>" not in html
    assert reason in unescape(html)
