"""HTTP client of the web events: one time slice at a time, streamed to a file.

The connection `web_events_api` (type http): host = the URL without `/events`, as in
`https://events.example.com` or `https://shop.example.com/api`; a password, where there is one, is sent as a
bearer token, in the header `Authorization` and nowhere else. Extra may hold `timeout` (seconds) and what else
the http provider knows.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecommerce.core import errors
from ecommerce.core.error_messages import place_of, reason_of
from ecommerce.core.names import CONNECTION_WEB_EVENTS
from ecommerce.sources.http import (
    QUOTED_CHARACTERS,
    connection_with_host,
    is_unencrypted,
    network_errors,
    quoted,
    raise_for_status,
    request,
)
from ecommerce.sources.web_events.slices import Slice, instant

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

CONNECTION = CONNECTION_WEB_EVENTS
PATH = "/events"
ATTEMPTS = 6
FIRST_PAUSE = 1.0
"""Seconds; each further pause is twice as long."""
LONGEST_PAUSE = 120.0
"""A server that asks for more seconds is left to the task's own retry, which waits as long as asked."""
MOST_LOST = 300.0
"""Seconds that failed attempts and the pauses after them may take in a whole read: a slice whose attempts all
break off costs half a minute, and a read may have a hundred slices. Pauses that the server asks for do not
count."""
TIMEOUT = (10.0, 120.0)
CHUNK = 1 << 20
"""Bytes that are held in memory at once, packed and unpacked."""
ACCEPTED = "application/x-ndjson, application/json;q=0.9, */*;q=0.1"

log = logging.getLogger(__name__)


class HalfALineError(errors.TransientError):
    """An answer of unknown length that ends in the middle of a line."""


class UnreliableServerError(errors.TransientError):
    """The failed attempts of this read have taken `MOST_LOST` seconds."""


class EventsClient:
    """Reads slices, with retries. For one thread at a time, except `stop`. `requests` counts requests,
    `bytes_read` the bytes of successful answers as received."""

    def __init__(
        self,
        session: Session,
        root: str,
        token: str | None = None,
        timeout: float | tuple[float, float] = TIMEOUT,
    ) -> None:
        session.auth = _bearer(token)
        session.headers.update({"Accept": ACCEPTED, "Accept-Encoding": "gzip"})
        self._session, self._root, self._timeout = session, root, timeout
        self._stopped = threading.Event()
        self._pause: Callable[[float], object] = self._stopped.wait
        self._clock: Callable[[], float] = time.monotonic
        self.requests = self.bytes_read = self._received_bytes = 0
        self._failed, self._lost = 0, 0.0
        self.warnings: list[str] = []

    @classmethod
    def connect(cls) -> EventsClient:
        """A client for the connection `web_events_api`.

        Raises:
            ConfigurationError: the connection is missing, or has no host.
        """
        from airflow.providers.http.hooks.http import HttpHook

        token = (connection_with_host(CONNECTION, f"URL, without {PATH}").password or "").strip()
        hook = HttpHook("GET", CONNECTION)
        session = hook.get_conn()
        root = hook.base_url.rstrip("/").removesuffix(PATH)
        return cls(session, root, token or None, hook.merged_extra.get("timeout") or TIMEOUT)

    @property
    def is_unencrypted(self) -> bool:
        """Whether requests travel the internet without encryption."""
        return is_unencrypted(self._root)

    def stop(self) -> None:
        """Let what is under way in another thread end soon, with an error."""
        self._stopped.set()

    def download(self, part: Slice, file: Path, most: int | None = None) -> str:
        """Write the lines of one slice into `file`, unpacked; its answer's media type. What ends in the
        middle of a line in every attempt, and has no length, is accepted with a warning.
        `most`: stop after about that many bytes, which may be in the middle of a line.

        Raises:
            ConfigurationError: the server redirects to another host.
            CredentialsError: 401, 403.
            RateLimitedError, TransientError: several attempts were refused, failed, timed out or broke off.
            UnreliableServerError: failed attempts have taken `MOST_LOST` seconds since `connect`.
            ContractError: any other answer.
        """
        what = f"{CONNECTION}: GET {PATH} of {part}"
        sizes: list[int] = []
        for attempt in range(1, ATTEMPTS + 1):
            began = self._clock()
            try:
                media_type = self._attempt(part, file, most, what)
                self.bytes_read += self._received_bytes
                return media_type
            except errors.TransientError as error:
                if isinstance(error, HalfALineError):
                    sizes.append(file.stat().st_size)
                if len(sizes) == ATTEMPTS and len(set(sizes)) == 1:
                    self.warnings.append(f"{what} ends in the middle of a line, every time it is asked")
                    self.bytes_read += self._received_bytes
                    return ""
                asked = getattr(error, "retry_after", None)
                wait = FIRST_PAUSE * 2 ** (attempt - 1) if asked is None else asked
                if attempt == ATTEMPTS or wait > LONGEST_PAUSE or self._stopped.is_set():
                    raise
                self._failed += 1
                self._lost += self._clock() - began + (wait if asked is None else 0)
                if self._lost > MOST_LOST:
                    raise UnreliableServerError(
                        f"{error}; {self._failed} requests of this read have failed, which took "
                        f"more than {MOST_LOST:.0f} seconds"
                    ) from None
                log.info("%s; attempt %d of %d, again in %.1f s", error, attempt, ATTEMPTS, wait)
                self._pause(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempt(self, part: Slice, file: Path, most: int | None, what: str) -> str:
        query = {"start": instant(part.start), "end": instant(part.end)}
        self.requests += 1
        with network_errors(what), self._stream_errors(what):
            options = {"stream": True, "timeout": self._timeout}
            answer = request(self._session, "GET", self._root + PATH, query, what, **options)
            with closing(answer) as response:
                if response.status_code not in (200, 204):
                    raise _refusal(response, what)
                return self._write(response, file, most, what)

    def _write(self, response: Response, file: Path, most: int | None, what: str) -> str:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        self._received_bytes = 0
        chunks: Iterable[bytes] = self._received(response.raw.stream(CHUNK, decode_content=False))
        if encoding in ("gzip", "x-gzip"):
            chunks = _unpacked(chunks, what)
        elif encoding not in ("", "identity"):
            raise errors.ContractError(
                f"{what} answered in the encoding {encoding!r}, and gzip was asked for"
            )
        written = 0
        with file.open("wb") as target:
            for chunk in chunks:
                target.write(chunk)
                written += len(chunk)
                if most is not None and written >= most:
                    return response.headers.get("Content-Type", "")
        # Without a length a connection that broke looks like the end: only half a line gives it away.
        has_length = response.raw.chunked or "Content-Length" in response.headers or "gzip" in encoding
        if not has_length and _ends_in_half_a_line(file):
            raise HalfALineError(f"{what} broke off in the middle of a line")
        return response.headers.get("Content-Type", "")

    def _received(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self._stopped.is_set():
                raise errors.TransientError(f"{CONNECTION}: the read was stopped")
            self._received_bytes += len(chunk)
            yield chunk

    @contextmanager
    def _stream_errors(self, what: str) -> Iterator[None]:
        """`requests` leaves what goes wrong within a stream to the library below it."""
        from urllib3.exceptions import HTTPError

        address = urlsplit(self._root)
        try:
            yield
        except HTTPError as error:
            place = place_of(address.hostname, address.port)
            raise errors.TransientError(f"{what} broke off: {reason_of(error, place)}") from None


def _bearer(token: str | None) -> Callable[[PreparedRequest], PreparedRequest]:
    """Without a token too: `requests` would look for a password in ~/.netrc."""

    def authorise(request: PreparedRequest) -> PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorise


def _refusal(response: Response, what: str) -> errors.PipelineError:
    """Return the error of a status without events."""
    begins = _beginning(response)
    if response.status_code == 404:
        return errors.ContractError(
            f"{what} answered 404 {quoted(begins)}: is the host of the connection the URL without {PATH}?"
        )
    raise_for_status(response, what, begins)
    return errors.ContractError(f"{what} answered {response.status_code}, which is no answer with events")


def _beginning(response: Response) -> bytes:
    from urllib3.exceptions import HTTPError

    with suppress(HTTPError):
        text: Any = response.raw.read(4 * QUOTED_CHARACTERS, decode_content=True)
        return bytes(text)
    return b""


def _unpacked(chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """The text of a gzip stream, which may have several members, in pieces of at most `CHUNK` bytes."""
    unpacker = None
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if unpacker is None or unpacker.eof:
                    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
                if text := unpacker.decompress(rest, CHUNK):
                    yield text
                rest = unpacker.unused_data.lstrip(b"\0") if unpacker.eof else unpacker.unconsumed_tail
        while unpacker and not unpacker.eof and (text := unpacker.decompress(b"", CHUNK)):
            yield text
    except zlib.error:
        raise errors.ContractError(f"{what}: the answer is not valid gzip") from None
    if unpacker and not unpacker.eof:
        raise errors.TransientError(f"{what} broke off: the packed answer has no end")


def _ends_in_half_a_line(file: Path) -> bool:
    from ecommerce.sources.web_events.lines import LONGEST_LINE

    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - LONGEST_LINE))
        last = stream.read().rpartition(b"\n")[2].strip()
    if not last:
        return False
    try:
        json.loads(last)
    except ValueError:
        return True
    return False
