"""The script that fetches the catalogue by curl: pages, conditions, limits, and where no
password is."""

import base64
import json
import sys
from pathlib import Path

import pytest

from ecommerce.catalogue import fetch as catalogue_fetch
from ecommerce.core import errors
from ecommerce.sources.http import NotFoundError
from ecommerce.storage.staging import DagRun
from tests.integration.catalogue_run import catalogue, fetch
from tests.integration.partner_ftp.fetch import run_watched
from tests.rows import column_of
from tests.settings import add_environment, lower

RUN = DagRun("product_catalogue_refresh", "run")
LOGIN = "reader"
PASSWORD = 'pa"ss\\word äß % $HOME `id`'
FIRST = "/products?page=1"
SECOND = "/products?page=2"


@pytest.fixture
def shown(monkeypatch, tmp_path, no_pauses):
    """A catalogue of seven products on three pages, that this process's connection leads to."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    for name in ("STAGING_URI", "PICTURES_URI"):
        monkeypatch.setenv(name, f"file://{tmp_path / name}")
    with catalogue() as running:
        connect(monkeypatch, running)
        running.show(*({"sku": str(number)} for number in range(7)))
        yield running


def connect(monkeypatch, shown, **fields):
    add_environment(monkeypatch, shown.environment(**fields))


def skus(manifest):
    folder = Path(manifest.uri.removeprefix("file://"))
    entries = []
    for name in sorted(manifest.columns):
        entries += json.loads((folder / name).read_text())["results"]
    return column_of(entries, "sku")


def test_all_pages_are_fetched_with_login_and_password_as_they_are(shown, monkeypatch):
    manifest = fetch(RUN)
    assert skus(manifest) == list("0123456")
    assert manifest.rows == 3
    for _, headers in shown.site.requests:
        assert "authorization" not in headers
    shown.site.requests.clear()
    connect(
        monkeypatch,
        shown,
        login=LOGIN,
        password=PASSWORD,
    )
    fetch(RUN)
    assert len(shown.site.requests) == 3
    for _, headers in shown.site.requests:
        sent = headers["authorization"].removeprefix("Basic ")
        assert base64.b64decode(sent).decode() == f"{LOGIN}:{PASSWORD}"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_password_is_in_no_argument_and_in_no_environment_of_a_program(
    shown, monkeypatch
):
    secret = "a-password-of-its-own"
    encoded = base64.b64encode(secret.encode()).decode()
    connect(
        monkeypatch,
        shown,
        login=LOGIN,
        password=secret,
    )
    answer = shown.site.answers[FIRST]

    def look_when_a_page_is_requested(look):
        shown.site.answers[FIRST] = lambda request: (look(), answer(request))

    code, seen, written = run_watched(catalogue_fetch, look_when_a_page_is_requested)
    assert code == 0
    assert any(text.startswith("curl") for text in seen)
    for text in (*seen, written[-1]):
        assert secret not in text
        assert encoded not in text
    assert list(catalogue_fetch.script_environment()) == ["CATALOGUE_OPTIONS"]


def assert_fails(
    shown,
    requests,
    kind,
    words,
):
    """A fetch fails after so many requests, with this kind of error and words."""
    shown.site.requests.clear()
    with pytest.raises(errors.PipelineError) as raised:
        fetch(RUN)
    assert (raised.type, words in str(raised.value)) == (kind, True), raised.value
    assert len(shown.site.requests) == requests


def following(shown, where):
    """Let the first page name this next one."""
    body = json.dumps({"next": where, "results": [{"sku": "A"}]}).encode()
    shown.site.put(
        FIRST,
        body,
        "application/json",
    )


REFUSED = (errors.CredentialsError, "check login")
NO_PAGE = (errors.ContractError, "has no such page, or redirects: check the host")
DOWN = (errors.TransientError, "timed out or is unavailable")
STATUSES = {
    401: (REFUSED, 2, REFUSED),
    404: (NO_PAGE, 2, (NotFoundError, "404 Not Found: 'no'")),
    204: (NO_PAGE, 2, (errors.ContractError, "is not JSON, it begins with ''")),
    302: (NO_PAGE, 2, (errors.ContractError, "answered 302 Found")),
    429: (DOWN, 6, (errors.RateLimitedError, "too many requests")),
    500: (DOWN, 6, (errors.TransientError, "the server is unavailable")),
}
"""Of a page: how the fetch of the first one fails; after how many requests, and how, that of the second.

Only the pages after the first one are requested again: the task repeats the script."""
ELSEWHERE = [
    "http://127.0.0.2:{port}/products?page=2",
    "//evil.example/",
    "http://127.0.0.1:1/products",
    "http://127.0.0.1@evil.example/",
    "file:///etc/passwd",
]
CONNECTIONS = [
    ({"host": ""}, "has no host"),
    ({"host": "ftp://shop.example"}, "is not a web address"),
    ({"host": "http://user:word@shop.example"}, "or has a login in it"),
    ({"login": "a", "password": "a\nb"}, "has a character that cannot be sent"),
]


def test_each_failure_has_its_words_and_4xx_is_not_tried_again(shown, monkeypatch):
    pages = dict(shown.site.answers)
    for status, (first, requests, second) in STATUSES.items():
        for path, number, error in ((FIRST, 1, first), (SECOND, requests, second)):
            shown.site.put(
                path,
                b"no",
                status=status,
                Location="http://127.0.0.2/",
            )
            assert_fails(shown, number, *error)
            shown.site.answers.update(pages)
    for where in ELSEWHERE:
        following(shown, where.format(port=shown.site.port))
        assert_fails(shown, 1, errors.ContractError, "page 1 is on another site (")
    for body in (b"<html>", b""):
        shown.site.put(
            FIRST,
            body,
            "text/html",
        )
        assert_fails(shown, 1, errors.ContractError, "page 1 is not JSON")
    for fields, words in CONNECTIONS:
        connect(monkeypatch, shown, **fields)
        assert_fails(
            shown,
            0,
            errors.ConfigurationError,
            words,
        )


def test_a_page_and_their_number_have_a_limit(shown, monkeypatch):
    for announced in (None, 10**10):
        shown.site.endless(FIRST, announced)
        assert_fails(shown, 1, errors.ContractError, "larger than 50 MiB")
    lower(monkeypatch, catalogue_fetch, MOST_PAGES=3)
    following(shown, "?page=1")
    assert_fails(shown, 4, errors.ContractError, "there are more than")
    lower(monkeypatch, catalogue_fetch, MOST_BYTES=102_400)
    following(shown, "?page=2")
    shown.site.endless(SECOND)
    assert_fails(shown, 2, errors.ContractError, "answer has more than 102,400 bytes")


def test_addresses_may_be_relative_and_have_a_path(shown, monkeypatch):
    for where in ("?page=2", SECOND):
        following(shown, where)
        assert skus(fetch(RUN)) == ["A", "3", "4", "5", "6"]
    body = b'{"items": [], "links": {"next": null}}'
    shown.site.put("/2.2.0/launch/upcoming/", body, "application/json")
    host = f"{shown.site.url}/2.2.0/launch/upcoming/"
    extra = {"next": "links.next", "entries": "items"}
    connect(
        monkeypatch,
        shown,
        host=host,
        extra=extra,
    )
    assert fetch(RUN).rows == 1
    assert shown.site.requests[-1][0] == "/2.2.0/launch/upcoming/"
