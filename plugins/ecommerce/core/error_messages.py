"""Why a network or a disk failed, in words; no message shows an exception's class name.

A library's own text may repeat a URL, a login or an address, so only texts of the operating system and of
OpenSSL are quoted, which hold none of these.
"""

import errno
import http.client
import smtplib
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

UNRESOLVED = "the name {host} cannot be resolved (DNS): is the host right?"
REFUSED = "nothing answers at {place}: does the server run, are host and port right?"
SILENT = "{place} timed out: is it overloaded, or is a firewall in between?"
CLOSED = "{place} closed the connection before it had answered"
NO_WAY = (
    "there is no way to {place} ({detail}): is the host right, is there a firewall?"
)
NOT_TRUSTED = "the TLS certificate of {place} is not trusted ({detail})"
NO_TLS = "{place} does not speak TLS"
TLS_FAILED = "the TLS connection to {place} failed ({detail})"
UNKNOWN = "the connection to {place} failed"

_NO_WAY = (
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
)
_WITHOUT_TLS = (
    "WRONG_VERSION_NUMBER",
    "UNKNOWN_PROTOCOL",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
)
_KINDS: dict[type[BaseException], str] = {
    socket.gaierror: UNRESOLVED,
    ConnectionRefusedError: REFUSED,
    TimeoutError: SILENT,
    **dict.fromkeys((ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError), CLOSED),
    **dict.fromkeys(
        (smtplib.SMTPServerDisconnected, http.client.IncompleteRead), CLOSED
    ),
}


def reason_of(error: BaseException, place: str = "", otherwise: str = UNKNOWN) -> str:
    """Return why `error`, or one of its causes, was raised by a library: a clause for the end of a message,
    without secrets; `otherwise` for any other error. `place` is host and port of the server, such as
    `shop.example:443`; by default those of the error."""
    chain = list(_chain(error))
    place = place or next(filter(None, map(_requested_place, chain)), "the server")
    clause, detail = next(filter(None, map(_clause, chain)), (otherwise, ""))
    return clause.format(
        place=place, host=place.rpartition(":")[0] or place, detail=detail
    )


def place_of(host: str | None, port: int | str | None) -> str:
    """Return host and port for a message."""
    return f"{host or 'localhost'}:{port}" if port else host or "localhost"


def _clause(error: BaseException) -> tuple[str, str] | None:
    """Return the clause for one exception and its `{detail}`; None where only its causes have one."""
    clause: tuple[str, str] | None = None
    match error:
        case ssl.SSLCertVerificationError():
            clause = NOT_TRUSTED, error.verify_message.rstrip(".")
        case ssl.SSLError(reason=str(reason)) if reason in _WITHOUT_TLS:
            clause = NO_TLS, ""
        case _ if known := next(
            (text for kind, text in _KINDS.items() if isinstance(error, kind)), ""
        ):
            clause = known, ""
        case ssl.SSLError(reason=str(reason)):
            clause = TLS_FAILED, reason.replace("_", " ").lower()
        case OSError(errno=int(number)) if number in _NO_WAY:
            clause = NO_WAY, error.strerror or ""
        case OSError(strerror=str(text)) if text:
            clause = "{detail}", text
        case PermissionError():  # of a store that is no file system, without the operating system's words
            clause = "permission denied", ""
        case FileNotFoundError():
            clause = "it does not exist", ""
    return clause


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and its causes, which libraries keep in different attributes."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (
            *each.args,
            *(getattr(each, name, None) for name in ("reason", "cause")),
        )
        during = None if each.__suppress_context__ else each.__context__
        waiting += [
            one
            for one in (*inner, each.__cause__, during)
            if isinstance(one, BaseException)
        ]


def _requested_place(error: BaseException) -> str:
    """Return host and port of the request of an error of `requests`."""
    url = getattr(getattr(error, "request", None), "url", None)
    try:
        parts = urlsplit(url or "")
        return (
            place_of(parts.hostname, parts.port or {"https": 443}.get(parts.scheme, 80))
            if url
            else ""
        )
    except ValueError:
        return ""
