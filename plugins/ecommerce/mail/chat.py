"""The same words in a chat (Slack, Teams, Mattermost, Discord, …), where the connection `alert_chat` exists.

Mail comes first, and a chat that is down, slow or refuses is a warning in the log and nothing else. The URLs
of its services hold secrets, and Apprise and urllib3 quote them: of neither's own log is anything passed on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ecommerce.core import names
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.text import clean, mask_e_mails

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from apprise import Apprise
    from apprise.result import NotifyResult

log = logging.getLogger(__name__)

CONNECTION = names.CONNECTION_CHAT
PATIENCE = 20.0
"""Seconds after which a chat that has not answered is left alone."""
SENDER = "Sales pipeline"

_CODE = re.compile(r"error=(\d{3})\b")
_MENTION = str.maketrans("@", "\N{FULLWIDTH COMMERCIAL AT}")


class Chat(NamedTuple):
    """The services of the connection, and which of its entries (from 1) are none that Apprise can read."""

    services: Apprise
    wrong: list[int]


def post(title: str, text: str, picture: bytes | None = None) -> bool:
    """Post a message; whether a service took it. Nothing is raised; without the connection nothing is done.

    Args:
        title: one line.
        text: plain text, of any length: it is split where a service takes less.
        picture: a PNG; services that take no files get the message without it.
    """
    try:
        if not (chat := configured()):
            return False
        if chat.wrong:
            log.warning("%s", not_readable(chat))
        taken = [_told(result) for result in _notify(chat.services, title, text, picture)]
        return any(taken)
    except PipelineError as error:
        log.warning("nothing was posted to the chat: %s", error)
    except Exception as error:  # whose own text might show a secret
        log.warning("nothing was posted to the chat: %s", reason_of(error, otherwise="its library fails"))
    return False


def configured() -> Chat | None:
    """The chat of the connection `alert_chat`; None where there is no such connection.

    Raises:
        ConfigurationError: its extra has no `config` of the kind that the provider's hook takes.
    """
    if not (connection := _connection()):
        return None
    from airflow.providers.apprise.hooks.apprise import AppriseHook
    from apprise import Apprise, AppriseAsset

    _keep_quiet()
    services = Apprise(asset=AppriseAsset(app_id=SENDER, app_desc=SENDER))
    try:
        config = AppriseHook(CONNECTION).get_config_from_conn(connection)
        entries = [config] if isinstance(config, dict) else list(config)
        entries[0]  # an empty list is none of these either
        wrong = [
            place
            for place, entry in enumerate(entries, start=1)
            if not services.add(str(entry["path"]), tag=entry.get("tag"))
        ]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ConfigurationError(
            f'the connection {CONNECTION} needs "config" in its extra: {{"path": "<Apprise URL>"}}, or a '
            "list of such"
        ) from None
    return Chat(services, wrong)


def not_readable(chat: Chat) -> str:
    """What is wrong with entries of the connection, which are named by their place, never by their text."""
    places = " and ".join(map(str, chat.wrong))
    return f"the connection {CONNECTION}: Apprise cannot read the URL of entry {places} of its config"


def _connection() -> Connection | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(CONNECTION)
    except AirflowNotFoundException:
        return None


def _notify(chat: Apprise, title: str, text: str, picture: bytes | None) -> Iterable[NotifyResult]:
    from apprise.attachment import memory
    from apprise.common import NotifyFormat, OverflowMode

    of_bytes: Any = memory.AttachMemory
    for service in chat:
        service.overflow_mode = OverflowMode.SPLIT  # a longer text than it takes would be refused
    # The hook's own `notify` has no time limit, and does not say whether anybody took the message.
    result: Any = chat.notify(
        body=_harmless(text),
        title=clean(_harmless(title)),
        body_format=NotifyFormat.TEXT,
        attach=of_bytes(picture, name="sales-report.png", mimetype="image/png") if picture else None,
        timeout=PATIENCE,
    )
    return tuple(result)


def _told(result: NotifyResult) -> bool:
    """Whether this service took the message, which is logged by the service's name."""
    if result:
        log.info("posted to the chat (%s)", result.name)
        return True
    said = " ".join(str(entry) for entry in result.logs())
    if result.status.name == "TIMEOUT":
        reason = f"it has not answered within {PATIENCE:g} seconds"
    elif code := _CODE.search(said):
        reason = f"it answered {code[1]}"
    else:
        reason = "it cannot be reached, or refuses it"
    log.warning("the chat (%s) did not take the message: %s", result.name, reason)
    return False


def _harmless(text: str) -> str:
    """No name in the data calls a whole channel (`@everyone`), and no address is shown."""
    return mask_e_mails(text).translate(_MENTION)


def _keep_quiet() -> None:
    """For good, because what has not ended in time goes on beside the task."""
    of_apprise = logging.getLogger("apprise")
    of_apprise.propagate = False
    of_apprise.addFilter(_only_the_code)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # debug and retries name the path, a secret


def _only_the_code(record: logging.LogRecord) -> bool:
    """Of a line of Apprise's log, or of those kept with a result, leave the code that a server answered."""
    code = _CODE.search(record.getMessage())
    record.msg, record.args, record.exc_info = code[0] if code else "", (), None
    return True
