"""The texts of a mail as lines that a person can review, and its HTML read as a strict client does."""

from html.parser import HTMLParser

from tests.unit.pages.reading import lines_of

VOID = {"img", "br", "meta", "hr", "input", "link"}


class Html(HTMLParser):
    """HTML in which everything that is opened is closed."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.tags = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def plain(message):
    """Return the text part of a mail."""
    return message.get_body(("plain",)).get_content()


def html(message):
    """Return the HTML part of a mail."""
    return message.get_body(("html",)).get_content()


def mail(message):
    """Return subject, kind, attachments, the text, and the lines of the HTML."""
    parts = [
        f"Subject: {message['Subject']}",
        f"X-Sales-Mail: {message['X-Sales-Mail']}",
    ]
    for part in message.iter_attachments():
        parts.append(f"Attachment: {part.get_filename()} ({part.get_content_type()})")
    parts += ["", plain(message), "--- HTML", lines_of(html(message), "<body")]
    return "\n".join(parts)
