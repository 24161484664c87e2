"""What an HTTP answer means; `tests/integration/source_failures` has the failures of each source."""

import io
import logging
from functools import partial

import pytest
import requests
import time_machine

from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    PipelineError,
    RateLimitedError,
    TransientError,
)
from ecommerce.sources import http
from ecommerce.sources.http import (
    NotFoundError,
    is_public,
    limit_size,
    network_errors,
    quoted,
    raise_for_status,
    refuse_unencrypted,
    retry_after,
    with_retries,
)

WHAT = "some_api: GET /things"


@pytest.mark.parametrize(
    ("error", "waited"),
    [
        (TransientError("down"), [1]),
        (RateLimitedError("busy", 7), [7, 7]),
        (RateLimitedError("busy", 120), [120, 120]),
        (RateLimitedError("busy", 121), []),
        (RateLimitedError("busy"), [1, 2]),
        (RateLimitedError("busy", 0), [1, 2]),
        (ContractError("no"), []),
    ],
)
def test_a_request_is_repeated_as_often_as_its_error_allows(monkeypatch, error, waited):
    def send():
        raise error

    pauses = []
    monkeypatch.setattr(http, "sleep", pauses.append)
    attempts = {RateLimitedError: 3, TransientError: 2}
    with pytest.raises(type(error)):
        with_retries(send, attempts)
    for pause, requested in zip(pauses, waited, strict=True):
        assert requested < pause <= requested * 1.25


def test_no_argument_of_a_repeated_request_is_logged(caplog, monkeypatch):
    monkeypatch.setattr(http, "sleep", lambda seconds: None)
    caplog.set_level(logging.DEBUG)

    def send(token, url):
        raise TransientError(f"{WHAT} answered 503")

    request = partial(send, "the-token", url="https://shop.example/?key=the-key")
    with pytest.raises(TransientError):
        with_retries(request, {TransientError: 2})
    assert caplog.messages == [
        f"attempt 1 failed: {WHAT} answered 503; the next one is in 1.0 s"
    ]


PRIVATE = ("shop", "shop.intranet", "nas.home.arpa", "10.0.0.1", "shop.lan")
PUBLIC = ("shop.example.com", "8.8.8.8", "intranet.example")


def test_a_public_host_needs_encryption_and_a_private_one_does_not():
    for host in PRIVATE:
        refuse_unencrypted("some_api", f"http://{host}/", "token")
    for host in PUBLIC:
        with pytest.raises(ConfigurationError, match="without encryption"):
            refuse_unencrypted("some_api", f"http://{host}/", "token")
        refuse_unencrypted("some_api", f"https://{host}/", "token")


def test_the_folder_of_a_socket_is_no_host():
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
    # The quote ends within an address.
    assert quoted(b"x" * 110 + b" jane.doe@example.com").endswith("x <e-mail>'")


def answered(status, **headers):
    """An answer without a body."""
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = io.BytesIO()
    return response


ERRORS = {401: CredentialsError, 403: CredentialsError, 404: NotFoundError}
ERRORS |= {408: TransientError, 425: TransientError, 429: RateLimitedError}
ERRORS |= dict.fromkeys(range(500, 600), TransientError)
"""By status, the kind of its error; that of every other one is ContractError."""


def test_every_status_has_its_error():
    for status in range(200, 600):
        if status in (200, 204):
            raise_for_status(answered(status), WHAT)
            continue
        words = f"^{WHAT} answered {status}"
        with pytest.raises(PipelineError, match=words) as raised:
            raise_for_status(answered(status), WHAT)
        assert type(raised.value) is ERRORS.get(status, ContractError), status


def test_an_answer_that_names_a_pause_is_a_rate_limit():
    for status in (429, 503):
        with pytest.raises(RateLimitedError, match="retry after 7 s"):
            raise_for_status(answered(status, **{"Retry-After": "7"}), WHAT)
    with pytest.raises(TransientError):
        raise_for_status(answered(502, **{"Retry-After": "7"}), WHAT)


@time_machine.travel("2026-11-20T08:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
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
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    response = requests.Response()
    response.status_code = 429
    if header is not None:
        response.headers["Retry-After"] = header
    assert retry_after(response) == seconds


def failure(url, kind, key):
    """The message of a request that fails, which never has the key."""
    with pytest.raises(kind) as caught, network_errors(WHAT):
        requests.get(url, timeout=5, auth=("key", key))
    assert type(caught.value) is kind
    assert caught.value.__cause__ is None
    assert "secret-key" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_requested_is_an_error_without_the_secret():
    assert failure("http://", ContractError, "secret-key") == (
        f"{WHAT} failed: the host of the connection is not a URL such as https://shop.example"
    )
    unsendable = "secret-key\N{HORIZONTAL ELLIPSIS}"
    assert failure("http://127.0.0.1", ConfigurationError, unsendable) == (
        f"{WHAT} failed: login or password of the connection has a character that HTTP cannot send"
    )
