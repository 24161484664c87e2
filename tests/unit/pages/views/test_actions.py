import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ecommerce.pages import access
from tests.unit.pages.made_up import VIEWER, FakeRuns, User, day


def token_on(client, path="/2026-11-17/"):
    return re.search(r'name="token" value="([^"]+)"', client.get(path).text)[1]


def test_the_report_is_built_again_and_the_page_says_so(open_pages):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    answer = client.post("/2026-11-17/build", data={"token": token_on(client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "./?asked=report")
    assert runs.asked == [("build", day(17))]
    assert "The report is being built again." in client.get("/2026-11-17/?asked=report").text
    assert "<script>" not in client.get("/2026-11-17/?asked=<script>").text


def test_a_source_is_read_again(open_pages):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    answer = client.post("/2026-11-17/read", data={"token": token_on(client), "source": "storefront"})
    assert answer.status_code == 303
    assert runs.asked == [("read", day(17), "storefront")]


@pytest.mark.parametrize("source", ["partner_files", "exchange_rates", "../x", ""])
def test_only_required_sources_are_read_again(open_pages, source):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    answer = client.post("/2026-11-17/read", data={"token": token_on(client), "source": source})
    assert (answer.status_code, runs.asked) == (422, [])


@pytest.mark.parametrize("path", ["build", "read"])
def test_a_viewer_cannot_trigger_even_with_a_token_of_their_own(open_pages, path):
    """They get no form; its token must not be all that keeps them out."""
    runs = FakeRuns()
    client = open_pages(VIEWER, runs)
    token = access.form_token(SimpleNamespace(app=client.app), VIEWER, day(17))
    answer = client.post(f"/2026-11-17/{path}", data={"token": token, "source": "storefront"})
    assert (answer.status_code, runs.asked) == (403, [])
    assert "Access denied" in answer.text


def test_a_form_expires(open_pages, time_machine):
    client = open_pages(runs=FakeRuns())
    time_machine.move_to(0, tick=False)
    token = token_on(client)
    for late, status in ((timedelta(0), 303), (timedelta(seconds=1), 403)):
        time_machine.move_to((access.TOKEN_LIFETIME + late).total_seconds(), tick=False)
        assert client.post("/2026-11-17/build", data={"token": token}).status_code == status


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("made up", {}),
        ("of another day", {}),
        ("of somebody else", {}),
        ("good", {"Sec-Fetch-Site": "cross-site"}),
        ("good", {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_form_of_another_page_is_refused(open_pages, token, headers):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    other = open_pages(User("9", may_restart=True))
    tokens = {
        "good": token_on(client),
        "of another day": token_on(client, "/2026-11-16/"),
        "of somebody else": token_on(other),
    }
    answer = client.post("/2026-11-17/build", data={"token": tokens.get(token, token)}, headers=headers)
    assert (answer.status_code, runs.asked) == (403, [])


def test_a_link_triggers_nothing(open_pages):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    assert client.get(f"/2026-11-17/build?token={token_on(client)}").status_code == 404
    assert runs.asked == []
