"""Mails: recipients, composition, and delivery to the mail server.

Addresses are read where they are used and reach neither logs, XCom nor rendered fields. An `EmailOperator`
would store them in a rendered field, and has no text alternative.
"""

import hashlib
import logging
import re
import smtplib
import ssl
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from ecommerce.core import errors, names
from ecommerce.core.connections import connection
from ecommerce.core.error_messages import CLOSED, failure_reason, reason_of
from ecommerce.core.templates import render
from ecommerce.core.text import clean
from ecommerce.core.values import Values
from ecommerce.mail import chat
from ecommerce.runtime import metrics
from ecommerce.runtime.airflow_internals import send_mail

log = logging.getLogger(__name__)

CONNECTION = names.CONNECTION_MAIL
KIND_HEADER = "X-Sales-Mail"
"""The header with the kind of mail (report, failure, watch, …), for mailbox rules and metrics."""

ADDRESS = (
    r"(?!.*\.\.)[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
)
"""The pattern of an e-mail address; of ASCII characters."""


def recipients(variable: str) -> list[str]:
    """Return the distinct addresses in an Airflow Variable, separated by commas, semicolons or spaces. Raises
    ConfigurationError: an entry is not an address; the text shows its position only."""
    from airflow.sdk import Variable

    entries = re.findall(r"[^,;\s]+", Variable.get(variable, default=""))
    try:
        return distinct(entries, ADDRESS, "not an e-mail address")
    except ValueError as error:
        example = "addresses separated by commas"
        raise errors.wrong_variable(variable, f"is wrong: {error}", example) from None


def distinct(entries: Sequence[str], pattern: str, problem: str) -> list[str]:
    """Return the entries that differ in more than case. ValueError, with the position and the `problem`, for
    the first one that does not match `pattern`."""
    recipients: dict[str, str] = {}
    for place, entry in enumerate(entries, start=1):
        if not re.fullmatch(pattern, entry, re.ASCII):
            raise ValueError(f"entry {place} of {len(entries)} is {problem}")
        recipients.setdefault(entry.lower(), entry)
    return list(recipients.values())


def message_id(name: str) -> str:
    """Return the Message-ID for `name`: `name` at the sender's domain. Raises ConfigurationError: as
    `sender`."""
    return f"<{name}@{sender().rpartition('@')[2]}>"


def sender() -> str:
    """Return the sender's address: `from_email` in the extra of the connection `smtp_default`. Raises
    ConfigurationError: the connection is missing or has no valid address."""
    address = str(connection(CONNECTION).extra_dejson.get("from_email"))
    if not re.fullmatch(ADDRESS, address, re.ASCII):
        raise errors.ConfigurationError(
            f"the connection {CONNECTION} has no sender: set from_email in its extra to an e-mail address"
        )
    return address


def compose(
    subject: str,
    template: str,
    texts: Values,
    picture: bytes | None = None,
    cid: str = "",
) -> EmailMessage:
    """Return a mail from the templates `<template>.txt` and `<template>.html`, without addresses. `template`
    is `<kind>_mail`; the subject is also a variable of both. The HTML shows `picture`, a PNG, as
    `cid:<picture_cid>`, a variable that is empty without it; `cid` has the form of an address."""
    subject = clean(subject)
    texts = {**texts, "subject": subject, "picture_cid": cid if picture else ""}
    message = EmailMessage()
    message["Subject"] = subject
    message[KIND_HEADER] = template.removesuffix("_mail")
    message.set_content(render(f"{template}.txt", texts))
    message.add_alternative(render(f"{template}.html", texts), subtype="html")
    _, html = message.iter_parts()
    if picture:
        name = f"{cid.partition('@')[0]}.png"
        html.add_related(
            picture, "image", "png", cid=f"<{cid}>", filename=name, disposition="inline"
        )
    return message


def attach_pdf(message: EmailMessage, pdf: bytes, file_name: str) -> None:
    """Attach a PDF to a mail."""
    message.add_attachment(
        pdf, maintype="application", subtype="pdf", filename=file_name
    )


def send(message: EmailMessage, to: Sequence[str], subscription: str = "") -> None:
    """Send `message` through the connection `smtp_default`, with addresses and date. An alert about refused
    recipients names their `subscription`. Raises CredentialsError, ConfigurationError (an invalid connection
    or recipient) or TransientError (worth another attempt)."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with smtp_errors(), SmtpHook(smtp_conn_id=CONNECTION) as hook:
        message["From"] = sender()
        message["To"] = ", ".join(to)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Auto-Submitted"] = "auto-generated"  # prevents automatic replies
        refused = send_mail(hook, message)
    metrics.mail_sent(message.get(KIND_HEADER, "other"))
    accepted = len(to) - len(refused)
    log.info("mail %s accepted for %d recipients", message["Message-ID"], accepted)
    places = [str(place) for place, address in enumerate(to, 1) if address in refused]
    if places:
        group = f" of the subscription {subscription}" if subscription else ""
        _alert_refused(
            message,
            f"the mail server refused {len(places)} of {len(to)} recipients{group}: "
            f"address {', '.join(places)} (duplicates not counted)",
        )


def _alert_refused(message: EmailMessage, problem: str) -> None:
    """Send an alert that some recipients of `message` were refused; never raise: the others have it."""
    log.warning("%s", problem)
    if message[KIND_HEADER] == "refused":
        return
    subject = f"Not delivered to all: {message['Subject']}"
    try:
        send_alert(compose(subject, "refused_mail", {"problem": problem}))
    except Exception as error:
        log.warning("no alert was sent: %s", failure_reason(error))


def send_report(composed: Callable[[], EmailMessage], name: str) -> str:
    """Mail what `composed` returns to `report_recipients`; return the reason if there are none. `name`
    determines the Message-ID. Raises the errors of `send`."""
    to = recipients(names.VARIABLE_REPORT_RECIPIENTS)
    if not to:
        return f"the Variable {names.VARIABLE_REPORT_RECIPIENTS} is empty"
    message = composed()
    message["Message-ID"] = message_id(name)
    send(message, to)
    return ""


def send_alert(
    message: EmailMessage, name: str = "", reasons: Sequence[str] = ()
) -> str:
    """Mail `message`, then post it to the chat, and return the reason if neither was done. `name` and
    `reasons` determine the Message-ID; without a name it is unique.

    Raises:
        PipelineError: the mail cannot be sent, see `send`. Nothing has been posted then.
    """
    to = recipients(names.VARIABLE_ALERT_RECIPIENTS)
    if reasons:
        digest = hashlib.sha256("\0".join(reasons).encode()).hexdigest()
        name = f"{name}.{digest[:16]}"
    if to:
        message["Message-ID"] = message_id(name or uuid.uuid4().hex)
        send(message, to)
    is_posted = post(message)
    if to or is_posted:
        return ""
    return f"the Variable {names.VARIABLE_ALERT_RECIPIENTS} is empty"


def post(message: EmailMessage) -> bool:
    """Post the text of a mail to the chat and return whether a service accepted it; see `chat.post`."""
    text, _ = message.iter_parts()
    return chat.post(message["Subject"], text.get_content().strip())


@contextmanager
def smtp_errors() -> Iterator[None]:
    """Convert errors of smtplib to this package's, without their cause, which may contain addresses."""
    from airflow.sdk.exceptions import AirflowException

    try:
        yield
    except (smtplib.SMTPException, OSError, UnicodeError, AirflowException) as error:
        raise _converted(error) from None


def _converted(error: Exception) -> errors.PipelineError:
    kind: type[errors.PipelineError] = errors.ConfigurationError
    server = connection(CONNECTION)
    place = f"{server.host}:{server.port or ''}".rstrip(":")
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            # One invalid address must not keep the others from another attempt.
            code = min(code for code, _ in refused.values())
            problem = "refuses every recipient"
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            problem = f"refuses the login of the connection {CONNECTION}"
            kind = errors.CredentialsError
        case smtplib.SMTPResponseException(smtp_code=code):
            problem = "rejects the mail"
        # An SSLEOFError is an SSLError, but of a connection that was closed.
        case smtplib.SMTPNotSupportedError() | ssl.SSLError() | UnicodeError() if (
            not isinstance(error, ssl.SSLEOFError)
        ):
            reason = reason_of(
                error, place, otherwise="it does not offer STARTTLS, or no login"
            )
            return errors.ConfigurationError(
                f"the mail server does not support the options or the login of the connection {CONNECTION}: "
                f"{reason}: check disable_ssl (true with port 587), disable_tls, ssl_context, the port, and "
                "login and password (ASCII only)"
            )
        case _:
            reason = reason_of(error, place, otherwise=CLOSED)
            return errors.TransientError(f"the mail server cannot be reached: {reason}")
    if 400 <= code < 500:  # greylisting, a full queue
        kind = errors.TransientError
    return kind(f"the mail server {problem} (code {code})")
