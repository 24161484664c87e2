"""Does the mail server take a connection and the login, and who gets which mail?"""

from __future__ import annotations

import smtplib

from ecommerce.core.errors import CredentialsError, TransientError
from ecommerce.core.findings import HINT, OK, Lines
from ecommerce.mail import transport


def check_server() -> Lines:
    """The server is connected to and signed in at; nothing is sent."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    transport.sender()  # raises when nothing could be sent
    try:
        with SmtpHook(smtp_conn_id=transport.CONNECTION):
            yield OK, "the mail server takes the connection, and the login where there is one"
    except smtplib.SMTPAuthenticationError as error:
        raise CredentialsError(
            f"the mail server refuses the login (code {error.smtp_code}): check login and password"
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise TransientError(
            f"the mail server cannot be reached ({type(error).__name__}): check host, port, disable_ssl and "
            "disable_tls of the connection"
        ) from None


def check_recipients(variable: str, without: str) -> Lines:
    """The addresses of a Variable are counted; `without` says what happens when there are none."""
    count = len(transport.recipients(variable))
    found = f"{count} address{'' if count == 1 else 'es'}"
    yield (OK, found) if count else (HINT, f"the Variable is empty: {without}")
