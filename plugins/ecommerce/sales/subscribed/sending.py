"""Sends messages to the addresses and chats of subscriptions, each once: claim, send, mark.

All messages about a day or period are claimed in one transaction, and those that were sent are marked in
another one, also when a later one fails. As with the daily report, delivery is at least once: an attempt
after one that was killed between sending and marking sends the messages again, under the same Message-IDs.
"""

from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage
from typing import Protocol

from ecommerce.core.errors import TransientError
from ecommerce.mail import chat, transport
from ecommerce.sales import delivery_log
from ecommerce.sales.delivery_log import Mail
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscriptions import Subscription
from ecommerce.storage.staging import DagRun


class Outgoing(Protocol):
    """A message to one subscription."""

    @property
    def mail(self) -> Mail:
        """What is claimed."""

    def send(self, message_id: str) -> bool:
        """Send it, and return whether it is marked as sent."""


def send_once(
    last_day: date,
    messages: Sequence[Outgoing],
    run: DagRun,
    failures: Failures,
    *,
    only_first: bool = False,
) -> set[str]:
    """Claim, send and mark messages about a day or a period that ends with it; return the names of the
    subscriptions whose messages are marked. Those that fail are kept in `failures`, and stop no other.
    `only_first`: see `claim_all`.

    Raises:
        PipelineError: the warehouse is unavailable.
    """
    mails = [message.mail for message in messages]
    claims = delivery_log.claim_all(last_day, mails, run, only_first=only_first)
    for name, sender in claims.busy.items():
        failures.errors[name] = TransientError(f"the run {sender} is sending it")
    sent = {}
    try:
        for message in messages:
            mail = message.mail
            message_id = claims.message_ids.get(mail.subscription)
            if message_id is None:
                continue
            with failures.collected(mail.subscription):
                if message.send(message_id):
                    sent[mail.subscription] = mail.figures_hash
    finally:
        if sent:
            delivery_log.mark_all_sent(last_day, sent)
    return set(sent)


def message_id(subscription: Subscription, name: str) -> str:
    """Return the Message-ID for `name`; of messages to chats, which need no mail server, one without its
    domain."""
    if subscription.addresses:
        return transport.message_id(name)
    return f"<{name}@chat>"


def send(
    subscription: Subscription,
    message: EmailMessage,
    words: str,
    picture: bytes | None = None,
) -> None:
    """Mail `message` to the addresses of a subscription, then post its subject with `words` and `picture`, a
    PNG, to its chats. A chat that is down only causes a warning in the log, unless there is no address.

    Raises:
        PipelineError: the mail cannot be sent, see `transport.send`, or no chat accepts the message.
    """
    if subscription.addresses:
        transport.send(message, subscription.addresses)
    accepted = []
    for connection_id in subscription.chats:
        is_posted = chat.post(message["Subject"], words, picture, connection_id)
        accepted.append(is_posted)
    if not subscription.addresses and not any(accepted):
        raise TransientError("no chat accepted the message: see the log")
