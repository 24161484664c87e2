"""The report's mail: who gets it and when, what it says, and how it leaves.

Delivery is at least once. The DAG claims a delivery, sends, and marks it as sent; when it dies between, the
claim is sent again under the same Message-ID. Addresses are read where they are used and reach neither logs,
XCom nor rendered fields: an `EmailOperator` would keep them as one, and has no text alternative.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecommerce.core import errors, metrics
from ecommerce.core.business_day import BusinessDay, newest_closed_day
from ecommerce.core.templates import render
from ecommerce.core.text import clean

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures

log = logging.getLogger(__name__)

CONNECTION = "smtp_default"
KIND_HEADER = "X-Sales-Mail"
"""Says which of the mails it is (report, failure, watch, …), for the rules of a mailbox and the metrics."""

_ADDRESS = re.compile(r"[^@\s<>()\[\]\\,:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


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
            raise errors.ConfigurationError(
                f"entry {place} of {len(entries)} in the Variable {variable} is not an e-mail address"
            )
    return list({entry.lower(): entry for entry in entries}.values())


def should_mail(day: BusinessDay, params: Mapping[str, Any], now: datetime) -> bool:
    """Whether the report of `day` is mailed: with the param `send_mail`, or for the newest closed day.

    `now` is an aware instant.
    """
    return bool(params.get("send_mail")) or day.date == newest_closed_day(now, day.timezone).date


def message_id(business_date: str, figures_hash: str) -> str:
    """The Message-ID of one day's figures: the same figures always have the same one.

    Raises:
        ConfigurationError: the connection `smtp_default` is missing or names no sender.
    """
    domain = sender().rpartition("@")[2]
    return f"<report.{business_date}.{figures_hash[:16]}@{domain}>"  # short enough not to be folded


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


def send_report(report: Mapping[str, Any], to: Sequence[str]) -> str:
    """Mail the archived report `report` (what `report.steps.archive` returned) and return its Message-ID.

    Raises:
        StagingError: the archived report is gone or has been replaced by other figures since.
        ConfigurationError, CredentialsError, TransientError: as `send`.
    """
    from ecommerce.sales.report.archive import read_report

    figures, pdf = read_report(report["uri"], report["figures_hash"])
    message = report_message(figures, pdf)
    message["Message-ID"] = message_id(report["business_date"], report["figures_hash"])
    send(message, to)
    return str(message["Message-ID"])


def report_message(figures: Figures, pdf: bytes) -> EmailMessage:
    """The report's mail without its addresses: text and HTML with the headline, the PDF attached."""
    from ecommerce.sales.report.texts import mail_texts

    texts = mail_texts(figures) | {"page_url": page_url(figures.business_date)}
    message = compose(texts["subject"], "report_mail", texts)
    message.add_attachment(
        pdf, maintype="application", subtype="pdf", filename=f"sales-report-{figures.business_date}.pdf"
    )
    return message


def compose(subject: str, template: str, texts: Mapping[str, Any]) -> EmailMessage:
    """A mail made of the templates `<template>.txt` and `<template>.html`, without addresses."""
    message = EmailMessage()
    message["Subject"] = clean(subject)
    message[KIND_HEADER] = template.removesuffix("_mail")
    message.set_content(render(f"{template}.txt", texts))
    message.add_alternative(render(f"{template}.html", texts), subtype="html")
    return message


def page_url(day: date) -> str:
    """The report's page inside the Airflow UI; empty where Airflow does not know its own address."""
    from airflow.sdk.configuration import conf

    base = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    # The UI keeps the path of the page in its frame behind that of the frame.
    return f"{base}/plugin/sales-reports{urlsplit(base).path}/sales-reports/{day}/" if base else ""


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
    with _smtp_errors(), SmtpHook(smtp_conn_id=CONNECTION) as hook:
        # The hook opens and authenticates the connection; its own sending knows no text alternative.
        refused = hook._smtp_client.send_message(message)
    if refused:
        log.warning("the mail server refused %d of %d recipients", len(refused), len(to))
    metrics.mail_sent(str(message.get(KIND_HEADER, "other")))
    log.info("mail %s accepted for %d recipients", message["Message-ID"], len(to) - len(refused))


@contextmanager
def _smtp_errors() -> Iterator[None]:
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
        raise errors.ConfigurationError(
            f"the mail server does not speak what the connection {CONNECTION} asks for "
            f"({type(error).__name__}): check disable_ssl, disable_tls, ssl_context and the port"
        ) from None
    except (smtplib.SMTPException, OSError, AirflowException) as error:
        raise errors.TransientError(
            f"the mail server of the connection {CONNECTION} cannot be reached ({type(error).__name__})"
        ) from None


def _by_code(code: int, problem: str, permanent: type[errors.PipelineError]) -> errors.PipelineError:
    """4xx answers mean "later" (greylisting, a full queue), 5xx mean "never"."""
    return (
        errors.TransientError(f"{problem}: later is likely to work")
        if 400 <= code < 500
        else permanent(problem)
    )
