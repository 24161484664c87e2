"""Telling people of what needs them: a mail to `alert_recipients`, then the same words in the chat."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from email.message import EmailMessage

from ecommerce.core import names
from ecommerce.mail import chat, transport


def tell(message: EmailMessage, name: str, to: Sequence[str] | None = None, *, answers: str = "") -> str:
    """Send `message`, made by `transport.compose`; returns why nobody was told, or nothing.

    Who tries again after an error posts once all the same: the chat's turn comes after the mail.

    Args:
        message: without addresses and Message-ID.
        name: of its Message-ID: the same name always gives the same one.
        to: addresses; those of the Variable `alert_recipients` where they are not given.
        answers: the name of the mail that this one belongs to, if any.

    Raises:
        PipelineError: the mail cannot be sent, see `transport.send`.
    """
    to = transport.recipients(names.VARIABLE_ALERT_RECIPIENTS) if to is None else to
    if to:
        message["Message-ID"] = transport.message_id(name)
        if answers:
            message["In-Reply-To"] = message["References"] = transport.message_id(answers)
        transport.send(message, to)
    posted = post(message)
    return "" if to or posted else f"the Variable {names.VARIABLE_ALERT_RECIPIENTS} is empty: nobody is told"


def new_name(kind: str) -> str:
    """The name of a mail that is sent once, whatever it says: never the same twice."""
    return f"{kind}.{uuid.uuid4().hex}"


def post(message: EmailMessage) -> bool:
    """Post what a mail says in words to the chat; whether anybody took it. Nothing is raised."""
    body = message.get_body(("plain",))
    return chat.post(str(message["Subject"]), body.get_content().strip() if body else "")
