"""Messages to a chat (Slack, Teams, Mattermost, Discord, …), where its connection exists: `alert_chat`, or
that of a subscription.

Mail goes first. A chat that is down, slow or refuses a message only causes a warning in the log. The URLs of
its services contain secrets, which Apprise and urllib3 log, so their own logs are suppressed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ecommerce.core import names
from ecommerce.core.connections import find_connection
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.text import clean

if TYPE_CHECKING:
    from apprise import Apprise

log = logging.getLogger(__name__)

CONNECTION = names.CONNECTION_CHAT
TIMEOUT = 20.0
"""Seconds to wait for a chat's response."""


def post(
    title: str,
    text: str,
    picture: bytes | None = None,
    connection_id: str = CONNECTION,
) -> bool:
    """Post a message and return whether a service accepted it; an invalid connection, or a service that
    fails, only causes a warning. The title is one line; `picture`, a PNG, is for services that accept
    files."""
    try:
        services = configured(connection_id)
    except ConfigurationError as error:
        log.warning("nothing was posted to the chat: %s", error)
        return False
    if services is None:
        return False
    from apprise.attachment import memory
    from apprise.common import NotifyFormat, OverflowMode

    for service in services:
        # A service would refuse a text that is too long.
        service.overflow_mode = OverflowMode.SPLIT
    attachment: Any = None
    if picture:
        of_bytes: Any = memory.AttachMemory
        attachment = of_bytes(picture, name="sales-report.png", mimetype="image/png")
    body = _harmless(text)
    title = clean(_harmless(title))
    # The hook's own `notify` has no timeout, and does not return whether a service accepted the message.
    try:
        results: Any = services.notify(
            body=body,
            title=title,
            body_format=NotifyFormat.TEXT,
            attach=attachment,
            timeout=TIMEOUT,
        )
    except Exception as error:
        # Apprise raises errors of any type; their own text may show a secret.
        reason = reason_of(error, otherwise="its library fails")
        log.warning("nothing was posted to the chat: %s", reason)
        return False
    for result in results:
        if not result:
            problem = result.status.name
            log.warning(
                "the chat (%s) did not accept the message: %s", result.name, problem
            )
    return any(results)


def configured(connection_id: str = CONNECTION) -> Apprise | None:
    """Return the services of a chat's connection, or None without that connection. Raises
    ConfigurationError: its extra has no valid `config`, or Apprise cannot parse an entry of it."""
    connection = find_connection(connection_id)
    if connection is None:
        return None
    from airflow.providers.apprise.hooks.apprise import AppriseHook
    from apprise import Apprise, AppriseAsset

    # Their lines show the path, a secret, also after a timeout.
    for library in ("apprise", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    services = Apprise(asset=AppriseAsset(app_id="Sales pipeline"))
    try:
        entries = AppriseHook().get_config_from_conn(connection)
        if isinstance(entries, dict):
            entries = [entries]
        is_valid = all(services.add(entry["path"]) for entry in entries)
    except (LookupError, TypeError, ValueError):
        is_valid = False
    # The text of an entry is secret.
    if not (is_valid and len(services)):
        raise ConfigurationError(
            f'the connection {connection_id} needs a valid "config" in its extra: '
            '{"path": "<Apprise URL>"}, or a list of these'
        )
    return services


def _harmless(text: str) -> str:
    """Mask addresses, and @ so that no text mentions a whole channel (`@everyone`)."""
    return mask_e_mails(text).replace("@", "\N{FULLWIDTH COMMERCIAL AT}")
