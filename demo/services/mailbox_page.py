"""The web pages of the demo mailbox.

/                                   all messages
/messages.json                      all messages: id, from, to, subject, date, attachments
/messages/<id>                      one message
/messages/<id>/html                 its HTML body and inline images, without scripts or remote content
/messages/<id>/attachments/<n>      its n-th attachment, from 0
/messages/<id>/source               the raw message
"""

import json
import re
from base64 import b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from demo.services.http_service import Handler, HttpService

_PATH = re.compile(
    r"/messages/(?P<id>[0-9A-Za-z-]+)(?:/(?P<part>html|source|attachments/(?P<number>\d+)))?"
)
_HTML = "text/html; charset=utf-8"
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_OWN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
  h1 {{ font-size: 1.4rem }} a {{ color: #0b5cad }} pre {{ white-space: pre-wrap }}
  table {{ border-collapse: collapse; width: 100% }}
  td, th {{ text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0 }}
  tr {{ border-bottom: 1px solid #d9e0e6 }}
  iframe {{ width: 100%; height: 34rem; border: 1px solid #d9e0e6 }}
</style></head>
<body><main>{body}</main></body></html>"""


class MailboxServer(HttpService):
    """A server of the messages (`*.eml`) in `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(port, _MailboxHandler)
        self.folder = folder


class _MailboxHandler(Handler):
    def do_GET(self) -> None:
        folder: Path = self.service.folder
        path = self.path.partition("?")[0]
        match = _PATH.fullmatch(path)
        if path == "/":
            self._send(_list_page(folder).encode())
        elif path == "/messages.json":
            summaries = [_summary(name, message) for name, message in _messages(folder)]
            self._send(json.dumps(summaries).encode(), "application/json")
        elif match and (file := folder / f"{match['id']}.eml").exists():
            self._send_message(file, match["part"] or "", match["number"])
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send_message(self, file: Path, part: str, number: str | None) -> None:
        message = _parse(file)
        attachments = list(message.iter_attachments())
        if part == "html":
            self._send(_html(message).encode(), policy=_SANDBOX)
        elif part == "source":
            self._send(file.read_bytes(), "text/plain; charset=utf-8")
        elif number is None:
            self._send(_message_page(file.stem, message).encode())
        elif int(number) < len(attachments):
            attachment = attachments[int(number)]
            name = quote(attachment.get_filename() or f"attachment-{number}")
            self._send(
                attachment.get_payload(decode=True) or b"",
                attachment.get_content_type(),
                disposition=f"attachment; filename*=UTF-8''{name}",
            )
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

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
        }
        self.respond(
            body, content_type, headers=headers | {"Content-Disposition": disposition}
        )


def _parse(file: Path) -> EmailMessage:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _messages(folder: Path) -> list[tuple[str, EmailMessage]]:
    """Return all messages, newest first."""
    return [
        (file.stem, _parse(file)) for file in sorted(folder.glob("*.eml"), reverse=True)
    ]


def _summary(name: str, message: EmailMessage) -> dict[str, Any]:
    return {
        "id": name,
        "from": str(message["From"] or ""),
        "to": str(message["X-Envelope-To"]),
        "subject": str(message["Subject"] or "(no subject)"),
        "date": str(message["Date"] or ""),
        "message_id": str(message["Message-ID"] or ""),
        "attachments": [
            part.get_filename() or "" for part in message.iter_attachments()
        ],
    }


def _html(message: EmailMessage) -> str:
    """Return the HTML body with the inline images as data URLs."""
    body = message.get_body(("html",))
    text = str(body.get_content()) if body else ""
    for part in message.walk():
        if (
            name := part.get("Content-ID", "").strip("<>")
        ) and part.get_content_maintype() == "image":
            data = b64encode(part.get_payload(decode=True) or b"").decode()
            text = text.replace(
                f"cid:{name}", f"data:{part.get_content_type()};base64,{data}"
            )
    return text


def _list_page(folder: Path) -> str:
    rows = []
    for name, message in _messages(folder):
        summary = _summary(name, message)
        cells = (escape(str(summary[column])) for column in ("date", "from", "to"))
        link = f'<a href="/messages/{name}">{escape(str(summary["subject"]))}</a>'
        rows.append(
            f"<tr><td>{link}<td>{'<td>'.join(cells)}<td>{len(summary['attachments'])}"
        )
    table = (
        "<table><tr><th>Subject<th>Date<th>From<th>To<th>Attachments"
        + "".join(rows)
        + "</table>"
    )
    body = f"<h1>Demo mailbox</h1>{table if rows else '<p>No mail yet.</p>'}"
    return _FRAME.format(title="Demo mailbox", body=body)


def _message_page(name: str, message: EmailMessage) -> str:
    summary = _summary(name, message)
    headers = "".join(
        f"<tr><th>{label}<td>{escape(str(summary[label.lower()]))}"
        for label in ("From", "To", "Date")
    )
    links = "".join(
        f'<li><a href="/messages/{name}/attachments/{number}">{escape(file or "attachment")}</a>'
        for number, file in enumerate(summary["attachments"])
    )
    text = message.get_body(("plain",))
    parts = [
        '<p><a href="/">All mail</a></p>',
        f"<h1>{escape(str(summary['subject']))}</h1><table>{headers}</table>",
        f"<h2>Attachments</h2><ul>{links}</ul>" if links else "",
    ]
    if message.get_body(("html",)):
        parts.append(
            f'<iframe sandbox src="/messages/{name}/html" title="The message as HTML"></iframe>'
        )
    if text:
        parts.append(f"<h2>Text</h2><pre>{escape(text.get_content())}</pre>")
    parts.append(f'<p><a href="/messages/{name}/source">Source</a></p>')
    return _FRAME.format(title=escape(str(summary["subject"])), body="".join(parts))
