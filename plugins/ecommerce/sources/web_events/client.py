"""HTTP client of the web events: one time slice at a time, streamed to a file. docs/SOURCES.md describes the
connection `web_events_api`."""

from __future__ import annotations

import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ecommerce.core.errors import ContractError, PipelineError, TransientError
from ecommerce.core.names import CONNECTION_WEB_EVENTS
from ecommerce.sources import http
from ecommerce.sources.web_events.lines import LONGEST_LINE

if TYPE_CHECKING:
    from requests import Response

CONNECTION = CONNECTION_WEB_EVENTS
PATH = "/events"
ATTEMPTS = 6
MOST_LOST = 300.0
"""Seconds that failed attempts and the pauses after them may take in a whole read: a slice whose attempts all
break off costs half a minute, and a read may have a hundred slices. Pauses that the server requests do not
count."""
TIMEOUT = (10.0, 120.0)
CHUNK = 1 << 20
"""Bytes that are held in memory at once, packed and unpacked."""
ACCEPTED = "application/x-ndjson, application/json;q=0.9, */*;q=0.1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTH = timedelta(hours=1)
"""Of a slice. Quarters of an hour take the same processor time, and small shops would be asked four times as
often for nothing; a day in one piece could not go on where it broke."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What is asked for in one request: the instants `[start, end)` of receipt, aware."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{instant(self.start)} to {instant(self.end)}"

    @property
    def what(self) -> str:
        """The beginning of messages about its request."""
        return f"{CONNECTION}: GET {PATH} of {self}"


def slices(start: datetime, end: datetime, *cuts: datetime) -> list[Slice]:
    """Return `[start, end)` cut at multiples of `LENGTH` in UTC, whatever the window, and at `cuts`; nothing
    where it is empty."""
    inner = {cut for cut in cuts if start < cut < end}
    grid = start - (start - EPOCH) % LENGTH + LENGTH
    while grid < end:
        inner.add(grid)
        grid += LENGTH
    edges = [start, *sorted(inner), end] if start < end else []
    return [Slice(*pair) for pair in pairwise(edges)]


def instant(moment: datetime) -> str:
    """Return an instant as the contract has it: `2026-11-19T05:00:00Z`, to the full second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class EventsClient:
    """Reads slices, with retries; ConfigurationError where the connection is missing, or has no host. For one
    thread at a time, except `stop`. `requests` counts requests, `bytes_read` the bytes of successful answers
    as received."""

    def __init__(self) -> None:
        from airflow.providers.http.hooks.http import HttpHook

        token = (http.connection_with_host(CONNECTION, f"URL, without {PATH}").password or "").strip()
        hook = HttpHook("GET", CONNECTION)
        self._session = hook.get_conn()
        self._session.auth = lambda request: request  # `requests` would look for a password in ~/.netrc
        self._session.headers.update({"Accept": ACCEPTED, "Accept-Encoding": "gzip"})
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        self._root = hook.base_url.rstrip("/").removesuffix(PATH)
        self._timeout = hook.merged_extra.get("timeout") or TIMEOUT
        self._stopped = threading.Event()
        self._pause: Callable[[float], object] = self._stopped.wait
        self._clock: Callable[[], float] = time.monotonic
        self._lost = 0.0
        self.requests = self.bytes_read = 0

    @property
    def is_unencrypted(self) -> bool:
        """Whether requests travel the internet without encryption."""
        return http.is_unencrypted(self._root)

    def stop(self) -> None:
        """Let what is under way in another thread end soon, with an error."""
        self._stopped.set()

    def download(self, part: Slice, file: Path, most: int | None = None) -> str:
        """Write the lines of one slice, unpacked, and return its answer's media type; raises as `http`.

        Args:
            part: the slice.
            file: to be written.
            most: bytes after which to stop, if in the middle of a line.
        """
        began = self._clock()

        def pause(seconds: float, error: PipelineError) -> None:
            nonlocal began
            requested = getattr(error, "retry_after", None)
            self._lost += self._clock() - began + (seconds if requested is None else 0)
            if self._lost > MOST_LOST:
                raise TransientError(
                    f"{error}; failed requests of this read have taken more than {MOST_LOST:.0f} seconds"
                ) from None
            if self._pause(seconds):  # stopped meanwhile
                raise error
            began = self._clock()

        return http.with_retries(lambda: self._attempt(part, file, most), pause, {TransientError: ATTEMPTS})

    def _attempt(self, part: Slice, file: Path, most: int | None) -> str:
        from urllib3.exceptions import HTTPError

        query, url = {"start": instant(part.start), "end": instant(part.end)}, self._root + PATH
        options = {"stream": True, "timeout": self._timeout}
        self.requests += 1
        with (
            http.network_errors(part.what, urlsplit(url).netloc.rpartition("@")[2]),
            closing(http.request(self._session, "GET", url, query, part.what, **options)) as response,
        ):
            if (status := response.status_code) not in (200, 204):
                begins = b""
                with suppress(HTTPError):  # the status counts, also of a body that cannot be read
                    begins = response.raw.read(4 * http.QUOTED_CHARACTERS, decode_content=True)
                if status == 404:
                    raise ContractError(
                        f"{part.what} answered 404 {http.quoted(begins)}: is the host of the connection the "
                        f"URL without {PATH}?"
                    )
                http.raise_for_status(response, part.what, begins)
                raise ContractError(f"{part.what} answered {status}, which is no answer with events")
            self._write(response, file, most, part.what)
            self.bytes_read += response.raw.tell()
            return response.headers.get("Content-Type", "")

    def _write(self, response: Response, file: Path, most: int | None, what: str) -> None:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise ContractError(f"{what} answered in the encoding {encoding!r}, and gzip was asked for")
        packed = "gzip" in encoding
        try:
            body = gzip.GzipFile(fileobj=response.raw) if packed else response.raw
            with file.open("wb") as target:
                while chunk := body.read(CHUNK):
                    if self._stopped.is_set():
                        raise PipelineError(f"{CONNECTION}: the read was stopped")
                    target.write(chunk)
                    if most is not None and target.tell() >= most:
                        return
        except EOFError:
            raise TransientError(f"{what} broke off: the packed answer has no end") from None
        except (gzip.BadGzipFile, zlib.error):
            raise ContractError(f"{what}: the answer is not valid gzip") from None
        # Without a length a connection that broke looks like the end: only half a line gives it away.
        has_length = packed or response.raw.chunked or "Content-Length" in response.headers
        if not has_length and _ends_in_half_a_line(file):
            raise TransientError(f"{what} broke off in the middle of a line")


def _ends_in_half_a_line(file: Path) -> bool:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - LONGEST_LINE))
        last = stream.read().rpartition(b"\n")[2].strip()
    try:
        json.loads(last or "null")
    except ValueError:
        return True
    return False
