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

from ecommerce.catalogue import fetch as catalogue_fetch
from ecommerce.core import errors
from ecommerce.sources import http
from ecommerce.storage.scratch import scratch_folder
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
    monkeypatch.setattr(http, "FIRST_PAUSE", 0)
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
    answer = shown.site.answers[FIRST]
    shown.site.answers[FIRST] = lambda request: (time.sleep(1), answer(request))
    variables = catalogue_fetch.script_environment()
    with scratch_folder() as path:
        running = subprocess.Popen(
            ["bash", "-c", catalogue_fetch.COMMAND],
            env=os.environ | variables,  # with the connection
            cwd=path,
            start_new_session=True,
            stdout=subprocess.PIPE,
        )
        seen = set()
        while running.poll() is None:
            seen |= set(everything_readable(running.pid))
        assert running.returncode == 0
    assert any("curl" in text for text in seen)
    for text in (*seen, running.stdout.read().decode()):
        assert secret not in text
        assert encoded not in text
    assert list(variables) == ["CATALOGUE_OPTIONS"]


def problem(shown):
    """How a fetch fails, after how many requests."""
    shown.site.requests.clear()
    with pytest.raises(errors.PipelineError) as raised:
        fetch(RUN)
    message = str(raised.value).replace(f":{shown.site.port}", ":PORT")
    return f"{len(shown.site.requests)} x {raised.typename}: {message}"


def following(shown, where):
    """Let the first page name this next one."""
    body = json.dumps({"next": where, "results": [{"sku": "A"}]}).encode()
    shown.site.put(FIRST, body, "application/json")


STATUSES = (401, 403, 404, 204, 302, 429, 500)
"""Of a page. Only the pages after the first one are requested again: the task repeats the script."""
ELSEWHERE = [
    "http://127.0.0.2:{port}/products?page=2",
    "https://127.0.0.1:{port}/products?page=2",
    "//evil.example/",
    "http://127.0.0.1:1/products",
    "http://127.0.0.1@evil.example/",
    "file:///etc/passwd",
]
NO_PAGES = [b"<html>", b"", b'{"next": 5}']
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
    second = shown.site.answers[SECOND]
    first = shown.site.answers[FIRST]
    for status in STATUSES:
        for path, answer in ((FIRST, first), (SECOND, second)):
            shown.site.put(path, b"no", status=status, Location="http://127.0.0.2/")
            report.append(f"{status} of {path}\n{problem(shown)}")
            shown.site.answers[path] = answer
    for where in ELSEWHERE:
        following(shown, where.format(port=shown.site.port))
        report.append(f"next: {where}\n{problem(shown)}")
    for body in NO_PAGES:
        shown.site.put(FIRST, body, "text/html")
        report.append(f"{body.decode()}\n{problem(shown)}")
    for fields in CONNECTIONS:
        connect(monkeypatch, shown, **fields)
        report.append(f"{fields}\n{problem(shown)}")
    assert "\n".join(report) == snapshot


def test_a_page_and_their_number_have_a_limit(shown, monkeypatch):
    for announced in (None, 10**10):
        shown.site.endless(FIRST, announced)
        assert "larger than 50 MiB" in problem(shown)
    monkeypatch.setattr(catalogue_fetch, "MOST_PAGES", 3)
    following(shown, "?page=1")
    assert problem(shown).startswith("4 x ContractError: product_catalogue_api: there")
    monkeypatch.setattr(catalogue_fetch, "MOST_BYTES", 102_400)
    following(shown, "?page=2")
    shown.site.endless(SECOND)
    assert "the answer has more than 102,400 bytes" in problem(shown)


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
