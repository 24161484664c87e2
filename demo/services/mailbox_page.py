"""The web pages of the demo mailbox.

/                                   all messages
/messages.json                      all messages: id, from, to, subject, date, attachments
/messages/<id>                      one message
/messages/<id>/html                 its HTML body and inline images, without scripts or remote content
/messages/<id>/attachments/<n>      its n-th attachment, from 0
"""

import json
import re
from base64 import b64encode
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import DictLoader, Environment

from demo.services.http_service import Handler, HttpService

_PATH = re.compile(
    r"/messages/(?P<id>[0-9A-Za-z-]+)(?P<html>/html)?(?:/attachments/(?P<number>\d+))?"
)
_HTML = "text/html; charset=utf-8"
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_OWN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
_TEMPLATES = {
    "frame": """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{% block title %}Demo mailbox{% endblock %}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
  h1 { font-size: 1.4rem } a { color: #0b5cad } pre { white-space: pre-wrap }
  table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0 }
  tr { border-bottom: 1px solid #d9e0e6 }
  iframe { width: 100%; height: 34rem; border: 1px solid #d9e0e6 }
</style></head>
<body><main>{% block body %}{% endblock %}</main></body></html>""",
    "list": """{% extends "frame" %}{% block body %}<h1>Demo mailbox</h1>
{% if mails %}<table><tr><th>Subject<th>Date<th>From<th>To<th>Attachments
{% for mail in mails %}<tr><td><a href="/messages/{{ mail.id }}">{{ mail.subject }}</a>
<td>{{ mail.date }}<td>{{ mail.from }}<td>{{ mail.to }}<td>{{ mail.attachments | length }}
{% endfor %}</table>{% else %}<p>No mail yet.</p>{% endif %}{% endblock %}""",
    "message": """{% extends "frame" %}{% block title %}{{ mail.subject }}{% endblock %}
{% block body %}<p><a href="/">All mail</a></p><h1>{{ mail.subject }}</h1>
<table><tr><th>From<td>{{ mail.from }}<tr><th>To<td>{{ mail.to }}<tr><th>Date<td>{{ mail.date }}</table>
{% if mail.attachments %}<h2>Attachments</h2><ul>{% for name in mail.attachments %}
<li><a href="/messages/{{ mail.id }}/attachments/{{ loop.index0 }}">{{ name or "attachment" }}</a>
{% endfor %}</ul>{% endif %}
{% if html %}
<iframe sandbox src="/messages/{{ mail.id }}/html" title="The message as HTML"></iframe>{% endif %}
{% if text %}<h2>Text</h2><pre>{{ text }}</pre>{% endif %}{% endblock %}""",
}
_PAGES = Environment(loader=DictLoader(_TEMPLATES), autoescape=True)


class MailboxServer(HttpService):
    """A server of the messages (`*.eml`) in `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(port, _MailboxHandler)
        self.folder = folder


class _MailboxHandler(Handler):
    def do_GET(self) -> None:
        folder: Path = self.service.folder
        match = _PATH.fullmatch(self.path)
        if self.path == "/":
            page = _PAGES.get_template("list").render(mails=_summaries(folder))
            self._send(page.encode())
        elif self.path == "/messages.json":
            body = json.dumps(_summaries(folder)).encode()
            self._send(body, "application/json")
        elif match and (folder / f"{match['id']}.eml").exists():
            self._send_part(folder / f"{match['id']}.eml", match)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send_part(self, file: Path, match: re.Match[str]) -> None:
        message = _parse(file)
        if match["html"]:
            self._send(_html(message).encode(), policy=_SANDBOX)
        elif match["number"]:
            attachment = list(message.iter_attachments())[int(match["number"])]
            name = quote(attachment.get_filename() or "attachment")
            self._send(
                attachment.get_payload(decode=True) or b"",
                attachment.get_content_type(),
                disposition=f"attachment; filename*=UTF-8''{name}",
            )
        else:
            text = message.get_body(("plain",))
            page = _PAGES.get_template("message").render(
                mail=_summary(file),
                html=message.get_body(("html",)),
                text=text.get_content() if text else "",
            )
            self._send(page.encode())

    def _send(
        self,
        body: bytes,
        content_type: str = _HTML,
        policy: str = _OWN_POLICY,
        disposition: str = "inline",
    ) -> None:
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": policy,
            "Content-Disposition": disposition,
        }
        self.respond(body, content_type, headers=headers)


def _parse(file: Path) -> EmailMessage:
    parser = BytesParser(EmailMessage, policy=policy.default)
    return parser.parsebytes(file.read_bytes())


def _summaries(folder: Path) -> list[dict[str, Any]]:
    """Return the summaries of all messages, newest first."""
    return [_summary(file) for file in sorted(folder.glob("*.eml"), reverse=True)]


def _summary(file: Path) -> dict[str, Any]:
    message = _parse(file)
    names = [part.get_filename() or "" for part in message.iter_attachments()]
    return {
        "id": file.stem,
        "from": str(message["From"] or ""),
        "to": str(message["X-Envelope-To"]),
        "subject": str(message["Subject"] or "(no subject)"),
        "date": str(message["Date"] or ""),
        "attachments": names,
    }


def _html(message: EmailMessage) -> str:
    """Return the HTML body with the inline images as data URLs."""
    body = message.get_body(("html",))
    text = str(body.get_content()) if body else ""
    for part in message.walk():
        name = part.get("Content-ID", "").strip("<>")
        if name and part.get_content_maintype() == "image":
            data = b64encode(part.get_payload(decode=True) or b"").decode()
            image_url = f"data:{part.get_content_type()};base64,{data}"
            text = text.replace(f"cid:{name}", image_url)
    return text
