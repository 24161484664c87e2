"""What an HTTP source's answer means, in the words a person reads."""

import http.server
import io
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from demo.services.ports import free_port
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.sources.http import (
    NotFoundError,
    bounded,
    is_public,
    is_unencrypted,
    network_errors,
    quoted,
    raise_for_status,
    retry_after,
)

WHAT = "some_api: GET /things"


def answer(
    status: int, body: bytes = b"", reason: str | None = None, **headers: str
) -> requests.Response:
    response = requests.Response()
    response.status_code, response.raw, response.reason = (
        status,
        io.BytesIO(body),
        reason,
    )
    response.headers.update(
        {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return response


@pytest.mark.parametrize("status", [200, 204])
def test_success(status: int) -> None:
    raise_for_status(answer(status), WHAT)


@pytest.mark.parametrize(
    ("response", "kind", "said"),
    [
        (
            answer(401, reason="Unauthorized"),
            CredentialsError,
            f"{WHAT} answered 401 Unauthorized: check login, password and permissions of the connection",
        ),
        (
            answer(403),
            CredentialsError,
            f"{WHAT} answered 403: check login, password and permissions of the connection",
        ),
        (answer(429), RateLimitedError, f"{WHAT} answered 429: too many requests"),
        (
            answer(429, Retry_After="120"),
            RateLimitedError,
            f"{WHAT} answered 429: too many requests, retry after 120 s",
        ),
        (
            answer(503, Retry_After="5"),
            RateLimitedError,
            f"{WHAT} answered 503: the server is busy, retry after 5 s",
        ),
        (
            answer(503),
            TransientError,
            f"{WHAT} answered 503: the server is unavailable",
        ),
        (
            answer(502, Retry_After="60"),
            TransientError,
            f"{WHAT} answered 502: the server is unavailable",
        ),
        (
            answer(500, reason="Oops"),
            TransientError,
            f"{WHAT} answered 500 Oops: the server is unavailable",
        ),
        (
            answer(408),
            TransientError,
            f"{WHAT} answered 408: the server is unavailable",
        ),
        (
            answer(404, b"<h1>Not\n  here</h1>", "Not Found"),
            NotFoundError,
            f"{WHAT} answered 404 Not Found: '<h1>Not here</h1>'",
        ),
        (answer(302, b"moved"), ContractError, f"{WHAT} answered 302: 'moved'"),
        (
            answer(206, b"x"),
            ContractError,
            f"{WHAT} answered 206: a complete answer has the status 200",
        ),
    ],
)
def test_failure(response: requests.Response, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as caught:
        raise_for_status(response, WHAT)
    assert (type(caught.value), str(caught.value)) == (kind, said)
    assert getattr(caught.value, "retry_after", None) == retry_after(response)


def test_of_a_long_error_only_the_beginning_is_read() -> None:
    long = answer(400, b"x" * 10_000_000)
    with pytest.raises(ContractError):
        raise_for_status(long, WHAT)
    assert long.raw.tell() < 10_000


@pytest.mark.parametrize(
    "host", ["shop", "shop.intranet", "nas.home.arpa", "10.0.0.1", "shop.lan"]
)
def test_a_private_host_needs_no_encryption(host: str) -> None:
    assert not is_unencrypted(f"http://{host}/")
    assert is_unencrypted("http://shop.example.com/")


def test_a_socket_of_postgresql_is_not_on_the_internet() -> None:
    assert not is_public("/var/run/postgresql.d")


def test_an_answer_is_read_up_to_its_bound() -> None:
    chunks = iter([b"abc", b"d", b"e", b"f"])
    with pytest.raises(
        ContractError, match=r"^shop: the answer has more than 4 bytes$"
    ):
        list(bounded(chunks, 4, "shop"))
    assert list(chunks) == [b"f"]
    assert b"".join(bounded([b"abc", b"d"], 4, "shop")) == b"abcd"


def test_quotes_are_short_and_show_nobodys_address() -> None:
    body = b'{"email":"jane.doe@example.com","to":"a%40b.example"}' + b"\xff" * 500
    text = quoted(body)
    assert text.startswith("""'{"email":"<e-mail>","to":"<e-mail>"}""")
    assert len(text) <= 122


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("4.0", 4),
        (" 0 ", 0),
        ("Fri, 20 Nov 2026 08:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 07:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert retry_after(answer(429, Retry_After=value), now) == seconds
    assert retry_after(answer(429), now) is None


class Plain(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain) as running:
        threading.Thread(
            target=running.serve_forever, args=(0.05,), daemon=True
        ).start()
        yield running.server_port
        running.shutdown()


def error_of(url: str, kind: type[Exception], timeout: float = 5) -> str:
    with pytest.raises(kind) as caught, network_errors(WHAT):
        requests.get(url, timeout=timeout, auth=("key", "secret-key"))
    assert (type(caught.value), caught.value.__cause__) == (kind, None)
    assert "secret-key" not in str(caught.value)
    return str(caught.value)


def test_nobody_answers() -> None:
    port = free_port()
    assert error_of(f"http://127.0.0.1:{port}/?a=secret-key", TransientError) == (
        f"{WHAT} failed: nothing answers at 127.0.0.1:{port}: does the server run, are host and port right?"
    )


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        assert error_of(f"http://{place}/", TransientError, timeout=0.2) == (
            f"{WHAT} failed: {place} timed out: is it overloaded, or is a firewall in between?"
        )


def test_a_connection_that_is_not_secure(server: int) -> None:
    text = error_of(f"https://127.0.0.1:{server}/", ContractError)
    assert (
        text
        == f"{WHAT} failed: 127.0.0.1:{server} does not speak TLS: check host and port"
    )


def test_redirects_in_circles_and_broken_urls(server: int) -> None:
    circles = error_of(f"http://127.0.0.1:{server}/", ContractError)
    assert circles == f"{WHAT} failed: the server redirects in circles"
    broken = error_of("http://", ContractError)
    assert (
        broken
        == f"{WHAT} failed: the host of the connection is no web address such as https://shop.example"
    )


def test_a_secret_that_cannot_be_sent(server: int) -> None:
    with pytest.raises(ConfigurationError) as caught, network_errors(WHAT):
        requests.get(
            f"http://127.0.0.1:{server}/",
            timeout=5,
            auth=("key", "secret-key\N{HORIZONTAL ELLIPSIS}"),
        )
    assert str(caught.value) == (
        f"{WHAT} failed: login or password of the connection has a character that HTTP cannot send"
    )


def test_a_proxy_that_is_down(monkeypatch: pytest.MonkeyPatch, server: int) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:secret-key@127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    text = error_of("http://shop.example/", TransientError)
    assert text.startswith(
        f"{WHAT} failed: nothing answers at the proxy of this machine (HTTPS_PROXY"
    )
