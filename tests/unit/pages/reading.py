"""What a page says, row by row."""

import re
from html import unescape

LINES = re.compile(r"<(?:tr|p|h\d|li|dt|dd|summary|section|nav|form|option|title)\b")
SHOWN = re.compile(
    r'<(?:a|img|form|option)\b[^>]*?(?:href|src|action|value)="([^"]*)"[^>]*>'
)


def text_of(html):
    """The words of a piece of HTML on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def lines_of(html, content="<main"):
    """The words of a page's content line by line, with addresses and values in brackets."""
    body = html.partition(content)[2].partition(">")[2]
    body = SHOWN.sub(r" [\1] ", LINES.sub(r"\n\g<0>", body.replace("\n", " ")))
    lines = (text_of(line) for line in body.splitlines())
    return "\n".join(line for line in lines if line)


def row(page, begins):
    """The words of the first row of a table whose first cell is `begins`."""
    rows = [text_of(html) for html in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]
    return next(words for words in rows if words.startswith(begins))


def part(page, section):
    """The words of the section with an id."""
    html = page.partition(f'<section id="{section}"')[2].partition("</section>")[0]
    return text_of(html.partition(">")[2])


def check_report(page, texts):
    """Check that a page has the tiles and the sections of a report, each with its rows and remarks."""
    shown = text_of(page)
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        assert f"{tile['label']} {tile['value']} " in shown
    assert texts["sections"]
    for section in texts["sections"]:
        words = part(page, section["id"])
        rows = [" ".join(filter(None, cells)) for cells in section["rows"]]
        for line in (*rows, section["note"], section["empty"], *section["remarks"]):
            assert line in words


def mail_of(message):
    """The words of a mail: its plain part, then its HTML part on one line."""
    plain = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    return f"{plain}\n{text_of('<body' + html.partition('<body')[2])}"
