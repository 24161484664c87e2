"""Does the mail server take a connection and the login, and who gets which mail?"""

from __future__ import annotations

from ecommerce.core import names
from ecommerce.core.errors import PipelineError
from ecommerce.core.findings import HINT, OK, Lines
from ecommerce.mail import transport


def check_server() -> Lines:
    """The server is connected to and signed in at; nothing is sent."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    transport.sender()  # raises when nothing could be sent
    with transport.smtp_errors(), SmtpHook(smtp_conn_id=transport.CONNECTION):
        yield OK, "the mail server takes the connection, and the login where there is one"


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
