"""What subscriptions get after a day: its report or that of a slice, alerts, and corrections of the newest
week and month."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from unittest.mock import Mock

import pytest
import time_machine

from ecommerce.core import text
from ecommerce.core.business_day import day_window
from ecommerce.core.errors import PipelineError, TransientError
from ecommerce.sales.report import build
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscribed import delivery
from ecommerce.storage.staging import DagRun
from tests.rows import column_by, column_of
from tests.unit.mail.readable import plain
from tests.unit.sales.report.samples import DAY, make_figures
from tests.unit.sales.subscribed.samples import (
    BOARD,
    GERMANY,
    archived,
    at,
    by_recipient,
)

RUN = DagRun("daily_sales_pipeline", "scheduled")
WINDOW = day_window(DAY, "America/New_York")
"""A Thursday, 19 November."""
MORNING = at("2026-11-20 11:00")
DAILY = {"name": "daily", "to": "ann@example.com", "report": "day"}
SLICED = DAILY | {
    "name": "germany",
    "to": "anna@example.com",
    "only": {"country": "DE"},
}
MONTHLY = BOARD | {"name": "month", "report": "month"}
FIGURES = make_figures()
WEEK = "2026-W46"
"""The newest that has ended."""


def write_document(figures, folder):
    """Stands for that of the report, which typesets a PDF: it shows net sales in the locale."""
    net_sales = text.amount(figures.value("net_sales"), figures.currency)
    (folder / "report.pdf").write_text(f"%PDF-{net_sales}")
    (folder / "trend.png").write_bytes(b"\x89PNG")


@pytest.fixture
def archived_day(tmp_path, monkeypatch):
    """The archived report of the day."""
    monkeypatch.setattr(build, "write_document", Mock(side_effect=write_document))
    return build.archive_report(f"file://{tmp_path}/reports", FIGURES)


@dataclass
class Reports:
    """The net sales in the warehouse by period and slice, the days that are not complete, and what was read
    and built of them."""

    net_sales: dict = field(default_factory=lambda: defaultdict(lambda: "1"))
    incomplete: tuple[str, ...] = ()
    read: list = field(default_factory=list)
    built: list = field(default_factory=list)

    def build_reports(self, period, slices, run):
        assert run == RUN
        self.built.append((str(period), set(slices)))
        reports = {}
        for only in slices:
            net_sales = self.net_sales[str(period), only]
            reports[only] = archived(str(period), net_sales, only, self.incomplete)
        return reports

    def read_net_sales(self, warehouse, period, slices):
        self.read.append((str(period), set(slices)))
        return {only: Decimal(self.net_sales[str(period), only]) for only in slices}


@pytest.fixture
def reports(monkeypatch):
    fake = Reports()
    monkeypatch.setattr(delivery, "build_reports", fake.build_reports)
    monkeypatch.setattr(delivery, "read_net_sales", fake.read_net_sales)
    monkeypatch.setattr(delivery, "connect", lambda **labels: None)
    return fake


@pytest.fixture
def deliver(archived_day, reports, delivery_log, mailbox):
    """Deliver the day at an instant."""

    def deliver_day(now=MORNING, *, send_mail=False):
        with time_machine.travel(now, tick=False):
            return delivery.deliver_day(WINDOW, archived_day, RUN, send_mail=send_mail)

    return deliver_day


def test_the_report_of_the_day_and_that_of_a_slice(
    subscribe, deliver, delivery_log, mailbox, reports
):
    german = DAILY | {"name": "german", "to": "eve@example.com", "locale": "de_DE"}
    english = DAILY | {"name": "english", "to": "joe@example.com", "locale": "en-US"}
    subscribe(DAILY, SLICED, german, english)
    reports.net_sales["2026-11-19", GERMANY] = "300"
    # It is mailed in the morning although it is not complete.
    reports.incomplete = ("2026-11-19",)
    sentences = deliver()
    names = ("daily", "germany", "german", "english")
    assert sentences == [f"{name}: mailed" for name in names]
    assert reports.built == [("2026-11-19", {GERMANY})]

    mails = by_recipient(mailbox())
    daily = mails["ann@example.com"]
    assert daily["Subject"].startswith("Sales Thu 19 Nov: 18,343 USD")
    page = "https://airflow.example/team/plugin/sales-reports/team/sales-reports/2026-11-19/"
    assert page in plain(daily)

    in_german = mails["eve@example.com"]
    assert "18.342,56" in plain(in_german)
    [pdf] = in_german.iter_attachments()
    assert pdf.get_content() == b"%PDF-18.342,56"
    assert "18,342.56" in plain(mails["joe@example.com"])
    # For the archive and in German: the locale of the archive is not typeset again.
    assert build.write_document.call_count == 2

    germany = mails["anna@example.com"]
    assert germany["Subject"] == "Sales Thu 19 Nov, Germany: 300 USD (incomplete)"

    stored = column_by(delivery_log.rows, "subscription", "net_sales")
    assert stored["daily"] == Decimal("18342.56")
    assert stored["germany"] == 300
    assert delivery_log.calls == ["claim_all", "mark_all_sent"]
    earlier = "an earlier report of 2026-11-19 was mailed"
    assert deliver()[0] == f"daily: not mailed: {earlier}"


def test_an_older_day_is_delivered_on_request_only(
    subscribe, deliver, delivery_log, mailbox, reports
):
    subscribe(DAILY, SLICED, BOARD, {"name": "invalid"})
    later = at("2026-11-21 11:00")
    [sentence] = deliver(later)
    assert sentence == "2026-11-19 is not the newest day that has ended"
    assert delivery_log.calls == []
    assert reports.built == []
    assert mailbox() == []
    sentences = deliver(later, send_mail=True)
    assert sentences[:2] == ["daily: mailed", "germany: mailed"]


def test_without_subscriptions_nothing_is_asked(
    subscribe, deliver, delivery_log, reports
):
    assert deliver() == []
    assert delivery_log.calls == []
    assert reports.built == []


def test_the_newest_week_and_month_are_corrected_where_they_have_moved(
    subscribe, deliver, delivery_log, mailbox, reports
):
    austria = Slice(country=("AT",))
    mailed = {"board": WHOLE, "germany": GERMANY, "today": austria}
    for name, only in mailed.items():
        delivery_log.sent(name, archived(WEEK, "1000", only), at("2026-11-16 11:00"))
    corrected = archived(WEEK, "2", austria)
    delivery_log.sent("today", corrected, at("2026-11-20 10:00"))
    subscribe(
        BOARD,
        BOARD | {"name": "germany", "only": {"country": "DE"}},
        BOARD | {"name": "new", "only": {"country": "FR"}},
        BOARD | {"name": "today", "only": {"country": "AT"}},
        MONTHLY,
    )
    # A correction is mailed although a day is not complete.
    reports.incomplete = ("2026-10-12",)
    delivery_log.sent("month", archived("2026-10", "1000"), at("2026-11-01 14:00"))
    reports.net_sales["2026-10", WHOLE] = "2000"
    moved = {(WEEK, WHOLE): "1005", (WEEK, GERMANY): "1100", (WEEK, austria): "99"}
    reports.net_sales |= moved
    earlier = "today: not mailed: an earlier report of 2026-W46 was mailed"
    assert deliver() == ["germany: mailed", earlier, "month: mailed"]
    assert set(column_of(mailbox(), "Subject")) == {
        "Corrected net sales week 46, Germany: 1,100 USD",
        "Corrected net sales October 2026: 2,000 USD (incomplete)",
    }
    month = ("2026-10", {WHOLE})
    assert reports.read == [(WEEK, set(mailed.values())), month]
    assert reports.built == [(WEEK, {GERMANY, austria}), month]
    # Once a day; in New York it is still Friday.
    reports.net_sales[WEEK, GERMANY] = "2200"
    assert "germany: mailed" not in deliver(at("2026-11-21 04:00"))


def test_invalid_subscriptions_are_alerted_and_the_others_delivered(
    subscribe, deliver, mailbox, chat
):
    subscribe(
        DAILY, {"name": "broken", "to": "eve@example.com"}, {"to": "bob@example.org"}
    )
    assert deliver() == ["daily: mailed"]
    mails = by_recipient(mailbox())
    alert = mails["ops@example.com"]
    assert alert["Subject"] == "Invalid subscriptions: 2"
    words = " ".join(plain(alert).split())
    assert "broken: needs either report or alert" in words
    assert "eve@example.com" not in alert.as_string()
    assert column_of(chat.posts, "title") == ["Invalid subscriptions: 2"]
    # The same problems of a day are one mail for mail programs, others another one.
    deliver()
    subscribe({"to": "bob@example.org"})
    deliver()
    alerts = [mail for mail in mailbox() if mail["X-Envelope-To"] == "ops@example.com"]
    assert len(alerts) == 3
    assert len(set(column_of(alerts, "Message-ID"))) == 2


def test_one_step_that_fails_stops_no_other(
    subscribe, deliver, mailbox, reports, monkeypatch
):
    fail = Mock(side_effect=TransientError("other runs kept loading"))
    monkeypatch.setattr(delivery, "build_reports", fail)
    monkeypatch.setattr(delivery, "send_alerts", fail)
    subscribe(SLICED, {"name": "invalid"})
    with pytest.raises(TransientError) as caught:
        deliver()
    assert str(caught.value) == (
        "not delivered: reports of the day: other runs kept loading; "
        "alerts: other runs kept loading"
    )
    [alert] = mailbox()
    assert alert["X-Envelope-To"] == "ops@example.com"


def test_alerts_are_sent_after_the_reports(subscribe, deliver, mailbox, monkeypatch):
    def send_alerts(day, alerts, run, failures):
        assert (day, alerts, run) == (WINDOW, [], RUN)
        assert len(mailbox()) == 1
        failures.errors["drop"] = PipelineError("no recipient")
        return ["alert"]

    monkeypatch.setattr(delivery, "send_alerts", send_alerts)
    subscribe(DAILY)
    with pytest.raises(PipelineError, match="drop: no recipient") as caught:
        deliver()
    assert not isinstance(caught.value, TransientError)
