"""Messages to a chat (Slack, Teams, Mattermost, Discord, …), where the connection `alert_chat` exists.

Mail goes first. A chat that is down, slow or refuses a message only causes a warning in the log. The URLs of
its services contain secrets, which Apprise and urllib3 log, so their own logs are suppressed.
"""

from __future__ import annotations

import logging
import re
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
_CODE = re.compile(r"error=(\d{3})\b")


def post(title: str, text: str, picture: bytes | None = None) -> bool:
    """Post a message and return whether a service accepted it; never raise. The title is one line; a long
    text is split for services with a limit; `picture`, a PNG, is for services that accept files."""
    try:
        if not (chat := configured()):
            return False
        services, problem = chat
        if problem:
            log.warning("%s", problem)
        accepted = [_log_result(result) for result in _notify(services, title, text, picture)]
        return any(accepted)
    except PipelineError as error:
        log.warning("nothing was posted to the chat: %s", error)
    except Exception as error:  # its own text may show a secret
        log.warning("nothing was posted to the chat: %s", reason_of(error, otherwise="its library fails"))
    return False


def configured() -> tuple[Apprise, str] | None:
    """Return the services of the connection `alert_chat`, and a sentence about the entries that Apprise
    cannot parse, if any; None without that connection. Raises ConfigurationError: its extra has no valid
    `config`."""
    if (connection := find_connection(CONNECTION)) is None:
        return None
    from airflow.providers.apprise.hooks.apprise import AppriseHook
    from apprise import Apprise, AppriseAsset

    _suppress_logs()
    services = Apprise(asset=AppriseAsset(app_id="Sales pipeline", app_desc="Sales pipeline"))
    try:
        config = AppriseHook(CONNECTION).get_config_from_conn(connection)
        entries = [config] if isinstance(config, dict) else list(config)
        entries[0]  # an empty list is invalid, too
        added = [services.add(str(entry["path"]), tag=entry.get("tag")) for entry in entries]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ConfigurationError(
            f'the connection {CONNECTION} needs "config" in its extra: {{"path": "<Apprise URL>"}}, or a '
            "list of these"
        ) from None
    if all(added):
        return services, ""
    # By number: the text of an entry is secret.
    places = " and ".join(str(place) for place, is_added in enumerate(added, start=1) if not is_added)
    sentence = f"the connection {CONNECTION}: Apprise cannot read the URL of entry {places} of its config"
    return services, sentence


def _notify(chat: Apprise, title: str, text: str, picture: bytes | None) -> tuple[NotifyResult, ...]:
    from apprise.attachment import memory
    from apprise.common import NotifyFormat, OverflowMode

    of_bytes: Any = memory.AttachMemory
    for service in chat:
        service.overflow_mode = OverflowMode.SPLIT  # a service would refuse a text that is too long
    # The hook's own `notify` has no timeout, and does not return whether a service accepted the message.
    result: Any = chat.notify(
        body=_harmless(text),
        title=clean(_harmless(title)),
        body_format=NotifyFormat.TEXT,
        attach=of_bytes(picture, name="sales-report.png", mimetype="image/png") if picture else None,
        timeout=TIMEOUT,
    )
    return tuple(result)


def _log_result(result: NotifyResult) -> bool:
    """Log the result by the service's name, and return whether the service accepted the message."""
    if result:
        log.info("posted to the chat (%s)", result.name)
        return True
    reason = "it is unavailable, or refused the message"
    if result.status.name == "TIMEOUT":
        reason = f"no response within {TIMEOUT:g} seconds"
    elif code := _CODE.search(" ".join(map(str, result.logs()))):
        reason = f"it answered {code[1]}"
    log.warning("the chat (%s) did not accept the message: %s", result.name, reason)
    return False


def _harmless(text: str) -> str:
    """Mask addresses, and @ so that no text mentions a whole channel (`@everyone`)."""
    return mask_e_mails(text).replace("@", "\N{FULLWIDTH COMMERCIAL AT}")


def _suppress_logs() -> None:
    """Suppress logs for good, because a request may go on after its timeout."""
    apprise_log = logging.getLogger("apprise")
    apprise_log.propagate = False
    apprise_log.addFilter(_only_the_code)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its debug lines show the path, a secret


def _only_the_code(record: logging.LogRecord) -> bool:
    """Reduce a line of Apprise's log to the status code of the response."""
    code = _CODE.search(record.getMessage())
    record.msg, record.args, record.exc_info = code[0] if code else "", (), None
    return True
