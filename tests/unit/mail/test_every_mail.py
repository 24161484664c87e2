"""What holds for all mails, so that they can be read in every client: with pictures off, in the dark, on a
phone, as text, by a screen reader."""

import re
from email.message import EmailMessage
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest

from ecommerce.core.paths import INCLUDE
from ecommerce.core.text import short_day
from tests.unit.mail import samples
from tests.unit.mail.samples import ARABIC, DAYS, JAPANESE, LONG

# A domain that a shop has removed has no mails.
_OTHERS = sorted(
    each.parent.name for each in Path(__file__).parents[1].glob("*/mail_samples.py")
)
EVERY = samples.MAILS | {
    name: mail
    for domain in _OTHERS
    for name, mail in import_module(f"tests.unit.{domain}.mail_samples").MAILS.items()
}
VOID = {"img", "br", "meta", "hr", "input", "link"}
FIGURE = re.compile(r"[<>]?[±+\N{MINUS SIGN}-]?\d(?:[\d.,:-]*\d)?(?: %)?")
GMAIL_CUTS_AT = 102 * 1024
REPORTS = [name for name in EVERY if name.startswith("report_")]


class Read(HTMLParser):
    """Reads HTML and insists that what is opened is closed. `words` are what people see or hear."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.styles = ""
        self.tables: list[dict[str, bool]] = []
        self.hidden = 0
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert len(found) == len(attrs), f"an attribute of {tag} is there twice"
        self.tags.append((tag, found))
        self.styles += f"{found.get('style', '')};"
        if tag == "table":
            self.tables.append(
                {"presentation": found.get("role") == "presentation", "heads": False}
            )
        if tag == "th":
            assert found.get("scope") in ("row", "col")
            self.tables[-1]["heads"] = True
        if tag == "img":
            self.words.append(found["alt"])
        if tag not in VOID:
            self.open.append(tag)
            self.hidden += "display:none" in found.get("style", "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open) and not self._in_preheader():
            self.words.append(data)
        if "style" in self.open:
            self.styles += data

    def _in_preheader(self) -> bool:
        return self.open[-2:] == ["body", "div"]


@cache
def made(name: str) -> EmailMessage:
    return EVERY[name]()


def text_of(name: str) -> str:
    return made(name).get_body(("plain",)).get_content()


def html_of(name: str) -> str:
    return made(name).get_body(("html",)).get_content()


def figures_of(words: str) -> set[str]:
    without_links = re.sub(r"https?://\S+", " ", words)
    return set(FIGURE.findall(re.sub(r"\s+", " ", without_links)))


def test_every_template_of_a_mail_has_a_sample():
    kinds = {
        path.name.removesuffix("_mail.html")
        for path in (INCLUDE / "templates").glob("*_mail.html")
    }
    assert kinds == {name.partition("_")[0] for name in EVERY}
    texts = {
        path.name.removesuffix("_mail.txt")
        for path in (INCLUDE / "templates").glob("*_mail.txt")
    }
    assert texts == kinds


@pytest.mark.parametrize("name", EVERY)
def test_html_is_whole_and_loads_nothing(name):
    read = Read(html_of(name))
    tags = {tag for tag, _ in read.tags}
    assert not tags & {"script", "link", "iframe", "form", "object", "svg", "video"}
    assert not re.search(r"url\(|@import|expression", read.styles)
    for tag, attributes in read.tags:
        assert not set(attributes) & {"background", "srcset", "onload", "onerror"}
        assert "href" not in attributes or tag == "a"
        assert attributes.get("src", "cid:").startswith("cid:")
    shown = {
        each["src"].removeprefix("cid:") for tag, each in read.tags if tag == "img"
    }
    carried = {
        part["Content-ID"][1:-1] for part in made(name).walk() if part["Content-ID"]
    }
    assert shown == carried


@pytest.mark.parametrize("name", EVERY)
def test_html_can_be_heard_and_is_laid_out_as_old_clients_do(name):
    read = Read(html_of(name))
    assert all(attributes["alt"] for tag, attributes in read.tags if tag == "img")
    assert all(table["presentation"] != table["heads"] for table in read.tables)
    assert [tag for tag, _ in read.tags].count("h1") == 1
    assert dict(read.tags)["html"]["lang"] == "en"
    assert not re.search(r"display:\s*(flex|grid)|position:|float:", read.styles)
    assert all(
        float(size) <= 640
        for size in re.findall(r"(?<![-\w])width:(\d+)px", read.styles)
    )
    assert {"name": "color-scheme", "content": "light dark"} in [
        each for tag, each in read.tags if tag == "meta"
    ]
    assert len(html_of(name).encode()) < GMAIL_CUTS_AT


@pytest.mark.parametrize("name", EVERY)
def test_a_percent_sign_stays_on_the_line_of_its_number(name):
    assert not re.search(r"\d[ \n]%", html_of(name))


@pytest.mark.parametrize("name", EVERY)
def test_what_a_screen_shows_is_written_with_its_colours(name):
    """Without the style sheet, and where a client turns colours around, letters keep a ground."""
    for tag, attributes in Read(html_of(name)).tags:
        style = attributes.get("style", "")
        if (
            "ink" in attributes.get("class", "").split()
            or "muted" in attributes.get("class", "").split()
        ):
            assert "color:#" in style, (tag, attributes)
        if tag == "td" and "background-color" in style:
            assert attributes["bgcolor"] in style


@pytest.mark.parametrize("name", REPORTS)
def test_text_and_html_of_the_report_state_the_same_figures(name):
    said = figures_of(" ".join(Read(html_of(name)).words))
    assert said == figures_of(text_of(name))
    assert len(said) > 5


@pytest.mark.parametrize("name", [f"report_{name}" for name in DAYS])
def test_the_report_s_text_begins_with_its_headline_and_has_short_lines(name):
    lines = text_of(name).splitlines()
    day = DAYS[name.removeprefix("report_")]().business_date
    assert re.match(f"Net sales of {re.escape(short_day(day))}( so far)?: ", lines[0])
    without_names = [line for line in lines if not re.search(r"^[ \d.,]{28}", line)]
    assert max(map(len, without_names)) <= 90


def test_names_in_other_scripts_keep_the_figures_beside_them_in_place():
    text, html = text_of("report_many_partners"), html_of("report_many_partners")
    for name in (JAPANESE, ARABIC, LONG):
        assert name in text
        assert f'<span dir="auto">{name}</span>' in html
    assert f"  1,234.50        10  {ARABIC}\n" in text
    assert "32 others" in text
    assert "320.00" in text
