import smtplib
import ssl
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from demo.services.ports import free_port
from ecommerce.core import errors
from ecommerce.mail import transport as mail
from tests.unit.conftest import SENDER

TO = ["ann@example.com", "bob@example.com"]


def a_mail():
    message = EmailMessage()
    message["Subject"] = "Something for you"
    message.set_content("Here it is.")
    return message


class Handler:
    """Answers as told; `taken` are the addresses and contents of what it took."""

    def __init__(self, recipient="250 OK", data="250 OK", refused="@"):
        self.recipient, self.data, self.refused = recipient, data, refused
        self.taken = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.refused in address:
            envelope.rcpt_tos += [address] if self.recipient.startswith("2") else []
            return self.recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.taken.append((envelope.rcpt_tos, envelope.content.decode()))
        return self.data


@contextmanager
def server(handler=None, **options):
    port = free_port()
    handler = handler or Handler()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, ready_timeout=60, **options
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a@b.example", ["a@b.example"]),
        (
            "a@b.example, c@d.example;e@f.example g@h.example",
            ["a@b.example", "c@d.example", "e@f.example", "g@h.example"],
        ),
        ("a@b.example,A@B.example", ["a@b.example"]),
    ],
)
def test_recipients_may_be_separated_in_any_usual_way(monkeypatch, text, expected):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", text)
    assert [each.lower() for each in mail.recipients("report_recipients")] == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "secret-name",
        "@secret",
        "secret<@x",
        "sécret@x.y",
    ],
)
def test_a_wrong_address_is_named_by_its_place_only(monkeypatch, wrong):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", f"a@b.example, {wrong}")
    with pytest.raises(
        errors.ConfigurationError,
        match=r"report_recipients is wrong: entry 2 of 2 is not an e-mail address; valid: addresses",
    ) as caught:
        mail.recipients("report_recipients")
    assert "cret" not in str(caught.value)


def test_a_server_that_is_down_is_worth_another_try(use_server):
    use_server(free_port())
    with pytest.raises(errors.TransientError, match="cannot be reached"):
        mail.send(a_mail(), TO)


def test_a_refused_login_is_not_tried_again(use_server):
    def refuse(*_):
        return AuthResult(success=False, handled=False)

    with server(
        authenticator=refuse, auth_required=True, auth_require_tls=False
    ) as port:
        use_server(port, login="robot", password="hunter2hunter2")
        with pytest.raises(
            errors.CredentialsError, match="refuses the login"
        ) as caught:
            mail.send(a_mail(), TO)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        (
            {"recipient": "550 no such user"},
            errors.ConfigurationError,
            r"refuses every recipient \(code 550\)",
        ),
        ({"recipient": "451 later"}, errors.TransientError, "refuses every recipient"),
        ({"data": "552 too big"}, errors.ConfigurationError, "rejects the mail"),
        ({"data": "452 disk full"}, errors.TransientError, "rejects the mail"),
    ],
)
def test_what_a_server_refuses_is_tried_again_only_when_it_says_later(
    use_server, answers, kind, words
):
    with server(Handler(**answers)) as port:
        use_server(port)
        with pytest.raises(kind, match=words) as caught:
            mail.send(a_mail(), TO)
    assert "example.com" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_server_without_tls_is_a_wrong_connection(use_server):
    with server() as port:
        use_server(port, extra={"disable_tls": False})
        with pytest.raises(errors.ConfigurationError, match="disable_tls"):
            mail.send(a_mail(), TO)


def test_one_refused_recipient_is_alerted_and_the_others_get_the_mail(
    use_server, caplog, monkeypatch
):
    alerted = "bob@example.com, ops@example.com"
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", alerted)
    handler = Handler(recipient="550 no", refused="bob@")
    with server(handler) as port:
        use_server(port)
        mail.send(a_mail(), TO)
        mail.send(a_mail(), TO, "board")
    problem = "refused 1 of 2 recipients: address 2 (duplicates not counted)"
    assert problem in caplog.text
    assert "1 of 2 recipients of the subscription board: address 2" in caplog.text
    ours = [row for row in caplog.records if row.name.startswith("ecommerce")]
    assert not any("bob@" in row.message for row in ours)
    # No alert about the alert.
    (first, _), (second, alert), _, (_, of_subscription) = handler.taken
    assert (first, second) == (["ann@example.com"], ["ops@example.com"])
    assert "Not delivered to all: Something for you" in alert
    assert "subscription board: address 2" in " ".join(of_subscription.split())


def test_a_connection_that_is_missing_or_has_no_sender_is_a_configuration_error(
    use_server, monkeypatch
):
    for address in (None, "nobody"):
        use_server(1, extra={"from_email": address})
        with pytest.raises(errors.ConfigurationError, match="from_email"):
            mail.sender()
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    with pytest.raises(errors.ConfigurationError, match="smtp_default is not defined"):
        mail.sender()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (smtplib.SMTPServerDisconnected("x"), errors.TransientError),
        (ssl.SSLEOFError(8, "EOF in violation of protocol"), errors.TransientError),
        (smtplib.SMTPSenderRefused(550, b"x", SENDER), errors.ConfigurationError),
        (
            smtplib.SMTPRecipientsRefused({TO[0]: (550, b"x"), TO[1]: (451, b"x")}),
            errors.TransientError,
        ),
        (TimeoutError(), errors.TransientError),
    ],
)
def test_errors_of_smtplib_are_translated(use_server, error, kind):
    use_server(1)
    with pytest.raises(kind), mail.smtp_errors():
        raise error
