"""HTTP client of the web events: one time slice at a time, streamed to a file. docs/SOURCES.md describes the
connection `web_events_api`."""

import gzip
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

from urllib3.exceptions import HTTPError

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import TransientError
from ecommerce.core.names import CONNECTION_WEB_EVENTS
from ecommerce.sources import http

CONNECTION = CONNECTION_WEB_EVENTS
PATH = "/events"
ATTEMPTS = 6
TIMEOUT = (10.0, 120.0)
CHUNK = 1 << 20
"""Bytes that are held in memory at once."""
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
        return f"{instant(self.start)} to {instant(self.end)}"

    @property
    def what(self) -> str:
        """The beginning of messages about its request."""
        return f"{CONNECTION}: GET {PATH} of {self}"


def slices(start: datetime, end: datetime, *cuts: datetime) -> list[Slice]:
    """Return `[start, end)` cut at full hours in UTC, whatever the window, and at `cuts`; nothing where it is
    empty."""
    inner = {cut for cut in cuts if start < cut < end}
    hour = start.astimezone(UTC).replace(minute=0, second=0) + LENGTH
    while hour < end:
        inner.add(hour)
        hour += LENGTH
    edges = [start, *sorted(inner), end] if start < end else []
    return [Slice(*pair) for pair in pairwise(edges)]


def instant(moment: datetime) -> str:
    """Return an instant as the contract has it: `2026-11-19T05:00:00Z`, to the full second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class EventsClient:
    """Reads slices, with retries; ConfigurationError where the connection is missing, or has no host.
    `requests` counts requests, `bytes_read` the bytes of successful answers, unpacked."""

    def __init__(self) -> None:
        from airflow.providers.http.hooks.http import HttpHook

        token = (
            http.connection_with_host(CONNECTION, f"URL, without {PATH}").password or ""
        ).strip()
        hook = HttpHook("GET", CONNECTION)
        self._session = hook.get_conn()
        self._session.auth = lambda request: (
            request
        )  # `requests` would look for a password in ~/.netrc
        self._session.headers.update({"Accept": ACCEPTED, "Accept-Encoding": "gzip"})
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
            http.refuse_unencrypted(CONNECTION, hook.base_url, "token")
        self._root = hook.base_url.rstrip("/").removesuffix(PATH)
        self._timeout = hook.merged_extra.get("timeout") or TIMEOUT
        self.requests = self.bytes_read = 0

    def download(self, part: Slice, file: Path) -> None:
        """Write the lines of one slice, unpacked, into `file`; raises as `http`."""
        http.with_retries(lambda: self._attempt(part, file), {TransientError: ATTEMPTS})

    def _attempt(self, part: Slice, file: Path) -> None:
        self.requests += 1
        with (
            http.network_errors(part.what),
            closing(
                self._session.get(
                    self._root + PATH,
                    params={"start": instant(part.start), "end": instant(part.end)},
                    stream=True,
                    timeout=self._timeout,
                    hooks={"response": partial(http.refuse_other_site, part.what)},
                )
            ) as response,
            file.open("wb") as target,
        ):
            http.raise_for_status(response, part.what)
            is_packed = (
                response.headers.get("Content-Encoding", "identity").lower()
                != "identity"
            )
            stream = (
                gzip.GzipFile(fileobj=response.raw, mode="rb")
                if is_packed
                else response.raw
            )
            last = b""
            try:
                chunks = iter(partial(stream.read, CHUNK), b"")
                for chunk in http.bounded(chunks, MOST_BYTES, part.what):
                    target.write(chunk)
                    last = chunk[-1:]
            except (
                gzip.BadGzipFile,
                zlib.error,
            ):  # also of an answer that is cut within gzip's mark
                raise TransientError(
                    f"{part.what}: the answer cannot be unpacked as gzip"
                ) from None
            except (EOFError, HTTPError) as error:
                raise TransientError(
                    f"{part.what} broke off: {reason_of(error)}"
                ) from None
            # Without a length, a connection that broke looks like the end, unless gzip has its own.
            has_length = response.raw.chunked or "Content-Length" in response.headers
            is_whole = response.raw.tell() if is_packed else last in (b"", b"\n")
            if not (has_length or is_whole):
                raise TransientError(f"{part.what} broke off in the middle of a line")
            self.bytes_read += target.tell()
