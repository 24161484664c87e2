"""What goes wrong with a source that is read over HTTP."""

import gzip
import io
import json
import socket
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.services.ports import free_port
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.sources.http import NotFoundError
from ecommerce.storage import staging
from ecommerce.storage.staging import Manifest
from tests.integration.source_failures.failures import SECRET, assert_fails
from tests.integration.web_events.reading import at, event
from tests.settings import connect

RATES = b"Date,USD,JPY,\n2026-03-10,1.1,160,\n"
LOGIN = "check login, password and permissions"


@dataclass
class HttpSource:
    """A source that reads over HTTP, and a website in the place of its server."""

    name: str
    path: str
    good: bytes
    attempts: int
    folder: Path
    extract: Callable[[], Manifest]

    def connect(
        self,
        patch,
        host,
        timeout=60,
    ):
        fields = {"password": SECRET, "extra": {"timeout": timeout}}
        connect(
            patch,
            f"{self.name}_api",
            host,
            **fields,
        )

    def assert_fails(self, kind, words):
        """Read; assert that it fails with this kind of error and words, and that nothing is staged."""
        assert_fails(self.extract, kind, words)
        assert not staging.exists(f"file://{self.folder}")


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rates.csv", content)
    return packed.getvalue()


def damaged_zip():
    content = zipped(RATES * 10)
    return content[:40] + b"\xff" * 10 + content[50:]


WAIT = {"Retry_After": "600"}
GZIP = {"Content_Encoding": "gzip"}
PAGE = b"<!DOCTYPE html>\n<title>Sign in, jane@example.com</title>\n"
PACKED = gzip.compress(b"\n" * 10_000)
ANSWERS = [
    (401, b"a-secret is wrong", {}, CredentialsError, LOGIN),
    (
        404,
        b"<h1>Not here</h1>",
        {},
        NotFoundError,
        "404 Not Found: '<h1>Not here</h1>'",
    ),
    (400, b"jane@example.com", {}, ContractError, "400 Bad Request: '<e-mail>'"),
    (202, b"a-secret", {}, ContractError, "a complete answer has the status 200"),
    (429, b"", WAIT, RateLimitedError, "too many requests, retry after 600 s"),
    (503, b"", {}, TransientError, "the server is unavailable"),
    (200, PAGE, {}, ContractError, "begins with '<"),
    (200, b"\n" * 10_000, {}, ContractError, "more than 9,999 bytes"),
    (200, PACKED, GZIP, ContractError, "more than 9,999 bytes"),
]
"""Status, body and headers; kind of the error, and words of its text."""
REDIRECTS = [
    ("http://localhost:{port}/", ConfigurationError, "which is another site"),
    ("https://127.0.0.1:{port}/", ConfigurationError, "which is another site"),
    ("", ContractError, "the server redirects in a loop"),
]


def one_event(**fields):
    return (
        json.dumps(
            event(
                "one",
                at(1),
                visitor_id=SECRET,
                **fields,
            )
        ).encode()
        + b"\n"
    )


EARLIER = one_event(received_at="2026-03-10T04:58:59Z")
LATER = one_event(received_at="2026-03-10T06:01:00Z")
EVENT_ANSWERS = [
    (200, b'{"error": "a-secret", "code": 1}', {}, ContractError, "code, error"),
    (200, b"[" + one_event() + b"]", {}, ContractError, "begins with '['"),
    (200, b'{\n"error": "a-secret"\n}', {}, ContractError, "begins with '{'"),
    (200, LATER, {}, ContractError, "60 s before or after"),
    (200, EARLIER, {}, ContractError, "60 s before or after"),
    (200, b"no gzip", GZIP, TransientError, "gzip"),
]
RATE_ANSWERS = [
    (200, b"", {}, ContractError, "not the CSV file of exchange rates"),
    (200, b"\n" + RATES, {}, ContractError, "not the CSV file of exchange rates"),
    (200, b"Date,\xff", {}, ContractError, "neither a CSV file nor a zip of one"),
    (200, b"PK\x03\x04 cut", {}, ContractError, "neither a CSV file nor a zip of one"),
    (200, damaged_zip(), {}, ContractError, "neither a CSV file nor a zip of one"),
    (200, zipped(bytes(10_000)), {}, ContractError, "more than 9,999 bytes"),
    (200, b"no gzip", GZIP, ContractError, "cannot be unpacked"),
]


def cut_in_the_body(request):
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"Date,")


@contextmanager
def silent_port():
    """The port of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def assert_http_failures(
    source,
    site,
    patch,
    further,
):
    """Let everything go wrong, one after the other."""
    source.connect(patch, site.url)
    for status, body, headers, kind, words in [*ANSWERS, *further]:
        site.put(
            source.path,
            body,
            "text/plain",
            status=status,
            **headers,
        )
        site.requests.clear()
        source.assert_fails(kind, words)
        attempts = source.attempts if kind is TransientError else 1
        assert len(site.requests) == attempts, body
    for location, kind, words in REDIRECTS:
        site.redirect(source.path, location.format(port=site.port) or source.path)
        source.assert_fails(kind, words)
    site.answers[source.path] = cut_in_the_body
    source.assert_fails(TransientError, "closed the connection before it had answered")
    site.silent(source.path)
    source.assert_fails(TransientError, "closed the connection before it had answered")

    site.put(
        source.path,
        source.good,
        "text/plain",
    )
    down = f"http://127.0.0.1:{free_port()}"
    encrypted = site.url.replace("http:", "https:")
    with silent_port() as port:
        silent = f"http://127.0.0.1:{port}"
        for host, kind, words in (
            (encrypted, ContractError, "does it speak TLS"),
            (down, TransientError, "nothing answers at 127.0.0.1"),
            ("https://source.invalid", TransientError, "cannot be resolved (DNS)"),
            (silent, TransientError, "timed out"),
            ("", ConfigurationError, "has no host"),
        ):
            source.connect(patch, host, timeout=0.3 if host == silent else 60)
            source.assert_fails(kind, words)
    patch.delenv(f"AIRFLOW_CONN_{source.name}_API".upper())
    source.assert_fails(ConfigurationError, "is not defined")
