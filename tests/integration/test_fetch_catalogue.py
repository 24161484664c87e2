"""The script that fetches the catalogue by curl: pages, conditions, limits, and where no
password is."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecommerce.catalogue import fetch_command
from ecommerce.core import errors
from ecommerce.storage.staging import DagRun
from tests.integration.catalogue_run import catalogue, fetch
from tests.integration.partner_ftp.fetch import everything_readable

RUN = DagRun("product_catalogue_refresh", "run")
LOGIN, PASSWORD = "reader", 'pa"ss\\word äß % $HOME `id`'
FIRST = "/products?page=1"
SECOND = "/products?page=2"


@pytest.fixture
def shown(monkeypatch, tmp_path):
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
    for name, value in shown.environment(**fields).items():
        monkeypatch.setenv(name, value)


def skus(manifest):
    folder = Path(manifest.uri.removeprefix("file://"))
    entries = []
    for name in sorted(manifest.columns):
        entries += json.loads((folder / name).read_text())["results"]
    return [entry["sku"] for entry in entries]


def test_all_pages_are_fetched_with_login_and_password_as_they_are(shown, monkeypatch):
    manifest = fetch(RUN)
    assert skus(manifest) == list("0123456")
    assert manifest.rows == 3
    for _, headers in shown.site.requests:
        assert "authorization" not in headers
    shown.site.requests.clear()
    connect(monkeypatch, shown, login=LOGIN, password=PASSWORD)
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
    connect(monkeypatch, shown, login=LOGIN, password=secret)
    answer = shown.site.answers[SECOND]
    shown.site.answers[SECOND] = lambda request: (time.sleep(1), answer(request))
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
    for text in (*seen, running.stdout.read().decode()):
        assert secret not in text
        assert encoded not in text
    del given["CATALOGUE_CREDENTIALS"]
    assert secret not in "".join(given.values())


def problem(shown, **settings):
    """How a fetch fails, after how many requests."""
    shown.site.requests.clear()
    with pytest.raises(errors.PipelineError) as raised:
        fetch(RUN, **settings)
    message = str(raised.value).replace(f":{shown.site.port}", ":PORT")
    return f"{len(shown.site.requests)} x {raised.typename}: {message}"


def following(shown, where):
    """Let the first page name this next one."""
    body = json.dumps({"next": where, "results": [{"sku": "A"}]}).encode()
    shown.site.put(FIRST, body, "application/json")


STATUSES = {401: "1", 403: "0", 404: "1", 204: "0", 302: "0", 429: "0", 500: "1"}
"""What the server returns, and how often a fetch may try again."""
ELSEWHERE = [
    "http://127.0.0.2:{port}/products?page=2",
    "https://127.0.0.1:{port}/products?page=2",
    "//evil.example/",
    "http://127.0.0.1:1/products",
    "http://127.0.0.1@evil.example/",
    "file:///etc/passwd",
]
NO_PAGES = [b"<html>", b"", b'{"next": 5}', b'{"next": "http://[::1"}']
CONNECTIONS = [
    {"host": ""},
    {"host": "ftp://shop.example"},
    {"host": "http://user:word@shop.example"},
    {"login": "a", "password": "a\nb"},
]


def test_each_failure_has_its_words_and_4xx_is_not_tried_again(
    shown, monkeypatch, snapshot
):
    report = []
    for status, retries in STATUSES.items():
        shown.site.put(FIRST, b"no", status=status, Location="http://127.0.0.2/")
        failure = problem(shown, CATALOGUE_RETRIES=retries)
        report.append(f"{status}\n{failure}")
    for where in ELSEWHERE:
        following(shown, where.format(port=shown.site.port))
        report.append(f"next: {where}\n{problem(shown)}")
    following(shown, "?page=1")
    report.append(f"a circle\n{problem(shown)}")
    for body in NO_PAGES:
        shown.site.put(FIRST, body, "text/html")
        report.append(f"{body.decode()}\n{problem(shown)}")
    for fields in CONNECTIONS:
        connect(monkeypatch, shown, **fields)
        report.append(f"{fields}\n{problem(shown)}")
    assert "\n".join(report) == snapshot


def test_a_page_and_their_number_have_a_limit(shown):
    assert problem(shown, CATALOGUE_MOST_PAGES="2") == (
        "2 x ContractError: product_catalogue_api: there are more than 2 pages"
    )
    for announced in (None, 10**10):
        shown.site.endless(SECOND, announced)
        failure = problem(shown, CATALOGUE_MOST_BYTES="102400")
        assert failure.startswith("2 x ContractError")
        assert "is larger than 102400 bytes" in failure


def test_addresses_may_be_relative_and_have_a_path(shown, monkeypatch):
    for where in ("?page=2", SECOND):
        following(shown, where)
        assert skus(fetch(RUN)) == ["A", "3", "4", "5", "6"]
    body = b'{"items": [], "links": {"next": null}}'
    shown.site.put("/2.2.0/launch/upcoming/", body, "application/json")
    host = f"{shown.site.url}/2.2.0/launch/upcoming/"
    extra = {"next": "links.next", "entries": "items"}
    connect(monkeypatch, shown, host=host, extra=extra)
    assert fetch(RUN).rows == 1
    assert shown.site.requests[-1][0] == "/2.2.0/launch/upcoming/"
