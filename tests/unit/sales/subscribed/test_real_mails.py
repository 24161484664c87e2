"""The mail of a real report of a week, as a subscription gets it."""

import pytest
import time_machine

from ecommerce.core import templates
from ecommerce.core.paths import INCLUDE
from ecommerce.sales.periods import build
from ecommerce.sales.slices import WHOLE
from ecommerce.sales.subscribed import delivery, editions
from ecommerce.storage.staging import DagRun
from tests.unit.sales.periods.samples import week
from tests.unit.sales.subscribed.samples import archived, at

MONDAY = at("2026-11-30 12:00")
RUN = DagRun("weekly_report", "scheduled")


@pytest.fixture
def report(monkeypatch, tmp_path):
    monkeypatch.setattr(templates, "TEMPLATES", INCLUDE / "templates")
    monkeypatch.setattr(editions, "mail_of", build.mail_of)
    return build.archive_report(f"file://{tmp_path}", week())


@pytest.mark.slow
def test_a_week_and_its_correction(report, subscribe, delivery_log, mailbox, chat):
    subscribe(
        {
            "name": "board",
            "to": ["ann@example.com", "chat:alert_chat"],
            "report": "week",
        }
    )
    period = report.figures.period
    delivery_log.sent("board", archived(str(period), "140000"), at("2026-11-30 11:00"))
    with time_machine.travel(MONDAY, tick=False):
        sentences = delivery.deliver_period(period, {WHOLE: report}, RUN)
    assert sentences == ["board: mailed"]
    [message] = mailbox()
    assert message["Subject"].startswith("Corrected net sales")
    plain = message.get_body(("plain",)).get_content()
    assert "Corrected: Net sales 140,000.00 → 142,300.50, +1.6 %" in plain
    assert "Sent to the subscription board." in plain
    assert "The full report is attached." in plain
    html = message.get_body(("related", "html")).as_string()
    assert "Sent to the subscription board." in html
    assert "days@report" in html
    [pdf] = message.iter_attachments()
    assert pdf.get_content().startswith(b"%PDF-")
    [post] = chat.posts
    assert "Sent to the subscription board." in post["message"]
    assert len(chat.pictures()) == 1
