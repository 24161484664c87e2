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
from tests.integration.source_failures.failures import SECRET, Failures
from tests.integration.web_events.reading import at, event

RATES = b"Date,USD,JPY,\n2026-03-10,1.1,160,\n"


@dataclass
class HttpSource:
    """A source that reads over HTTP, and a website in the place of its server."""

    name: str
    path: str
    good: bytes
    attempts: int
    folder: Path
    extract: Callable[[], Manifest]

    def connect(self, patch, host, timeout=60):
        connection = {"conn_type": "http", "host": host, "password": SECRET}
        connection["extra"] = {"timeout": timeout}
        patch.setenv(f"AIRFLOW_CONN_{self.name}_API".upper(), json.dumps(connection))


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # Without an hour of its own, which would change the bytes.
        archive.writestr(zipfile.ZipInfo("rates.csv"), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def damaged_zip():
    content = zipped(RATES * 10)
    return content[:40] + b"\xff" * 10 + content[50:]


WAIT = {"Retry_After": "600"}
GZIP = {"Content_Encoding": "gzip"}
PAGE = b"<!DOCTYPE html>\n<title>Sign in, jane@example.com</title>\n"
ANSWERS = [
    ("wrong secret", 401, b"a-secret is wrong", {}, CredentialsError, "login"),
    ("no permission", 403, b"a-secret", {}, CredentialsError, "permissions"),
    ("not found", 404, b"<h1>Not here</h1>", {}, NotFoundError, "404"),
    ("bad request", 400, b"jane@example.com", {}, ContractError, "<e-mail>"),
    ("accepted", 202, b"a-secret", {}, ContractError, "complete answer"),
    ("a part", 206, b"a-secret", {}, ContractError, "complete answer"),
    ("too many requests", 429, b"", WAIT, RateLimitedError, "600 s"),
    ("busy", 503, b"", WAIT, RateLimitedError, "busy"),
    ("unavailable", 503, b"", {}, TransientError, "unavailable"),
    ("server error", 500, b"", {}, TransientError, "unavailable"),
    ("gateway timeout", 504, b"", {"Retry_After": "0"}, TransientError, "unavailable"),
    ("request timeout", 408, b"", {}, TransientError, "unavailable"),
    ("a web page", 200, PAGE, {}, ContractError, "begins with"),
    ("too large", 200, b"\n" * 10_000, {}, ContractError, "9,999 bytes"),
    (
        "too large when unpacked",
        200,
        gzip.compress(b"\n" * 10_000, mtime=0),
        GZIP,
        ContractError,
        "9,999 bytes",
    ),
]
REDIRECTS = [
    (
        "redirect to another site",
        "http://localhost:{port}/",
        ConfigurationError,
        "site",
    ),
    (
        "redirect to TLS",
        "https://127.0.0.1:{port}/",
        ConfigurationError,
        "another site",
    ),
    ("redirects in a loop", "", ContractError, "loop"),
]


def one_event(**fields):
    return json.dumps(event("one", at(1), visitor_id=SECRET, **fields)).encode() + b"\n"


EVENT_ANSWERS = [
    (
        "an error",
        200,
        b'{"error": "a-secret", "code": 1}',
        {},
        ContractError,
        "code, error",
    ),
    ("a list", 200, b"[" + one_event() + b"]", {}, ContractError, "'['"),
    ("JSON over lines", 200, b'{\n"error": "a-secret"\n}', {}, ContractError, "'{'"),
    (
        "a minute later",
        200,
        one_event(received_at="2026-03-10T06:01:00Z"),
        {},
        ContractError,
        "60 s",
    ),
    (
        "a minute earlier",
        200,
        one_event(received_at="2026-03-10T04:58:59Z"),
        {},
        ContractError,
        "60 s",
    ),
    ("damaged gzip", 200, b"no gzip", GZIP, TransientError, "gzip"),
]
RATE_ANSWERS = [
    ("empty", 200, b"", {}, ContractError, "not the CSV file"),
    ("no header", 200, b"\n" + RATES, {}, ContractError, "not the CSV file"),
    ("wrong encoding", 200, b"Date,\xff", {}, ContractError, "neither a CSV file"),
    ("half a zip", 200, b"PK\x03\x04 cut", {}, ContractError, "nor a zip"),
    ("damaged zip", 200, damaged_zip(), {}, ContractError, "nor a zip"),
    ("zip too large", 200, zipped(bytes(10_000)), {}, ContractError, "9,999 bytes"),
    ("damaged gzip", 200, b"no gzip", GZIP, ContractError, "unpacked"),
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


def http_failures(source, site, patch, further):
    """Let everything go wrong, one after the other."""
    failures = Failures()

    def fail(case, kind, noun):
        failures.add(case, source.extract, kind, noun)
        assert not staging.exists(f"file://{source.folder}"), case

    source.connect(patch, site.url)
    for case, status, body, headers, kind, noun in [*ANSWERS, *further]:
        site.put(source.path, body, "text/plain", status=status, **headers)
        site.requests.clear()
        fail(case, kind, noun)
        attempts = source.attempts if kind is TransientError else 1
        assert len(site.requests) == attempts, case
    for case, location, kind, noun in REDIRECTS:
        target = location.format(port=site.port)
        site.redirect(source.path, target or source.path)
        fail(case, kind, noun)
    site.answers[source.path] = cut_in_the_body
    fail("cut in the body", TransientError, "closed the connection")
    site.silent(source.path)
    fail("closed", TransientError, "closed the connection")

    site.put(source.path, source.good, "text/plain")
    source.connect(patch, site.url.replace("http:", "https:"))
    fail("no TLS", ContractError, "TLS")
    source.connect(patch, f"http://127.0.0.1:{free_port()}")
    fail("down", TransientError, "nothing answers")
    source.connect(patch, "https://source.invalid")
    fail("no such host", TransientError, "DNS")
    with silent_port() as port:
        source.connect(patch, f"http://127.0.0.1:{port}", timeout=0.3)
        fail("silent", TransientError, "timed out")
    source.connect(patch, "")
    fail("no host", ConfigurationError, "has no host")
    patch.delenv(f"AIRFLOW_CONN_{source.name}_API".upper())
    fail("no connection", ConfigurationError, "not defined")
    return failures
