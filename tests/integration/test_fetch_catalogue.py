"""The script that fetches the catalogue by curl: pages, conditions, limits, and where no password is."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecommerce.core import errors
from ecommerce.sources.product_catalogue import fetch_command
from ecommerce.storage.staging import DagRun, Manifest
from tests.integration.catalogue_run import Catalogue, catalogue, fetch

RUN = DagRun("product_catalogue_refresh", "run")
LOGIN, PASSWORD = "reader", 'pa"ss\\word äß % $HOME `id`'


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Catalogue]:
    """A catalogue of seven products on three pages, that this process's connection leads to."""
    with catalogue() as running:
        folders = {
            name: f"file://{tmp_path / name}"
            for name in ("STAGING_URI", "PICTURES_URI")
        }
        known = {
            "CUSTOMER_HASH_KEY": "0123456789abcdef",
            "SHOP_TIMEZONE": "America/New_York",
        }
        for name, value in (running.environment() | folders | known).items():
            monkeypatch.setenv(name, value)
        running.show(*({"sku": str(number)} for number in range(7)))
        yield running


def skus(manifest: Manifest) -> list[str]:
    folder = Path(manifest.uri.removeprefix("file://"))
    pages = [
        json.loads((folder / name).read_text()) for name in sorted(manifest.columns)
    ]
    return [entry["sku"] for page in pages for entry in page["results"]]


def test_all_pages_come(shown: Catalogue) -> None:
    manifest = fetch(RUN)
    assert skus(manifest) == list("0123456")
    assert manifest.rows == 3


def test_login_and_password_come_as_they_are_written(
    shown: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shown.environment(login=LOGIN, password=PASSWORD).items():
        monkeypatch.setenv(name, value)
    fetch(RUN)
    assert len(shown.site.requests) == 3
    for _, headers in shown.site.requests:
        assert (
            base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
            == f"{LOGIN}:{PASSWORD}"
        )


@pytest.mark.slow
def test_without_login_none_is_sent(shown: Catalogue) -> None:
    fetch(RUN)
    assert all("authorization" not in headers for _, headers in shown.site.requests)


def everything_readable(own: int) -> Iterator[str]:
    """Arguments and environments of the processes that were started from process `own`."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = os.getpgid(int(folder.name))
            if group == own:
                yield (folder / "cmdline").read_bytes().decode("utf-8", "replace")
                # The script itself is given it there, and hands it on by a pipe. A process may become another
                # between two looks, so the script is looked for before and after.
                before = (folder / "comm").read_text().strip()
                environment = (
                    (folder / "environ").read_bytes().decode("utf-8", "replace")
                )
                if "bash" not in (before, (folder / "comm").read_text().strip()):
                    yield environment
        except OSError:
            continue


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_password_is_in_no_argument_and_in_no_environment_of_a_program(
    shown: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "a-password-of-its-own"
    for name, value in shown.environment(login=LOGIN, password=secret).items():
        monkeypatch.setenv(name, value)
    answer = shown.site.answers["/products?page=2"]
    shown.site.answers["/products?page=2"] = lambda request: (
        time.sleep(1),
        answer(request),
    )
    with fetch_command.fetch_folder() as place:
        given = place.environment
        running = subprocess.Popen(
            ["bash", "-c", fetch_command.COMMAND],
            env=os.environ | given,  # with the connection
            start_new_session=True,
            stdout=subprocess.PIPE,
        )
        seen = set()
        while running.poll() is None:
            seen |= set(everything_readable(running.pid))
        assert running.returncode == 0
    assert any("curl" in text for text in seen)
    assert any("next_page.py" in text for text in seen)
    assert not [
        text
        for text in seen
        if secret in text or base64.b64encode(secret.encode()).decode() in text
    ]
    assert secret not in running.stdout.read().decode()
    assert not [
        name
        for name, value in given.items()
        if secret in value and name != "CATALOGUE_CREDENTIALS"
    ]


def problem(kind: type[errors.PipelineError], **settings: str) -> str:
    with pytest.raises(errors.PipelineError) as raised:
        fetch(RUN, **settings)
    assert type(raised.value) is kind, raised.value
    return str(raised.value).removeprefix("product_catalogue_api: ")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (
            401,
            errors.CredentialsError,
            "GET page 1 answered 401: check login, password and permissions",
        ),
        pytest.param(
            403,
            errors.CredentialsError,
            "GET page 1 answered 403: check login, password and permissions",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            404,
            errors.ContractError,
            "GET page 1 answered 404: check the host of the connection",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            204,
            errors.ContractError,
            "GET page 1 answered 204: check the host",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            302,
            errors.ContractError,
            "GET page 1 answered 302, and redirects are not followed",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            429,
            errors.RateLimitedError,
            "GET page 1 answered 429: too many requests",
            marks=pytest.mark.slow,
        ),
        (
            500,
            errors.TransientError,
            "GET page 1 answered 500: the server is unavailable",
        ),
        pytest.param(
            503,
            errors.TransientError,
            "GET page 1 answered 503: the server is unavailable",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_each_kind_of_refusal_is_told_and_4xx_is_not_tried_again(
    shown: Catalogue, status: int, kind: type[errors.PipelineError], words: str
) -> None:
    elsewhere = {"Location": "http://127.0.0.2/"} if status == 302 else {}
    shown.site.put("/products?page=1", b"no", "text/html", status=status, **elsewhere)
    again = {"CATALOGUE_RETRIES": "1"} if status in (401, 404, 500) else {}
    assert problem(kind, **again).startswith(words)
    assert len(shown.site.requests) == (2 if status == 500 else 1)


@pytest.mark.slow
def test_a_server_that_stumbles_once_is_asked_again(shown: Catalogue) -> None:
    good, answers = shown.site.answers["/products?page=2"], []
    shown.site.put("/products?page=2", b"busy", status=503)
    bad = shown.site.answers["/products?page=2"]

    def stumbling(request) -> None:
        (good if answers else bad)(request)
        answers.append(1)

    shown.site.answers["/products?page=2"] = stumbling
    assert skus(fetch(RUN, CATALOGUE_RETRIES="2")) == list("0123456")


def following(shown: Catalogue, where: object) -> None:
    body = json.dumps({"next": where, "results": [{"sku": "A"}]}).encode()
    shown.site.put("/products?page=1", body, "application/json")


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.2:{port}/products?page=2",
        pytest.param(
            "https://127.0.0.1:{port}/products?page=2", marks=pytest.mark.slow
        ),
        pytest.param("//evil.example/", marks=pytest.mark.slow),
        pytest.param("http://127.0.0.1:1/products", marks=pytest.mark.slow),
        pytest.param("http://127.0.0.1@evil.example/", marks=pytest.mark.slow),
        pytest.param("file:///etc/passwd", marks=pytest.mark.slow),
    ],
)
def test_a_next_page_on_another_host_is_not_asked(shown: Catalogue, where: str) -> None:
    following(shown, where.format(port=shown.site.port))
    assert "the next page in page 1 is on another host" in problem(errors.ContractError)
    assert len(shown.site.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("where", ["?page=2", "/products?page=2"])
def test_a_next_page_may_be_relative(shown: Catalogue, where: str) -> None:
    following(shown, where)
    assert skus(fetch(RUN)) == ["A", "3", "4", "5", "6"]


def test_pages_in_a_circle_end(shown: Catalogue) -> None:
    following(shown, "?page=1")
    assert problem(errors.ContractError) == "the next page in page 1 is page 1 again"


@pytest.mark.slow
def test_pages_without_end_end(shown: Catalogue) -> None:
    assert (
        problem(errors.ContractError, CATALOGUE_MOST_PAGES="2")
        == "there are more than 2 pages"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "body", [b"<html>please sign in", b"", b'{"next": 5}', b'{"next": "http://[::1"}']
)
def test_what_is_no_page_is_named(shown: Catalogue, body: bytes) -> None:
    shown.site.put("/products?page=1", body, "text/html")
    assert problem(errors.ContractError).startswith("page 1")


def test_a_page_without_end_stops_at_the_limit(shown: Catalogue) -> None:
    shown.site.endless("/products?page=2")
    assert "is larger than 102400 bytes" in problem(
        errors.ContractError, CATALOGUE_MOST_BYTES="102400"
    )
    shown.site.endless("/products?page=2", announced=10**10)
    assert "is larger than 102400 bytes" in problem(
        errors.ContractError, CATALOGUE_MOST_BYTES="102400"
    )


@pytest.mark.slow
def test_a_server_that_drips_or_is_silent_or_away_is_told(
    shown: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.site.dripping("/products?page=2")
    assert "the server timed out" in problem(
        errors.TransientError, CATALOGUE_PAGE_SECONDS="1"
    )
    shown.site.silent("/products?page=2")
    assert "the connection broke" in problem(errors.TransientError)
    for name, value in shown.environment(host="http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    assert "nothing answers" in problem(errors.TransientError)


def test_a_connection_that_cannot_be_used_says_so(
    shown: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fields, words in (
        ({"host": ""}, "has no host"),
        ({"host": "ftp://shop.example"}, "is no web address"),
        ({"host": "http://user:word@shop.example"}, "has a login in it"),
        ({"login": "a", "password": "a\nb"}, "has a character that cannot be sent"),
    ):
        for name, value in shown.environment(**fields).items():
            monkeypatch.setenv(name, value)
        assert words in problem(errors.ConfigurationError)


@pytest.mark.slow
def test_an_address_with_a_path_is_asked_as_it_is(
    shown: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.site.put(
        "/2.2.0/launch/upcoming/",
        b'{"items": [], "links": {"next": null}}',
        "application/json",
    )
    extra = {"next": "links.next", "entries": "items"}
    where = f"{shown.site.url}/2.2.0/launch/upcoming/"
    for name, value in shown.environment(host=where, extra=extra).items():
        monkeypatch.setenv(name, value)
    assert fetch(RUN).rows == 1
    assert [path for path, _ in shown.site.requests] == ["/2.2.0/launch/upcoming/"]
