"""How mails leave: who gets them, what they are made of, and the mail server.

Addresses are read where they are used and reach neither logs, XCom nor rendered fields: an `EmailOperator`
would keep them as one, and has no text alternative.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, NamedTuple

from ecommerce.core import errors, names
from ecommerce.core.error_messages import CLOSED, place_of, reason_of
from ecommerce.core.templates import render
from ecommerce.core.text import clean
from ecommerce.runtime import metrics
from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

CONNECTION = names.CONNECTION_MAIL
KIND_HEADER = "X-Sales-Mail"
"""Says which of the mails it is (report, failure, watch, …), for the rules of a mailbox and the metrics."""

_ADDRESS = re.compile(r"[^@\s<>()\[\]\\,:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Picture(NamedTuple):
    """A PNG file within a mail; `cid` looks like an address and is the mail's only one of that name."""

    cid: str
    data: bytes


def recipients(variable: str) -> list[str]:
    """The addresses in an Airflow Variable, separated by commas, semicolons or blanks; none when it is empty.

    Raises:
        ConfigurationError: an entry is no address (named by its place, never by its text).
    """
    from airflow.sdk import Variable

    return parse_recipients(Variable.get(variable, default="") or "", variable)


def parse_recipients(text: str, variable: str) -> list[str]:
    """As `recipients`, from the Variable's text. Repeated addresses count once."""
    entries = [entry for entry in re.split(r"[,;\s]+", text) if entry]
    for place, entry in enumerate(entries, start=1):
        if not _ADDRESS.fullmatch(entry) or ".." in entry or not entry.isascii():
            problem = f"is wrong: entry {place} of {len(entries)} is not an e-mail address"
            raise errors.wrong_variable(variable, problem, "addresses separated by commas")
    return list({entry.lower(): entry for entry in entries}.values())


def message_id(name: str) -> str:
    """The Message-ID `name` at the sender's domain: the same name always gives the same one.

    Raises:
        ConfigurationError: as `sender`.
    """
    return f"<{name}@{sender().rpartition('@')[2]}>"


def sender() -> str:
    """The address mails come from: `from_email` in the extra of the connection `smtp_default`.

    Raises:
        ConfigurationError: the connection is missing or names no usable address.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowException

    try:
        address = Connection.get(CONNECTION).extra_dejson.get("from_email") or ""
    except AirflowException:
        raise errors.ConfigurationError(
            f"the connection {CONNECTION} does not exist: no mail can be sent"
        ) from None
    if not _ADDRESS.fullmatch(address):
        raise errors.ConfigurationError(
            f"the connection {CONNECTION} names no sender: set from_email in its extra to an e-mail address"
        )
    return str(address)


def airflow_url() -> str:
    """The address of Airflow's UI, without a slash at its end; empty where Airflow does not know it."""
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "").rstrip("/")


def compose(
    subject: str, template: str, texts: Mapping[str, Any], pictures: Sequence[Picture] = ()
) -> EmailMessage:
    """A mail made of the templates `<template>.txt` and `<template>.html`, without addresses. Both know
    `subject` beside `texts`. The `pictures` travel with the HTML, which shows each as `cid:<its cid>`."""
    message = EmailMessage()
    message["Subject"] = clean(subject)
    message[KIND_HEADER] = template.removesuffix("_mail")
    said = {**texts, "subject": clean(subject)}
    message.set_content(render(f"{template}.txt", said))
    message.add_alternative(render(f"{template}.html", said), subtype="html")
    html = message.get_body(("html",))
    for cid, data in pictures:
        assert html  # noqa: S101 - it has just been made
        name = f"{cid.partition('@')[0]}.png"
        html.add_related(data, "image", "png", cid=f"<{cid}>", filename=name, disposition="inline")
    return message


def send(message: EmailMessage, to: Sequence[str]) -> None:
    """Hand `message` to the mail server of the connection `smtp_default`; adds addresses and date.

    Raises:
        CredentialsError: the server refuses the login.
        ConfigurationError: the connection or a recipient is wrong in a way that waiting will not mend.
        TransientError: the server cannot be reached or asks to try again later.
    """
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    message["From"] = sender()
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Auto-Submitted"] = "auto-generated"  # keeps holiday replies away
    with smtp_errors(), SmtpHook(smtp_conn_id=CONNECTION) as hook:
        # The hook opens and authenticates the connection; its own sending knows no text alternative.
        refused = hook._smtp_client.send_message(message)
        if refused:
            log.warning("the mail server refused %d of %d recipients", len(refused), len(to))
            _notify_of_refused(hook._smtp_client, message, sorted(refused))
    metrics.mail_sent(str(message.get(KIND_HEADER, "other")))
    log.info("mail %s accepted for %d recipients", message["Message-ID"], len(to) - len(refused))


def _notify_of_refused(client: smtplib.SMTP, message: EmailMessage, refused: Sequence[str]) -> None:
    """Send `alert_recipients` the addresses that the server refused: they wait for a mail that does not
    arrive, and no task fails. Nothing is raised: the mail itself has been sent."""
    notice, addresses = EmailMessage(), "\n  ".join(refused)
    notice.set_content(
        f"The mail server refused these recipients of the mail:\n\n  {addresses}\n\n"
        "The other recipients have it. Correct the Variable that lists the addresses.\n"
    )
    try:
        to = [each for each in recipients(names.VARIABLE_ALERT_RECIPIENTS) if each not in refused]
        notice["Subject"] = f"Not delivered to all: {message['Subject']}"
        notice["To"] = ", ".join(to)
        for name in ("From", "Date", "Auto-Submitted"):
            notice[name] = message[name]
        if to:
            client.send_message(notice)
    except (errors.PipelineError, smtplib.SMTPException, OSError) as error:
        log.warning("the notice of refused recipients was not sent: %s", failure_reason(error))


@contextmanager
def smtp_errors() -> Iterator[None]:
    """Turn what smtplib raises into this package's errors; without cause, as causes may quote addresses."""
    from airflow.sdk.exceptions import AirflowException

    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        problem = f"the mail server refuses all {len(codes)} recipients (code {codes[0]})"
        raise _by_code(codes[0], problem, errors.ConfigurationError) from None
    except smtplib.SMTPAuthenticationError as error:
        problem = f"the mail server refuses the login of the connection {CONNECTION} (code {error.smtp_code})"
        raise _by_code(error.smtp_code, problem, errors.CredentialsError) from None
    except smtplib.SMTPResponseException as error:
        problem = f"the mail server does not take the mail (code {error.smtp_code})"
        raise _by_code(error.smtp_code, problem, errors.ConfigurationError) from None
    except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        lacks = "it does not offer STARTTLS, or no login"
        raise errors.ConfigurationError(
            f"the mail server does not speak what the connection {CONNECTION} asks for: "
            f"{reason_of(error, _place(), otherwise=lacks)}: check disable_ssl (true with port 587), "
            "disable_tls, ssl_context and the port"
        ) from None
    except UnicodeError:
        raise errors.ConfigurationError(
            f"login or password of the connection {CONNECTION} holds a character that no mail server takes"
        ) from None
    except (smtplib.SMTPException, OSError, AirflowException) as error:
        raise errors.TransientError(
            f"the mail server cannot be reached: {reason_of(error, _place(), otherwise=CLOSED)}"
        ) from None


def _place() -> str:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowException

    try:
        server = Connection.get(CONNECTION)
    except AirflowException:
        return f"the connection {CONNECTION}"
    openly = server.extra_dejson.get("disable_ssl")
    return place_of(server.host, server.port or (smtplib.SMTP_PORT if openly else smtplib.SMTP_SSL_PORT))


def _by_code(code: int, problem: str, permanent: type[errors.PipelineError]) -> errors.PipelineError:
    """4xx answers mean "later" (greylisting, a full queue), 5xx mean "never"."""
    later = errors.TransientError(f"{problem}: later is likely to work")
    return later if 400 <= code < 500 else permanent(problem)
