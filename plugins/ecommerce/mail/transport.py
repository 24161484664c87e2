"""Mails: recipients, composition, and delivery to the mail server.

Addresses are read where they are used and reach neither logs, XCom nor rendered fields. An `EmailOperator`
would store them in a rendered field, and has no text alternative.
"""

import logging
import re
import smtplib
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ecommerce.core import errors, names
from ecommerce.core.error_messages import CLOSED, place_of, reason_of
from ecommerce.core.templates import render
from ecommerce.core.text import clean, counted
from ecommerce.mail import chat
from ecommerce.runtime import metrics
from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

CONNECTION = names.CONNECTION_MAIL
KIND_HEADER = "X-Sales-Mail"
"""The header with the kind of mail (report, failure, watch, …), for mailbox rules and metrics."""

_ADDRESS = re.compile(
    r"[^@\s<>()\[\]\\,:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
)


class InlineImage(NamedTuple):
    """A PNG file within a mail; `cid` has the form of an address and is unique in the mail."""

    cid: str
    data: bytes


def recipients(variable: str) -> list[str]:
    """Return the distinct addresses in an Airflow Variable, separated by commas, semicolons or spaces. Raises
    ConfigurationError: an entry is not an address; the text shows its position only."""
    from airflow.sdk import Variable

    entries = [
        entry
        for entry in re.split(r"[,;\s]+", Variable.get(variable, default="") or "")
        if entry
    ]
    for place, entry in enumerate(entries, start=1):
        if not _ADDRESS.fullmatch(entry) or ".." in entry or not entry.isascii():
            problem = (
                f"is wrong: entry {place} of {len(entries)} is not an e-mail address"
            )
            raise errors.wrong_variable(
                variable, problem, "addresses separated by commas"
            )
    return list({entry.lower(): entry for entry in entries}.values())


def message_id(name: str) -> str:
    """Return the Message-ID for `name`: `name` at the sender's domain. Raises ConfigurationError: as
    `sender`."""
    return f"<{name}@{sender().rpartition('@')[2]}>"


def sender() -> str:
    """Return the sender's address: `from_email` in the extra of the connection `smtp_default`. Raises
    ConfigurationError: the connection is missing or has no valid address."""
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
            f"the connection {CONNECTION} has no sender: set from_email in its extra to an e-mail address"
        )
    return str(address)


def airflow_url() -> str:
    """Return the address of Airflow's UI without a trailing slash; empty where it is not configured."""
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "").rstrip("/")


def page_url(path: str, route: str = "sales-reports") -> str:
    """Return the address of a page in Airflow's UI; empty where Airflow's address is not configured. `path`
    is below `/sales-reports/`, such as `2026-11-19/`; the frame of the navigation entry `route` shows it."""
    base = airflow_url()
    # The UI keeps the path of the page in its frame behind that of the frame.
    return (
        f"{base}/plugin/{route}{urlsplit(base).path}/sales-reports/{path}"
        if base
        else ""
    )


def compose(
    subject: str,
    template: str,
    texts: Mapping[str, Any],
    pictures: Sequence[InlineImage] = (),
) -> EmailMessage:
    """Return a mail from the templates `<template>.txt` and `<template>.html`, without addresses. `template`
    is `<kind>_mail`; the subject is also a variable of both; the HTML shows each of `pictures` as `cid:<its
    cid>`."""
    message = EmailMessage()
    message["Subject"] = clean(subject)
    message[KIND_HEADER] = template.removesuffix("_mail")
    texts = {**texts, "subject": clean(subject)}
    message.set_content(render(f"{template}.txt", texts))
    message.add_alternative(render(f"{template}.html", texts), subtype="html")
    html = message.get_body(("html",))
    for cid, data in pictures:
        assert html  # noqa: S101 - added above
        name = f"{cid.partition('@')[0]}.png"
        html.add_related(
            data, "image", "png", cid=f"<{cid}>", filename=name, disposition="inline"
        )
    return message


def send(message: EmailMessage, to: Sequence[str]) -> None:
    """Send `message` through the connection `smtp_default`, with addresses and date. Raises CredentialsError,
    ConfigurationError (an invalid connection or recipient) or TransientError (worth another attempt)."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with smtp_errors(), SmtpHook(smtp_conn_id=CONNECTION) as hook:
        message["From"] = sender()
        message["To"] = ", ".join(to)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Auto-Submitted"] = "auto-generated"  # prevents automatic replies
        # The hook connects and signs in; its own sending has no text alternative.
        refused = hook._smtp_client.send_message(message)
    if refused:
        places = ", ".join(
            str(place) for place, each in enumerate(to, start=1) if each in refused
        )
        all_recipients = counted(len(to), "recipient")
        problem = f"the mail server refused {len(refused)} of {all_recipients}: address {places}"
        _alert_refused(message, f"{problem} (duplicates not counted)")
    metrics.mail_sent(str(message.get(KIND_HEADER, "other")))
    log.info(
        "mail %s accepted for %d recipients",
        message["Message-ID"],
        len(to) - len(refused),
    )


def send_report(composed: Callable[[], EmailMessage], name: str) -> str:
    """Mail what `composed` returns to `report_recipients`; return the reason if there are none. `name`
    determines the Message-ID. Raises PipelineError: as `send`."""
    if not (to := recipients(names.VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {names.VARIABLE_REPORT_RECIPIENTS} is empty"
    message = composed()
    message["Message-ID"] = message_id(name)
    send(message, to)
    return ""


def send_alert(message: EmailMessage, name: str = "") -> str:
    """Mail `message`, then post it to the chat, and return the reason if neither was done. `name` determines
    the Message-ID; empty: a unique one.

    Raises:
        PipelineError: the mail cannot be sent, see `send`. Nothing has been posted then.
    """
    if to := recipients(names.VARIABLE_ALERT_RECIPIENTS):
        message["Message-ID"] = message_id(name or uuid.uuid4().hex)
        send(message, to)
    posted = post(message)
    return (
        ""
        if to or posted
        else f"the Variable {names.VARIABLE_ALERT_RECIPIENTS} is empty"
    )


def post(message: EmailMessage) -> bool:
    """Post the text of a mail to the chat and return whether a service accepted it; never raise."""
    body = message.get_body(("plain",))
    return chat.post(
        str(message["Subject"]), body.get_content().strip() if body else ""
    )


def _alert_refused(message: EmailMessage, problem: str) -> None:
    """Log and alert that some recipients of `message` were refused; never raise: the others have it."""
    log.warning("%s", problem)
    if message[KIND_HEADER] != "refused":
        subject = f"Not delivered to all: {message['Subject']}"
        try:
            send_alert(compose(subject, "refused_mail", {"problem": problem}))
        except Exception as error:
            log.warning("no alert was sent: %s", failure_reason(error))


@contextmanager
def smtp_errors() -> Iterator[None]:
    """Convert errors of smtplib to this package's, without their cause, which may contain addresses."""
    from airflow.sdk.exceptions import AirflowException

    try:
        yield
    except (smtplib.SMTPException, OSError, UnicodeError, AirflowException) as error:
        raise _converted(error) from None


def _converted(error: Exception) -> errors.PipelineError:
    permanent: type[errors.PipelineError] = errors.ConfigurationError
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code = next(iter(refused.values()))[0]
            all_recipients = counted(len(refused), "recipient")
            problem = f"the mail server refuses {all_recipients} of {len(refused)} (code {code})"
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            problem = f"the mail server refuses the login of the connection {CONNECTION} (code {code})"
            permanent = errors.CredentialsError
        case smtplib.SMTPResponseException(smtp_code=code):
            problem = f"the mail server rejects the mail (code {code})"
        case smtplib.SMTPNotSupportedError() | ssl.SSLError():
            lacks = "it does not offer STARTTLS, or no login"
            return errors.ConfigurationError(
                f"the mail server does not support the options of the connection {CONNECTION}: "
                f"{reason_of(error, _place(), otherwise=lacks)}: check disable_ssl (true with port 587), "
                "disable_tls, ssl_context and the port"
            )
        case UnicodeError():
            return errors.ConfigurationError(
                f"login or password of the connection {CONNECTION} has characters that no mail server accepts"
            )
        case _:
            reason = reason_of(error, _place(), otherwise=CLOSED)
            return errors.TransientError(f"the mail server cannot be reached: {reason}")
    if 400 <= code < 500:  # greylisting, a full queue
        return errors.TransientError(f"{problem}: a later attempt is likely to succeed")
    return permanent(problem)


def _place() -> str:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowException

    try:
        server = Connection.get(CONNECTION)
    except AirflowException:  # removed since the hook read it
        return f"the connection {CONNECTION}"
    default = (
        smtplib.SMTP_PORT
        if server.extra_dejson.get("disable_ssl")
        else smtplib.SMTP_SSL_PORT
    )
    return place_of(server.host, server.port or default)
