"""Alerts: a mail to `alert_recipients`, and its text in the chat."""

import uuid
from email.message import EmailMessage

from ecommerce.core import names
from ecommerce.mail import chat, transport


def send_alert(message: EmailMessage, name: str) -> str:
    """Mail `message`, then post it to the chat, and return the reason if neither was done.

    Args:
        message: made by `transport.compose`.
        name: determines the Message-ID.

    Raises:
        PipelineError: the mail cannot be sent, see `transport.send`. Nothing has been posted then.
    """
    if to := transport.recipients(names.VARIABLE_ALERT_RECIPIENTS):
        message["Message-ID"] = transport.message_id(name)
        transport.send(message, to)
    posted = post(message)
    return "" if to or posted else f"the Variable {names.VARIABLE_ALERT_RECIPIENTS} is empty"


def unique_name(kind: str) -> str:
    """Return a new name for a mail of this kind."""
    return f"{kind}.{uuid.uuid4().hex}"


def post(message: EmailMessage) -> bool:
    """Post the text of a mail to the chat and return whether a service accepted it; never raise."""
    body = message.get_body(("plain",))
    return chat.post(str(message["Subject"]), body.get_content().strip() if body else "")
