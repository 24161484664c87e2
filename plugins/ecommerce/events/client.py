"""HTTP client of the web events: one time slice at a time, streamed to a file. docs/SOURCES.md describes the
connection `web_events_api`."""

import gzip
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from urllib3.exceptions import HTTPError

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import TransientError
from ecommerce.core.names import CONNECTION_WEB_EVENTS
from ecommerce.core.text import utc_text
from ecommerce.sources.http import (
    CHUNK,
    connection_with_host,
    limit_size,
    raise_for_status,
    refuse_unencrypted,
    request,
    with_retries,
)

if TYPE_CHECKING:
    from requests import Response

CONNECTION = CONNECTION_WEB_EVENTS
PATH = "/events"
ATTEMPTS = 6
TIMEOUT = (10.0, 120.0)
MOST_BYTES = 4 << 30
"""Of one answer, unpacked: 10 million events an hour have no more."""
ACCEPTED = "application/x-ndjson, application/json;q=0.9, */*;q=0.1"
LENGTH = timedelta(hours=1)
"""Of a slice. Quarters of an hour take the same processor time, and small shops would be asked four times as
often for nothing; a day in one piece could not go on where it broke."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What is asked for in one request: the instants `[start, end)` of receipt, aware."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{utc_text(self.start)}Z to {utc_text(self.end)}Z"

    @property
    def what(self) -> str:
        """The beginning of messages about its request."""
        return f"{CONNECTION}: GET {PATH} of {self}"


def slices(
    start: datetime,
    end: datetime,
    day_start: datetime,
) -> list[Slice]:
    """Return `[start, end)` cut at whole hours before and after `day_start`; nothing where it is empty."""
    parts = []
    start = start.astimezone(UTC)
    cut = start - (start - day_start) % LENGTH
    while start < end:
        cut += LENGTH
        parts.append(Slice(start, min(cut, end)))
        start = cut
    return parts


class EventsClient:
    """Reads slices, with retries; ConfigurationError where the connection is missing, or has no host.
    `requests` counts requests, `bytes_read` the bytes of successful answers, unpacked."""

    def __init__(self) -> None:
        from airflow.providers.http.hooks.http import HttpHook

        connection = connection_with_host(CONNECTION, f"URL, without {PATH}")
        token = (connection.password or "").strip()
        hook = HttpHook("GET", CONNECTION)
        self._session = hook.get_conn()
        # By default, `requests` looks for a password in ~/.netrc.
        self._session.auth = lambda request: request
        self._session.headers.update({"Accept": ACCEPTED, "Accept-Encoding": "gzip"})
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
            refuse_unencrypted(CONNECTION, hook.base_url, "token")
        self._root = hook.base_url.rstrip("/").removesuffix(PATH)
        self._timeout = hook.merged_extra.get("timeout") or TIMEOUT
        self.requests = 0
        self.bytes_read = 0

    def download(
        self,
        part: Slice,
        file: Path,
    ) -> None:
        """Write the lines of one slice, unpacked, into `file`.

        Raises the errors of `http.network_errors` and `http.raise_for_status`, and TransientError for an
        answer that is not complete.
        """

        def send() -> None:
            self.requests += 1
            with request(
                self._session.get,
                self._root + PATH,
                part.what,
                params={
                    "start": f"{utc_text(part.start)}Z",
                    "end": f"{utc_text(part.end)}Z",
                },
                stream=True,
                timeout=self._timeout,
            ) as response:
                raise_for_status(response, part.what)
                self.bytes_read += _save(response, file, part.what)

        with_retries(send, {TransientError: ATTEMPTS})


def _save(
    response: "Response",
    file: Path,
    what: str,
) -> int:
    """Write an answer, unpacked, into `file`, and return its bytes; TransientError where it is not complete.

    It is unpacked here because `requests` does not notice that the end of a packed answer is missing.
    """
    raw = response.raw
    is_packed = response.headers.get("Content-Encoding", "identity") != "identity"
    stream = gzip.GzipFile(fileobj=raw) if is_packed else raw
    last = b""
    with file.open("wb") as target:
        try:
            chunks = iter(partial(stream.read, CHUNK), b"")
            for chunk in limit_size(chunks, MOST_BYTES, what):
                target.write(chunk)
                last = chunk[-1:]
        except (gzip.BadGzipFile, zlib.error, EOFError, HTTPError) as error:
            why = reason_of(error, otherwise="the answer cannot be unpacked as gzip")
            raise TransientError(f"{what} broke off: {why}") from None
        # Without a length, a connection that broke looks like the end.
        has_length = raw.chunked or "Content-Length" in response.headers
        is_cut = last not in (b"", b"\n") or (is_packed and not raw.tell())
        if is_cut and not has_length:
            raise TransientError(f"{what} broke off in the middle of a line")
        return target.tell()
