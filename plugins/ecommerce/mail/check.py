"""Checks of the mail server, the recipients and the chat, for `make check`."""

from __future__ import annotations

from ecommerce.core import names
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.mail import chat, transport


def check_server() -> Lines:
    """Connect and sign in to the server, without sending anything."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    transport.sender()  # raises without a sender
    with transport.smtp_errors(), SmtpHook(smtp_conn_id=transport.CONNECTION):
        yield OK, "the mail server accepts the connection, and the login if there is one"


def check_chat() -> Lines:
    """Parse the URLs of the connection, without posting anything."""
    if not (configured := chat.configured()):
        yield OK, "not set: alerts and the headline are only mailed"
        return
    if configured.invalid:
        raise ConfigurationError(chat.invalid_entries(configured))
    services = ", ".join(str(service.service_name) for service in configured.services)
    yield OK, f"alerts and the headline are posted to {services} (nothing was posted now)"


def has_recipients() -> bool:
    """Return whether the Variables have any recipient; otherwise the pipeline needs no mail server."""
    try:
        return any(
            transport.recipients(each)
            for each in (names.VARIABLE_REPORT_RECIPIENTS, names.VARIABLE_ALERT_RECIPIENTS)
        )
    except PipelineError:
        return True  # an invalid address still means that mail is wanted


def check_recipients(variable: str, without: str) -> Lines:
    """Count the addresses of a Variable; `without` is the consequence of having none."""
    count = len(transport.recipients(variable))
    addresses = f"{count} address{'' if count == 1 else 'es'}"
    yield (OK, addresses) if count else (HINT, f"the Variable is empty: {without}")
