"""Sends messages to the addresses and chats of subscriptions, each once: claim, send, mark.

All messages about a day or period are claimed in one transaction, and those that were sent are marked in
another one, also when a later one fails. As with the daily report, delivery is at least once: an attempt
after one that was killed between sending and marking sends the messages again, under the same Message-IDs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from ecommerce.core.errors import TransientError
from ecommerce.mail import chat, transport
from ecommerce.sales import delivery_log
from ecommerce.sales.delivery_log import Mail
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscriptions import Subscription
from ecommerce.storage.staging import DagRun

Composed = tuple[EmailMessage, str, bytes | None]
"""A mail without addresses and Message-ID, and the text and picture for chats, as `send` takes them."""


@dataclass(frozen=True, kw_only=True)
class Outgoing(Mail):
    """A message to the subscription `to`. Without `compose`, nothing is sent."""

    to: Subscription
    compose: Callable[[], Composed] | None


def send_once(
    last_day: date,
    messages: Sequence[Outgoing],
    run: DagRun,
    failures: Failures,
    *,
    only_first: bool = False,
) -> dict[str, str]:
    """Claim, send and mark messages about a day or a period that ends with it; return the hashes of those
    that are marked by subscription. Those that fail are kept in `failures`, and stop no other. `only_first`:
    see `claim_all`.

    Raises:
        PipelineError: the warehouse is unavailable.
    """
    if not messages:
        return {}
    claims = delivery_log.claim_all(
        last_day,
        messages,
        run,
        only_first=only_first,
    )
    for name, sender in claims.busy.items():
        failures.errors[name] = TransientError(f"the run {sender} is sending it")
    sent = {}
    try:
        for message in messages:
            name = message.subscription
            message_id = claims.message_ids.get(name)
            if message_id is None:
                continue
            with failures.collected(name):
                if message.compose:
                    send(message.to, message_id, *message.compose())
                if message.is_final:
                    sent[name] = message.figures_hash
    finally:
        if sent:
            delivery_log.mark_all_sent(last_day, sent)
    return sent


def message_id(subscription: Subscription, name: str) -> str:
    """Return the Message-ID for `name`; of messages to chats, which need no mail server, one without its
    domain."""
    if subscription.addresses:
        return transport.message_id(name)
    return f"<{name}@chat>"


def send(
    subscription: Subscription,
    message_id: str,
    message: EmailMessage,
    words: str,
    picture: bytes | None,
) -> None:
    """Mail `message` to the addresses of a subscription, then post its subject with `words` and `picture`, a
    PNG, to its chats. A chat that is down only causes a warning in the log, unless there is no address.

    Raises:
        PipelineError: the mail cannot be sent, see `transport.send`, or no chat accepts the message.
    """
    message["Message-ID"] = message_id
    if subscription.addresses:
        transport.send(message, subscription.addresses, subscription.name)
    subject = message["Subject"]
    accepted = [
        chat.post(
            subject,
            words,
            picture,
            connection_id,
        )
        for connection_id in subscription.chats
    ]
    if not subscription.addresses and not any(accepted):
        raise TransientError("no chat accepted the message: see the log")
