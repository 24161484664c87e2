"""Does the mail server take a connection and the login, who gets which mail, and is there a chat?"""

from __future__ import annotations

from ecommerce.core import names
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.mail import chat, transport


def check_server() -> Lines:
    """The server is connected to and signed in at; nothing is sent."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    transport.sender()  # raises when nothing could be sent
    with transport.smtp_errors(), SmtpHook(smtp_conn_id=transport.CONNECTION):
        yield OK, "the mail server takes the connection, and the login where there is one"


def check_chat() -> Lines:
    """The URLs of the connection are read; nothing is posted."""
    if not (found := chat.configured()):
        yield OK, "not set: alerts and the headline go by mail alone"
        return
    if found.wrong:
        raise ConfigurationError(chat.not_readable(found))
    services = ", ".join(str(service.service_name) for service in found.services)
    yield OK, f"alerts and the headline are posted to {services} (nothing was posted now)"


def nobody_gets_mail() -> bool:
    """Whether the Variables name no recipient at all; then the pipeline needs no mail server."""
    try:
        return not any(
            transport.recipients(each)
            for each in (names.VARIABLE_REPORT_RECIPIENTS, names.VARIABLE_ALERT_RECIPIENTS)
        )
    except PipelineError:
        return False  # an entry that is no address is still somebody


def check_recipients(variable: str, without: str) -> Lines:
    """The addresses of a Variable are counted; `without` says what happens when there are none."""
    count = len(transport.recipients(variable))
    found = f"{count} address{'' if count == 1 else 'es'}"
    yield (OK, found) if count else (HINT, f"the Variable is empty: {without}")
