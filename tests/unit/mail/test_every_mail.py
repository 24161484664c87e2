"""What holds for all mails, so that they can be read in every client: with pictures off, in the dark, on a
phone, as text, by a screen reader. And the full text of each."""

from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tests.unit.differences import differences
from tests.unit.mail import readable, samples

# A domain that a shop has removed has no mails.
_OTHERS = sorted(
    each.parent.name for each in Path(__file__).parents[1].glob("*/mail_samples.py")
)
EVERY = dict(samples.MAILS)
for domain in _OTHERS:
    EVERY |= import_module(f"tests.unit.{domain}.mail_samples").MAILS
IN_FULL = {"report": "report_full", "period": "period_week"}
GMAIL_CUTS_AT = 102 * 1024


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")


@cache
def made(name):
    return EVERY[name]()


def text(name):
    return readable.mail(made(name))


@pytest.mark.parametrize("name", samples.MAILS)
def test_text(name, snapshot):
    """Those of the reports of an ordinary day and week in full; of others what differs."""
    whole = IN_FULL.get(name.partition("_")[0], name)
    if name != whole:
        assert differences(text(name), text(whole)) == snapshot
    else:
        assert text(name) == snapshot


@pytest.mark.parametrize("name", EVERY)
def test_html_is_whole_loads_nothing_and_can_be_heard(name):
    html = readable.html(made(name))
    tags = readable.Html(html).tags
    names = [tag for tag, _ in tags]
    assert not set(names) & {"script", "link", "iframe", "form", "object", "svg"}
    assert names.count("h1") == 1
    images = [attributes for tag, attributes in tags if tag == "img"]
    assert all(image["alt"] for image in images)
    shown = {image["src"].removeprefix("cid:") for image in images}
    parts = [part["Content-ID"] for part in made(name).walk() if part["Content-ID"]]
    assert shown == {part[1:-1] for part in parts}
    assert len(html.encode()) < GMAIL_CUTS_AT
