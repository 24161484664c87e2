"""The report's mail: when it is sent, what it says, under which Message-ID."""

import logging
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecommerce.core import errors
from ecommerce.core.business_day import day_window
from ecommerce.core.text import MINUS
from ecommerce.sales import delivery
from ecommerce.sales.report import archive
from ecommerce.sales.report.chart_files import TREND, alternatives
from ecommerce.sales.report.figures.model import figures_hash
from ecommerce.sales.report.figures.restatements import Correction
from ecommerce.sales.report.findings import findings_of
from ecommerce.sales.report.view.mail import mail_texts
from tests.unit.conftest import SENDER
from tests.unit.sales.report.samples import (
    DAY,
    crowded,
    empty_day,
    expectation,
    full,
    make_figures,
    noted,
)

TO = ["ann@example.com", "bob@example.com"]


@pytest.fixture(autouse=True)
def _readers(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))


@pytest.fixture(autouse=True)
def deliveries(monkeypatch):
    """What the warehouse remembers of the day's mails; tests add to it."""
    rows = []
    monkeypatch.setattr(delivery, "deliveries", lambda day: rows if day == DAY else [])
    return rows


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """The archived report of an ordinary day, as the DAG hands it to the mail tasks."""
    figures, tmp_path = make_figures(), tmp_path_factory.mktemp("archived")
    uri = archive.publish(f"file://{tmp_path}/reports", figures)
    headline = {name: str(figure.value) for name, figure in figures.headline.items()}
    named = {"business_date": DAY.isoformat(), "figures_hash": figures_hash(figures)}
    return {"uri": uri, "headline": headline, **named}


@pytest.fixture(autouse=True)
def corrections(monkeypatch):
    """What the day's mailed report says otherwise; tests add to it."""
    rows = []
    monkeypatch.setattr(delivery.day_state, "corrections", lambda day, _: rows or None)
    return rows


def bodies(message):
    return [message.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_only_the_newest_closed_day_is_mailed_unless_asked_for():
    newest = day_window(DAY, "America/New_York")
    now = datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert delivery.should_mail(newest, now, send_mail=False)
    assert not delivery.should_mail(newest.shifted(-1), now, send_mail=False)
    assert delivery.should_mail(newest.shifted(-1), now, send_mail=True)
    # 04:30 UTC on the 20th is still the 19th in New York: the 19th has not closed.
    assert not delivery.should_mail(
        newest, datetime(2026, 11, 20, 4, 30, tzinfo=UTC), send_mail=False
    )


def test_the_mail_says_which_orders_the_average_leaves_out():
    note = "without orders in BRL, which have no exchange rate"
    for kind in ("plain", "html"):
        body = delivery.report_message(noted(), b"").get_body((kind,)).get_content()
        assert f"*Average order value: {note}." in body
        assert body.index("Average order value*") < body.index("*Average order value:")


def test_the_report_arrives_as_text_html_and_pdf(mailbox, archived):
    delivery.send(archived)
    (message,) = mailbox()
    assert (
        message["Subject"]
        == "Thu 19 Nov: net sales 18,342.56 USD, +13.8 % vs Thu 12 Nov"
    )
    assert message["From"] == SENDER
    assert message["X-Envelope-To"] == ", ".join(TO)
    assert message["Message-ID"] == delivery.message_id(archived)
    assert message["Date"].datetime.tzinfo is not None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Sales-Mail"] == "report"
    alternative, pdf = message.iter_parts()
    assert alternative.get_content_type() == "multipart/alternative"
    for body in bodies(message):
        for expected in (
            "18,342.56",
            "+13.8 %",
            "Thu 12 Nov",
            "Thursday, 19 November 2026",
            "Storefront",
        ):
            assert expected in body.replace("\N{NO-BREAK SPACE}", " ")
    assert pdf.get_filename() == "sales-report-2026-11-19.pdf"
    assert pdf.get_content().startswith(b"%PDF-")


def test_the_same_figures_have_the_same_message_id(use_server):
    def message_id(day, figures_hash):
        return delivery.message_id({"business_date": day, "figures_hash": figures_hash})

    use_server(1)
    first = message_id("2026-11-19", "a" * 64)
    assert (
        first
        == message_id("2026-11-19", "a" * 64)
        == f"<report.2026-11-19.{'a' * 16}@reports.example>"
    )
    assert first != message_id("2026-11-19", "b" * 64)
    assert first != message_id("2026-11-18", "a" * 64)


def test_an_incomplete_day_says_so_before_it_is_opened():
    message = delivery.report_message(crowded(), b"%PDF-")
    assert message["Subject"].startswith("INCOMPLETE")
    assert (
        "Thu 19 Nov: net sales \N{MINUS SIGN}123,456,789,012.346 KWD"
        in message["Subject"]
    )
    body = message.get_body(("plain",)).get_content()
    (said,) = re.findall(r"^INCOMPLETE: .+\n?.*", body, re.MULTILINE)
    assert all(
        name in said.lower()
        for name in ("storefront", "partner files", "exchange rates")
    )
    assert "Changed since they were mailed:" in body
    assert "Restated days" not in body


def test_a_day_without_sales_can_be_mailed():
    message = delivery.report_message(empty_day(), b"%PDF-")
    assert (
        "No counted orders on 2026-11-19." in message.get_body(("plain",)).get_content()
    )


def test_html_escapes_what_comes_from_data():
    figures = make_figures(
        channels=make_figures().channels[:1],
        missing_sources=["<script>alert(1)</script>"],
        complete=False,
    )
    html = delivery.report_message(figures, b"").get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_no_mail_for_figures_that_were_replaced(archived):
    with pytest.raises(errors.StagingError, match="newer run has replaced it"):
        delivery.send(archived | {"figures_hash": "0" * 64})


def test_addresses_are_not_logged(mailbox, archived, caplog):
    caplog.set_level(logging.DEBUG)
    delivery.send(archived)
    ours = " ".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )  # the server's
    assert "accepted for 2 recipients" in ours
    assert not any(address in ours for address in TO)


def test_the_page_is_linked_where_airflow_knows_its_address(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    assert delivery.page_url(DAY) == (
        "https://airflow.example/team/plugin/sales-reports/team/sales-reports/2026-11-19/"
    )
    assert (
        delivery.page_url(DAY)
        in delivery.report_message(make_figures(), b"")
        .get_body(("html",))
        .get_content()
    )


def test_the_trend_is_a_picture_in_the_html_and_a_sentence_in_the_text(
    mailbox, archived, monkeypatch
):
    monkeypatch.setattr(
        delivery,
        "read_file",
        lambda *wanted: b"PNG" if wanted[2] == "trend.png" else None,
    )
    delivery.send(archived)
    (message,) = mailbox()
    text, html = bodies(message)
    words = alternatives(make_figures())[TREND]
    assert "highest 22,803.00 on Sat 31 Oct; 28-day average: 15,500.50" in words
    assert words in " ".join(text.split())
    (picture,) = (
        part for part in message.walk() if part.get_content_type() == "image/png"
    )
    assert picture.get_content() == b"PNG"
    assert picture.get_content_disposition() == "inline"
    assert f'src="cid:{picture["Content-ID"][1:-1]}" alt="{words}"' in html
    assert message["Message-ID"] == delivery.message_id(archived)


def test_without_a_picture_the_html_says_what_it_would_show(
    mailbox, archived, monkeypatch
):
    monkeypatch.setattr(delivery, "read_file", lambda *_: None)
    delivery.send(archived)
    html = bodies(*mailbox())[1]
    assert "<img" not in html
    assert "highest 22,803.00 on Sat 31 Oct" in html


@pytest.mark.parametrize("is_corrected", [False, True])
def test_a_second_mail_of_a_day_says_so(mailbox, archived, corrections, is_corrected):
    if is_corrected:
        corrections.append(
            Correction("net_sales", Decimal("16716.13"), Decimal("18342.56"))
        )
    delivery.send(archived)
    (message,) = mailbox()
    assert message["Message-ID"] == delivery.message_id(archived)
    assert message["Subject"].startswith("Corrected: Thu 19 Nov: ") == is_corrected
    for body in bodies(message):
        assert ("Net sales 16,716.13 → 18,342.56, +9.7" in body) == is_corrected


class TestChat:
    def test_the_headline_is_posted_as_the_mail_says_it_with_the_trend(
        self, mailbox, chat, archived, monkeypatch
    ):
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
        delivery.post(*delivery.send(archived))
        (post,) = chat.posts
        assert post["title"] == mailbox()[0]["Subject"]
        for expected in (
            "Thursday, 19 November 2026",
            "18,342.56",
            "+13.8 %",
            delivery.page_url(DAY),
        ):
            assert expected in post["message"]
        trend = archive.read_file(archived["uri"].rpartition("/")[0], DAY, "trend.png")
        assert chat.pictures() == [trend]

    def test_a_second_report_of_a_day_says_what_it_corrects(self):
        found = [Correction("net_sales", Decimal("16716.13"), Decimal("18342.56"))]
        title, text = delivery.chat_texts(make_figures(), found)
        assert title.startswith("Corrected: Thu 19 Nov: ")
        assert text.startswith("Corrected: Net sales 16,716.13 → 18,342.56, +9.7 %\n")

    def test_an_incomplete_day_says_so(self):
        title, text = delivery.chat_texts(crowded(), None)
        assert "INCOMPLETE" in title
        assert "storefront" in title.lower()
        assert "INCOMPLETE: Storefront" in text

    def test_findings_are_among_the_words(self):
        figures = full()
        figures = figures.model_copy(update={"findings": findings_of(figures)})
        said = mail_texts(figures)["findings"]
        assert said
        _, text = delivery.chat_texts(figures, None)
        assert all(f"- {each}\n" in text for each in said)

    def test_a_day_without_sales_can_be_posted(self):
        _, text = delivery.chat_texts(empty_day(), None)
        assert "No counted orders on 2026-11-19." in text

    def test_a_headline_that_cannot_be_put_together_is_a_warning(
        self, chat, monkeypatch, caplog
    ):
        monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
        monkeypatch.setenv("FORECAST_MISS_ALERT_PERCENT", "5")
        monkeypatch.delattr(delivery, "mail_texts")
        missed = expectation(("18900", "17100", "20700", "15800", "22000", "20411.06"))
        delivery.post(make_figures(expectation=missed), None, None)
        assert "the headline is not posted to the chat" in caplog.text
        (miss,) = chat.posts
        assert miss["title"].startswith("Forecast missed: Thu 19 Nov")

    @pytest.mark.parametrize(
        ("percent", "actual", "change"),
        [
            ("20", "15119.99", f"{MINUS}20.0 %"),
            ("20", "15120.01", None),
            ("5", "20411.06", "+8.0 %"),
            ("", "1", None),
        ],
    )
    def test_a_missed_forecast_is_posted(
        self, chat, monkeypatch, percent, actual, change
    ):
        monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
        monkeypatch.setenv("FORECAST_MISS_ALERT_PERCENT", percent)
        figures = make_figures(
            expectation=expectation(
                ("18900", "17100", "20700", "15800", "22000", actual)
            )
        )
        delivery.post(figures, None, None)
        posts = [(each["title"], each["message"]) for each in chat.posts[1:]]
        assert len(posts) == bool(change)
        for title, message in posts:
            assert title == f"Forecast missed: Thu 19 Nov: {change}"
            assert (
                f"{change} compared with the forecast of 18,900.00 (80 % interval 17,100.00"
                in message
            )


class TestSteps:
    """What one attempt does, and the next after a process that was killed between two steps."""

    NEWEST = day_window(DAY, "America/New_York")

    @pytest.fixture
    def done(self, use_server, monkeypatch, deliveries):
        """The steps that were taken, in order; what the warehouse remembers is kept in `deliveries`."""
        use_server(1)
        steps = []

        def claim(day, figures_hash, message_id, figures_at):
            steps.append("claim")
            assert figures_at == datetime(2026, 11, 20, 11, tzinfo=UTC), (
                "not that of the figures"
            )
            if not deliveries:
                deliveries.append({"figures_hash": figures_hash, "state": "claimed"})
            return deliveries[0]["state"] == "claimed"

        def mark(day, figures_hash):
            steps.append("mark")
            deliveries[0]["state"] = "sent"

        monkeypatch.setattr(delivery, "claim_delivery", claim)
        monkeypatch.setattr(delivery, "mark_delivered", mark)
        monkeypatch.setattr(delivery, "_restate", lambda *_: steps.append("restate"))
        monkeypatch.setattr(delivery.mail, "send", lambda *_: steps.append("send"))
        monkeypatch.setattr(delivery.chat, "post", lambda *_: steps.append("chat"))
        return steps

    def deliver(self, report, *, send_mail=True):
        report = report | {"figures_at": "2026-11-20T11:00:00+00:00"}
        return delivery.deliver(self.NEWEST, report, send_mail=send_mail)

    def test_claim_send_mark_then_the_chat(self, archived, done):
        assert self.deliver(archived) == ""
        assert done == ["claim", "send", "mark", "restate", "chat"]

    def test_what_was_mailed_is_not_mailed_again(self, archived, done):
        self.deliver(archived)
        done.clear()
        assert (
            self.deliver(archived) == "a report with the same figures was mailed before"
        )
        # The process may have been killed before it recorded what had changed since the figures.
        assert done == ["claim", "restate"]

    @pytest.mark.parametrize("state", ["claimed", "sent", None])
    def test_after_midnight_only_what_was_claimed_is_mailed(
        self, archived, done, deliveries, monkeypatch, state
    ):
        monkeypatch.setattr(
            delivery, "newest_closed_day", lambda *_: self.NEWEST.shifted(1)
        )
        deliveries += (
            [{"figures_hash": archived["figures_hash"], "state": state}]
            if state
            else []
        )
        reason = self.deliver(archived, send_mail=False)
        assert ("send" in done) == (state == "claimed")
        assert ("not the newest day that has ended" in reason) == (state is None)
        assert ("the same figures" in reason) == (state == "sent"), (
            "MAIL=1 would not mail them either"
        )

    @pytest.mark.parametrize(
        ("state", "send_mail"), [("sent", False), ("sent", True), ("claimed", False)]
    )
    def test_a_correction_of_the_newest_day_is_mailed_only_when_asked(  # noqa: PLR0917
        self, archived, done, deliveries, monkeypatch, state, send_mail
    ):
        monkeypatch.setattr(delivery, "newest_closed_day", lambda *_: self.NEWEST)
        monkeypatch.setattr(delivery, "claim_delivery", lambda *_: True)
        deliveries += [{"figures_hash": "0" * 64, "state": state}]
        reason = self.deliver(archived, send_mail=send_mail)
        is_mailed = send_mail or state == "claimed"  # of which nobody has got the mail
        assert ("send" in done) == is_mailed
        if not is_mailed:
            assert reason == (
                "an earlier report of 2026-11-19 was mailed; MAIL=1 with make repair or make report mails it"
            )

    def test_an_older_day_logs_that_it_is_not_mailed(
        self, archived, done, monkeypatch, caplog
    ):
        caplog.set_level(logging.INFO)
        monkeypatch.setattr(
            delivery, "newest_closed_day", lambda *_: self.NEWEST.shifted(1)
        )
        reason = self.deliver(archived, send_mail=False)
        assert reason == (
            "2026-11-19 is not the newest day that has ended; MAIL=1 with make repair or make report mails it"
        )
        assert done == []
        assert f"not mailed: {reason}" in caplog.text

    def test_nobody_to_mail_to_is_no_claim(self, archived, done, monkeypatch):
        monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
        assert self.deliver(archived) == "the Variable report_recipients is empty"
        assert done == []

    def test_a_mail_server_that_fails_leaves_the_claim_for_the_next_attempt(
        self, archived, done, deliveries, monkeypatch
    ):
        send = delivery.mail.send

        def fails(*_):
            raise errors.TransientError("the mail server is down")

        monkeypatch.setattr(delivery.mail, "send", fails)
        with pytest.raises(errors.TransientError):
            self.deliver(archived)
        assert (done, [each["state"] for each in deliveries]) == (
            ["claim"],
            ["claimed"],
        )
        monkeypatch.setattr(delivery.mail, "send", send)
        assert self.deliver(archived) == ""
        assert done == ["claim", "claim", "send", "mark", "restate", "chat"]
