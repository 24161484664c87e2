"""Why a network or a disk failed, in plain words: no message of ours shows an exception's class name.

A library's own text may repeat a URL, a login or an address. So nothing of it is quoted but what the
operating system and OpenSSL say, which hold none of these.
"""

from __future__ import annotations

import errno
import http.client
import smtplib
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

UNRESOLVED = "the name {host} cannot be resolved (DNS): is the host right?"
REFUSED = "nothing answers at {place}: does the server run, are host and port right?"
SILENT = "{place} does not answer in time: is it overloaded, or is a firewall in between?"
CLOSED = "{place} closed the connection before it had answered"
NO_WAY = "there is no way to {place} ({detail}): is the host right, is there a firewall?"
NOT_TRUSTED = "the TLS certificate of {place} is not trusted ({detail})"
NO_TLS = "{place} does not speak TLS"
UNKNOWN = "the connection to {place} failed"
TLS_FAILED = "no TLS connection to {place} came about ({detail})"

_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL)
_WITHOUT_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, UNRESOLVED),
    (ConnectionRefusedError, REFUSED),
    (TimeoutError, SILENT),  # only Python's own: the libraries' classes of that name stand around it
    (ssl.SSLEOFError, CLOSED),
    (ssl.SSLZeroReturnError, CLOSED),
    (ConnectionError, CLOSED),
    (smtplib.SMTPServerDisconnected, CLOSED),
    (http.client.IncompleteRead, CLOSED),
)


def reason_of(error: BaseException, place: str = "", otherwise: str = UNKNOWN) -> str:
    """Why `error` came about: a clause for the end of a message, without secrets and class names.

    Args:
        error: as raised by a library; what it was raised from is looked at too.
        place: host and port that were asked, such as `shop.example:443`; empty: what the error itself knows.
        otherwise: what to say of an error that is of no known kind.
    """
    chain = list(_chain(error))
    place = place or next(filter(None, map(_asked, chain)), "the server")
    said = next(filter(None, map(_words, chain)), (otherwise, ""))
    return said[0].format(place=place, host=place.rpartition(":")[0] or place, detail=said[1])


def place_of(host: str | None, port: int | str | None) -> str:
    """Host and port as messages name them."""
    return f"{host or 'localhost'}:{port}" if port else host or "localhost"


def _words(error: BaseException) -> tuple[str, str] | None:
    """The sentence for one exception, and what fills its `{detail}`; None where it says nothing by itself."""
    found: tuple[str, str] | None = None
    match error:
        case ssl.SSLCertVerificationError():
            found = NOT_TRUSTED, error.verify_message.rstrip(".")
        case ssl.SSLError(reason=str(reason)) if reason in _WITHOUT_TLS:
            found = NO_TLS, ""
        case _ if words := next((words for kind, words in _KINDS if isinstance(error, kind)), ""):
            found = words, ""
        case ssl.SSLError(reason=str(reason)):
            found = TLS_FAILED, reason.replace("_", " ").lower()
        case OSError(errno=int(number)) if number in _NO_WAY:
            found = NO_WAY, error.strerror or ""
        case OSError(strerror=str(text)) if text:
            found = "{detail}", text
        case PermissionError():  # of a store that is no file system, without the operating system's words
            found = "permission denied", ""
        case FileNotFoundError():
            found = "it does not exist", ""
    return found


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it stands for, from the outside in; libraries keep that in different places."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (*each.args, *(getattr(each, name, None) for name in ("reason", "cause")))
        during = None if each.__suppress_context__ else each.__context__
        waiting += [one for one in (*inner, each.__cause__, during) if isinstance(one, BaseException)]


def _asked(error: BaseException) -> str:
    """Host and port of the request that an error of `requests` belongs to."""
    url = getattr(getattr(error, "request", None), "url", None)
    try:
        parts = urlsplit(url or "")
        return place_of(parts.hostname, parts.port or {"https": 443}.get(parts.scheme, 80)) if url else ""
    except ValueError:
        return ""
