import smtplib
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


@contextmanager
def server(handler=None, **options):
    class Handler:
        async def handle_DATA(self, _server, _session, _envelope):
            return "250 OK"

    controller = Controller(
        handler or Handler(), hostname="127.0.0.1", port=free_port(), **options
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


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
def test_recipients_may_be_separated_in_any_usual_way(monkeypatch, text, expected):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", text)
    assert [each.lower() for each in mail.recipients("report_recipients")] == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "secret-name",
        "secret@",
        "@secret",
        "secret@x..y",
        "secret<@x",
        "sécret@x.y",
        "secret@-x",
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
    ("answer", "kind"),
    [
        ("550 no such user", errors.ConfigurationError),
        ("451 greylisted", errors.TransientError),
    ],
)
def test_refused_recipients_are_counted_never_named(use_server, answer, kind):
    class Refusing:
        async def handle_RCPT(self, *_):
            return answer

    with server(Refusing()) as port:
        use_server(port)
        with pytest.raises(kind, match=r"refuses 2 recipients of 2 \(code") as caught:
            mail.send(a_mail(), TO)
    assert "example.com" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("552 too big", errors.ConfigurationError),
        ("452 disk full", errors.TransientError),
    ],
)
def test_a_refused_message_is_tried_again_only_when_the_server_says_later(
    use_server, answer, kind
):
    class Refusing:
        async def handle_DATA(self, *_):
            return answer

    with server(Refusing()) as port:
        use_server(port)
        with pytest.raises(kind, match="rejects the mail"):
            mail.send(a_mail(), TO)


def test_a_server_without_tls_is_a_wrong_connection(use_server):
    with server() as port:
        use_server(port, extra={"disable_tls": False})
        with pytest.raises(errors.ConfigurationError, match="disable_tls"):
            mail.send(a_mail(), TO)


def test_one_refused_recipient_is_alerted_and_the_others_get_the_mail(
    use_server, caplog, monkeypatch
):
    taken, contents = [], []
    monkeypatch.setenv(
        "AIRFLOW_VAR_ALERT_RECIPIENTS", "bob@example.com, ops@example.com"
    )

    class Refusing:
        async def handle_RCPT(self, _server, _session, envelope, address, _options):
            if address.startswith("bob"):
                return "550 no"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, _server, _session, envelope):
            taken.append(envelope.rcpt_tos)
            contents.append(envelope.content.decode())
            return "250 OK"

    with server(Refusing()) as port:
        use_server(port)
        mail.send(a_mail(), TO)
    assert (
        "refused 1 of 2 recipients: address 2 (duplicates not counted)" in caplog.text
    )
    assert not [
        each
        for each in caplog.records
        if "bob@" in each.message and each.name.startswith("ecommerce")
    ]
    assert taken == [
        ["ann@example.com"],
        ["ops@example.com"],
    ]  # no alert about the alert
    assert "Not delivered to all: " in contents[1]
    assert "the mail server refused 1 of 2 recipients: address 2" in " ".join(
        contents[1].split()
    )


@pytest.mark.parametrize("extra", [{"from_email": None}, {"from_email": "nobody"}])
def test_a_connection_without_sender_is_a_configuration_error(use_server, extra):
    use_server(1, extra=extra)
    with pytest.raises(errors.ConfigurationError, match="from_email"):
        mail.sender()


def test_a_missing_connection_is_a_configuration_error(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)
    with pytest.raises(errors.ConfigurationError, match="smtp_default does not exist"):
        mail.sender()


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPServerDisconnected("x"),
        smtplib.SMTPConnectError(421, b"x"),
        smtplib.SMTPSenderRefused(550, b"x", SENDER),
        TimeoutError(),
        UnicodeError(),
    ],
)
def test_errors_of_smtplib_are_translated(use_server, error):
    use_server(1)
    with pytest.raises(errors.PipelineError), mail.smtp_errors():
        raise error
