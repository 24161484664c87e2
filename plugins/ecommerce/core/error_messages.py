"""Why a network or a disk failed, in words, and the text of any error, masked for mails and logs.

The words for a failed network or disk show no exception's class name. A library's own text may repeat a URL,
a login or an address, so only texts of the operating system and of OpenSSL are quoted, which hold none of
these.
"""

import http.client
import smtplib
import socket
import ssl
from urllib.parse import urlsplit

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import PipelineError
from ecommerce.core.text import LONGEST, clean

Cause = BaseException | str | None
"""Why a task failed, as Airflow states it."""
CLOSED = "{place} closed the connection before it had answered"
UNKNOWN = "the connection to {place} failed"
_LONGEST_SENTENCE = 1000
"""Characters in a mail of an error of the pipeline, which ends with the remedy."""

_REASONS: dict[type[BaseException], str] = {
    socket.gaierror: "the name {host} cannot be resolved (DNS): is the host right?",
    ConnectionRefusedError: "nothing answers at {place}: does the server run, are host and port right?",
    TimeoutError: "{place} timed out: is it overloaded, or is a firewall in between?",
    ConnectionError: CLOSED,
    ssl.SSLEOFError: CLOSED,
    smtplib.SMTPServerDisconnected: CLOSED,
    http.client.IncompleteRead: CLOSED,
    PermissionError: "permission denied",
    FileNotFoundError: "it does not exist",
}
"""The first that fits applies."""


def reason_of(error: BaseException, place: str = "", otherwise: str = UNKNOWN) -> str:
    """Return why `error`, or one of its causes, was raised by a library: a clause for the end of a message,
    without secrets; `otherwise` for any other error. `place` is host and port of the server, such as
    `shop.example:443`; by default those of the request that failed."""
    clause = ""
    cause: BaseException | None = error
    while cause is not None:
        clause = clause or _clause(cause)
        place = place or _requested_place(cause)
        cause = cause.__cause__ or cause.__context__
    place = place or "the server"
    host = place.partition(":")[0]
    return (clause or otherwise).replace("{place}", place).replace("{host}", host)


def _clause(error: BaseException) -> str:
    """Return the clause for one exception; empty where only its causes have one."""
    for kind, clause in _REASONS.items():
        if isinstance(error, kind):
            return clause
    if isinstance(error, ssl.SSLError) and error.reason:
        problem = error.reason.replace("_", " ").lower()
        return (
            f"the TLS connection to {{place}} failed ({problem}): does it speak TLS with a "
            "valid certificate?"
        )
    # `strerror` of an error of a mail server is its answer, as bytes.
    if isinstance(error, OSError) and isinstance(error.strerror, str):
        return error.strerror
    return ""


def _requested_place(error: BaseException) -> str:
    """Return host and port of the request of an error of `requests`, without a login."""
    url = getattr(getattr(error, "request", None), "url", None)
    return urlsplit(url or "").netloc.rpartition("@")[2]


def failure_reason(error: Cause) -> str:
    """Return the first line of `error`, shortened for a mail. Secrets and addresses are masked."""
    line = masked_text(error).partition("\n")[0]
    longest = _LONGEST_SENTENCE if isinstance(error, PipelineError) else LONGEST
    return clean(line, longest)


def masked_text(error: Cause) -> str:
    """Return the text of an error. It is masked before it is shortened: half an address no longer looks like
    one, and still identifies a person."""
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.log import redact

    if error is None:
        return "the worker stopped without an error (killed, out of memory, or lost): see the log"
    if isinstance(error, AirflowTaskTimeout):
        return "the task exceeded its execution timeout (TASK_TIMEOUT_SECONDS) and was stopped"
    text = str(error).strip()
    if isinstance(error, BaseException) and not isinstance(error, PipelineError):
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return mask_e_mails(str(redact(text)))
