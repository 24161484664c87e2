"""What holds for all mails, so that they can be read in every client: with pictures off, in the dark, on a
phone, as text, by a screen reader. And the full text of each."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from ecommerce.core.paths import INCLUDE
from tests.unit.mail import readable, samples
from tests.unit.mail.samples import ARABIC, JAPANESE, LONG

# A domain that a shop has removed has no mails.
_OTHERS = sorted(
    each.parent.name for each in Path(__file__).parents[1].glob("*/mail_samples.py")
)
EVERY = dict(samples.MAILS)
for domain in _OTHERS:
    EVERY |= import_module(f"tests.unit.{domain}.mail_samples").MAILS
FIGURE = re.compile(r"[<>]?[±+\N{MINUS SIGN}-]?\d(?:[\d.,:-]*\d)?(?: %)?")
GMAIL_CUTS_AT = 102 * 1024
REPORTS = [name for name in EVERY if name.startswith("report_")]
NOT_REVIEWED = {"report_crowded", "report_many_partners"}
"""The mails whose names are all that is special; their texts are not reviewed in full."""


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")


@cache
def made(name):
    return EVERY[name]()


@pytest.mark.parametrize(
    "name", [name for name in samples.MAILS if name not in NOT_REVIEWED]
)
def test_text(name, snapshot):
    assert readable.mail(made(name)) == snapshot


def test_every_template_of_a_mail_has_a_sample():
    files = (INCLUDE / "templates").glob("*_mail.html")
    kinds = {path.name.removesuffix("_mail.html") for path in files}
    assert kinds == {name.partition("_")[0] for name in EVERY}


@pytest.mark.parametrize("name", EVERY)
def test_html_is_whole_loads_nothing_and_can_be_heard(name):
    html = readable.html(made(name))
    read = readable.Html(html)
    tags = [tag for tag, _ in read.tags]
    assert not set(tags) & {"script", "link", "iframe", "form", "object", "svg"}
    assert not re.search(r"url\(|@import|expression", html)
    shown = set()
    for tag, attributes in read.tags:
        assert not set(attributes) & {"background", "srcset", "onload", "onerror"}
        if tag == "img":
            assert attributes["alt"]
            shown.add(attributes["src"].removeprefix("cid:"))
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
        if {"ink", "muted"} & set(attributes.get("class", "").split()):
            # Where a client turns colours around, letters keep theirs.
            assert "color:#" in attributes["style"]
    parts = [part["Content-ID"] for part in made(name).walk() if part["Content-ID"]]
    assert shown == {part[1:-1] for part in parts}
    assert tags.count("h1") == 1
    assert len(html.encode()) < GMAIL_CUTS_AT
    assert not re.search(r"\d[ \n]%", html), "a percent sign is on another line"


@pytest.mark.parametrize("name", REPORTS)
def test_text_and_html_of_the_report_state_the_same_figures(name):
    words = [
        word
        for word in readable.Html(readable.html(made(name))).words
        if not word.startswith("<http")
    ]
    text = re.sub(r"https?://\S+", " ", readable.plain(made(name)))
    in_text = set(FIGURE.findall(" ".join(text.split())))
    assert set(FIGURE.findall(" ".join(" ".join(words).split()))) == in_text
    assert len(in_text) > 5


def test_names_in_other_scripts_keep_the_figures_beside_them_in_place():
    message = made("report_many_partners")
    text, html = readable.plain(message), readable.html(message)
    for name in (JAPANESE, ARABIC, LONG):
        assert f"  1,234.50        10  {name}\n" in text
        assert f'<span dir="auto">{name}</span>' in html
    assert "              320.00       320  32 others\n" in text
