from __future__ import annotations

import logging
import smtplib
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from demo.services.ports import free_port
from ecommerce.core import errors
from ecommerce.core.business_day import day_window
from ecommerce.mail import transport as mail
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures import figures_hash
from tests.unit.mail.conftest import SENDER
from tests.unit.sales.report.samples import DAY, crowded, empty_day, make_figures

TO = ["ann@example.com", "bob@example.com"]


@contextmanager
def server(handler=None, **options):
    class Handler:
        async def handle_DATA(self, _server, _session, _envelope):
            return "250 OK"

    controller = Controller(handler or Handler(), hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def archived(tmp_path):
    """The archived report of an ordinary day, as the DAG hands it to the mail tasks."""
    figures = make_figures()
    folders = [f"file://{tmp_path}/{name}" for name in ("figures", "document")]
    archive.write_figures(folders[0], figures)
    archive.write_document(folders[1], figures)
    uri = archive.publish(f"file://{tmp_path}/reports", figures, folders)
    return {"uri": uri, "business_date": DAY.isoformat(), "figures_hash": figures_hash(figures)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ,; \n", []),
        ("a@b.example", ["a@b.example"]),
        (
            "a@b.example, c@d.example;e@f.example g@h.example",
            ["a@b.example", "c@d.example", "e@f.example", "g@h.example"],
        ),
        ("a@b.example,A@B.example", ["a@b.example"]),
        ("root@localhost", ["root@localhost"]),
    ],
)
def test_recipients_may_be_separated_in_any_usual_way(text, expected):
    assert [each.lower() for each in mail.parse_recipients(text, "report_recipients")] == expected


@pytest.mark.parametrize(
    "wrong", ["secret-name", "secret@", "@secret", "secret@x..y", "secret<@x", "sécret@x.y", "secret@-x"]
)
def test_a_wrong_address_is_named_by_its_place_only(wrong):
    with pytest.raises(
        errors.ConfigurationError, match=r"entry 2 of 2 in the Variable report_recipients"
    ) as caught:
        mail.parse_recipients(f"a@b.example, {wrong}", "report_recipients")
    assert "cret" not in str(caught.value)


def test_recipients_come_from_the_variable(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "a@b.example; c@d.example")
    assert mail.recipients("report_recipients") == ["a@b.example", "c@d.example"]
    monkeypatch.delenv("AIRFLOW_VAR_REPORT_RECIPIENTS")
    assert mail.recipients("report_recipients") == []


def test_only_the_newest_closed_day_is_mailed_unless_asked_for():
    newest = day_window(DAY, "America/New_York")
    now = datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert mail.should_mail(newest, {"send_mail": False}, now)
    assert not mail.should_mail(newest.shifted(-1), {"send_mail": False}, now)
    assert mail.should_mail(newest.shifted(-1), {"send_mail": True}, now)
    # 04:30 UTC on the 20th is still the 19th in New York: the 19th has not closed.
    assert not mail.should_mail(newest, {}, datetime(2026, 11, 20, 4, 30, tzinfo=UTC))


def test_the_report_arrives_as_text_html_and_pdf(mailbox, archived):
    sent_id = mail.send_report(archived, TO)
    (message,) = mailbox()
    assert message["Subject"] == "Sales report 2026-11-19: net sales USD 18,342.56"
    assert message["From"] == SENDER
    assert message["X-Envelope-To"] == ", ".join(TO)
    assert message["Message-ID"] == sent_id
    assert message["Date"].datetime.tzinfo is not None
    alternative, pdf = message.iter_parts()
    text, html = alternative.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for body in (text.get_content(), html.get_content()):
        for expected in ("18,342.56", "+13.8 %", "Thu 12 Nov", "Thursday, 19 November 2026", "Storefront"):
            assert expected in body
    assert pdf.get_filename() == "sales-report-2026-11-19.pdf"
    assert pdf.get_content().startswith(b"%PDF-")


def test_the_same_figures_have_the_same_message_id(use_server):
    use_server(1)
    first = mail.message_id("2026-11-19", "a" * 64)
    assert (
        first == mail.message_id("2026-11-19", "a" * 64) == f"<report.2026-11-19.{'a' * 16}@reports.example>"
    )
    assert first != mail.message_id("2026-11-19", "b" * 64)
    assert first != mail.message_id("2026-11-18", "a" * 64)


def test_an_incomplete_day_says_so_before_it_is_opened():
    message = mail.report_message(crowded(), b"%PDF-")
    assert message["Subject"].endswith("[INCOMPLETE]")
    body = message.get_body(("plain",)).get_content()
    assert "INCOMPLETE: Not read since the day ended: Storefront, Partner files, Exchange rates." in body
    assert "Restated" in body


def test_a_day_without_sales_can_be_mailed():
    message = mail.report_message(empty_day(), b"%PDF-")
    assert "No counted orders on 2026-11-19." in message.get_body(("plain",)).get_content()


def test_html_escapes_what_comes_from_data():
    figures = make_figures(
        channels=make_figures().channels[:1], missing_sources=["<script>alert(1)</script>"], complete=False
    )
    html = mail.report_message(figures, b"").get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_no_mail_for_figures_that_were_replaced(archived):
    with pytest.raises(errors.StagingError, match="newer run has replaced it"):
        mail.send_report(archived | {"figures_hash": "0" * 64}, TO)


def test_addresses_are_not_logged(mailbox, archived, caplog):
    caplog.set_level(logging.DEBUG)
    mail.send_report(archived, TO)
    ours = " ".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )  # the server's
    assert "accepted for 2 recipients" in ours
    assert not any(address in ours for address in TO)


def test_a_server_that_is_down_is_worth_another_try(use_server):
    use_server(free_port())
    with pytest.raises(errors.TransientError, match="cannot be reached"):
        mail.send(mail.report_message(make_figures(), b""), TO)


def test_a_refused_login_is_not_tried_again(use_server):
    def refuse(*_):
        return AuthResult(success=False, handled=False)

    with server(authenticator=refuse, auth_required=True, auth_require_tls=False) as port:
        use_server(port, login="robot", password="hunter2hunter2")
        with pytest.raises(errors.CredentialsError, match="refuses the login") as caught:
            mail.send(mail.report_message(make_figures(), b""), TO)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("550 no such user", errors.ConfigurationError), ("451 greylisted", errors.TransientError)],
)
def test_refused_recipients_are_counted_never_named(use_server, answer, kind):
    class Refusing:
        async def handle_RCPT(self, *_):
            return answer

    with server(Refusing()) as port:
        use_server(port)
        with pytest.raises(kind, match="refuses all 2 recipients") as caught:
            mail.send(mail.report_message(make_figures(), b""), TO)
    assert "example.com" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("552 too big", errors.ConfigurationError), ("452 disk full", errors.TransientError)],
)
def test_a_refused_message_is_tried_again_only_when_the_server_says_later(use_server, answer, kind):
    class Refusing:
        async def handle_DATA(self, *_):
            return answer

    with server(Refusing()) as port:
        use_server(port)
        with pytest.raises(kind, match="does not take the mail"):
            mail.send(mail.report_message(make_figures(), b""), TO)


def test_a_server_without_tls_is_a_wrong_connection(use_server):
    with server() as port:
        use_server(port, extra={"disable_tls": False})
        with pytest.raises(errors.ConfigurationError, match="disable_tls"):
            mail.send(mail.report_message(make_figures(), b""), TO)


def test_one_refused_recipient_does_not_keep_the_report_from_the_others(use_server, caplog):
    class Refusing:
        async def handle_RCPT(self, _server, _session, envelope, address, _options):
            if address.startswith("bob"):
                return "550 no"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, *_):
            return "250 OK"

    with server(Refusing()) as port:
        use_server(port)
        mail.send(mail.report_message(make_figures(), b""), TO)
    assert "refused 1 of 2 recipients" in caplog.text


@pytest.mark.parametrize("extra", [{"from_email": None}, {"from_email": "nobody"}])
def test_a_connection_without_sender_is_a_configuration_error(use_server, extra):
    use_server(1, extra=extra)
    with pytest.raises(errors.ConfigurationError, match="from_email"):
        mail.sender()


def test_a_missing_connection_is_a_configuration_error(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)
    with pytest.raises(errors.ConfigurationError, match="smtp_default does not exist"):
        mail.sender()


def test_the_page_is_linked_where_airflow_knows_its_address(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    assert mail.page_url(DAY) == (
        "https://airflow.example/team/plugin/sales-reports/team/sales-reports/2026-11-19/"
    )
    assert mail.page_url(DAY) in mail.report_message(make_figures(), b"").get_body(("html",)).get_content()


def test_smtplib_errors_are_all_translated():
    """Whatever smtplib raises, a task sees this package's errors."""
    for error in (
        smtplib.SMTPServerDisconnected("x"),
        smtplib.SMTPConnectError(421, b"x"),
        smtplib.SMTPHeloError(500, b"x"),
        smtplib.SMTPSenderRefused(550, b"x", SENDER),
        TimeoutError(),
    ):
        with pytest.raises(errors.PipelineError), mail._smtp_errors():
            raise error
