"""Messages to a chat (Slack, Teams, Mattermost, Discord, …), where the connection `alert_chat` exists.

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
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.text import clean

if TYPE_CHECKING:
    from apprise import Apprise
    from apprise.result import NotifyResult

log = logging.getLogger(__name__)

CONNECTION = names.CONNECTION_CHAT
TIMEOUT = 20.0
"""Seconds to wait for a chat's response."""


def post(title: str, text: str, picture: bytes | None = None) -> bool:
    """Post a message and return whether a service accepted it; never raise. The title is one line; a long
    text is split for services with a limit; `picture`, a PNG, is for services that accept files."""
    try:
        services = configured()
        results = _notify(services, title, text, picture) if services else ()
    except PipelineError as error:
        log.warning("nothing was posted to the chat: %s", error)
        return False
    except Exception as error:  # its own text may show a secret
        log.warning(
            "nothing was posted to the chat: %s",
            reason_of(error, otherwise="its library fails"),
        )
        return False
    for result in results:
        if result:
            log.info("posted to the chat (%s)", result.name)
        else:
            log.warning(
                "the chat (%s) did not accept the message: %s",
                result.name,
                result.status.name,
            )
    return any(results)


def configured() -> Apprise | None:
    """Return the services of the connection `alert_chat`, or None without that connection. Raises
    ConfigurationError: its extra has no valid `config`, or Apprise cannot parse an entry of it."""
    connection = find_connection(CONNECTION)
    if connection is None:
        return None
    from airflow.providers.apprise.hooks.apprise import AppriseHook
    from apprise import Apprise, AppriseAsset

    for library in (
        "apprise",
        "urllib3",
    ):  # their lines show the path, a secret, also after a timeout
        logging.getLogger(library).setLevel(logging.CRITICAL)
    services = Apprise(
        asset=AppriseAsset(app_id="Sales pipeline", app_desc="Sales pipeline")
    )
    try:
        config = AppriseHook(CONNECTION).get_config_from_conn(connection)
        entries = [config] if isinstance(config, dict) else list(config)
        entries[0]  # an empty list is invalid, too
        for place, entry in enumerate(
            entries, start=1
        ):  # the text of an entry is secret
            if not services.add(str(entry["path"]), tag=entry.get("tag")):
                raise ConfigurationError(
                    f"the connection {CONNECTION}: Apprise cannot read the URL of entry {place} of its config"
                )
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ConfigurationError(
            f'the connection {CONNECTION} needs "config" in its extra: {{"path": "<Apprise URL>"}}, or a '
            "list of these"
        ) from None
    return services


def _notify(
    chat: Apprise, title: str, text: str, picture: bytes | None
) -> tuple[NotifyResult, ...]:
    from apprise.attachment import memory
    from apprise.common import NotifyFormat, OverflowMode

    of_bytes: Any = memory.AttachMemory
    for service in chat:
        service.overflow_mode = (
            OverflowMode.SPLIT
        )  # a service would refuse a text that is too long
    # The hook's own `notify` has no timeout, and does not return whether a service accepted the message.
    result: Any = chat.notify(
        body=_harmless(text),
        title=clean(_harmless(title)),
        body_format=NotifyFormat.TEXT,
        attach=of_bytes(picture, name="sales-report.png", mimetype="image/png")
        if picture
        else None,
        timeout=TIMEOUT,
    )
    return tuple(result)


def _harmless(text: str) -> str:
    """Mask addresses, and @ so that no text mentions a whole channel (`@everyone`)."""
    return mask_e_mails(text).replace("@", "\N{FULLWIDTH COMMERCIAL AT}")
