"""What an HTTP answer means; `tests/integration/source_failures` has the failures of each source."""

import io
import logging
from datetime import UTC, datetime
from functools import partial

import pytest
import requests
import time_machine

from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    RateLimitedError,
    TransientError,
)
from ecommerce.sources.http import (
    is_public,
    limit_size,
    network_errors,
    quoted,
    refuse_unencrypted,
    retry_after,
    with_retries,
)
from tests.website import website

WHAT = "some_api: GET /things"


def answer(status, body=b"", **headers):
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO(body)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def test_a_request_is_repeated_as_often_as_its_error_allows():
    attempts = {RateLimitedError: 3, TransientError: 2}
    for error, waited in (
        (TransientError("down"), [1]),
        (RateLimitedError("busy", 7), [7, 7]),
        (RateLimitedError("busy", 120), [120, 120]),
        (RateLimitedError("busy", 121), []),
        (RateLimitedError("busy"), [1, 2]),
        (ContractError("no"), []),
    ):
        pauses = []

        def send(error=error):
            raise error

        with pytest.raises(type(error)):
            with_retries(send, attempts, pauses.append)
        assert pauses == waited, error


def test_no_argument_of_a_repeated_request_is_logged(caplog):
    caplog.set_level(logging.DEBUG)

    def send(token, url):
        raise TransientError(f"{WHAT} answered 503")

    request = partial(send, "the-token", url="https://shop.example/?key=the-key")
    with pytest.raises(TransientError):
        with_retries(request, {TransientError: 2}, lambda seconds: None)
    assert caplog.messages == [
        f"attempt 1 failed: {WHAT} answered 503; the next one is in 1.0 s"
    ]


def test_a_private_host_needs_no_encryption():
    for host in ("shop", "shop.intranet", "nas.home.arpa", "10.0.0.1", "shop.lan"):
        refuse_unencrypted("some_api", f"http://{host}/", "token")
    for host in ("shop.example.com", "8.8.8.8", "intranet.example"):
        with pytest.raises(ConfigurationError, match="without encryption"):
            refuse_unencrypted("some_api", f"http://{host}/", "token")
        refuse_unencrypted("some_api", f"https://{host}/", "token")
    assert not is_public("/var/run/postgresql.d")


def test_an_answer_is_read_up_to_its_bound():
    chunks = iter([b"abc", b"d", b"e", b"f"])
    with pytest.raises(
        ContractError, match=r"^shop: the answer has more than 4 bytes$"
    ):
        list(limit_size(chunks, 4, "shop"))
    assert list(chunks) == [b"f"]
    assert b"".join(limit_size([b"abc", b"d"], 4, "shop")) == b"abcd"


def test_quotes_are_short_and_show_nobodys_address():
    body = b'{"email":"jane.doe@example.com","to":"a%40b.example"}' + b"\xff" * 500
    text = quoted(body)
    assert text.startswith("""'{"email":"<e-mail>","to":"<e-mail>"}""")
    assert len(text) <= 122


def test_retry_after_is_seconds_or_a_date():
    with time_machine.travel(datetime(2026, 11, 20, 8, tzinfo=UTC), tick=False):
        for value, seconds in (
            ("120", 120),
            # Not before the moment that is asked for.
            ("4.0", 5),
            ("0.5", 1),
            (" 0 ", 0),
            ("Fri, 20 Nov 2026 08:00:30 GMT", 30),
            ("Fri, 20 Nov 2026 07:00:00 GMT", 0),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("١٢", None),
        ):
            assert retry_after(answer(429, Retry_After=value)) == seconds, value
        assert retry_after(answer(429)) is None


def test_what_cannot_be_requested_is_an_error_without_the_secret(monkeypatch):
    def failure(url, kind, key="secret-key"):
        with pytest.raises(kind) as caught, network_errors(WHAT):
            requests.get(url, timeout=5, auth=("key", key))
        assert (type(caught.value), caught.value.__cause__) == (kind, None)
        assert "secret-key" not in str(caught.value)
        return str(caught.value)

    assert failure("http://", ContractError) == (
        f"{WHAT} failed: the host of the connection is not a URL such as https://shop.example"
    )
    with website() as site:
        sentence = failure(
            site.url, ConfigurationError, "secret-key\N{HORIZONTAL ELLIPSIS}"
        )
    assert sentence == (
        f"{WHAT} failed: login or password of the connection has a character that HTTP cannot send"
    )
