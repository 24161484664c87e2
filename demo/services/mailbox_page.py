"""The web pages of the demo mailbox.

/                                   all messages
/messages.json                      all messages: id, from, to, subject, date, attachments
/messages/<id>                      one message
/messages/<id>/html                 its HTML body and inline images, without scripts or remote content
/messages/<id>/attachments/<n>      its n-th attachment, from 0
"""

from base64 import b64encode
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, send_file
from jinja2 import DictLoader, Environment

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


def mailbox_app(folder: Path) -> Flask:
    """Return the pages of the messages (`*.eml`) in `folder`."""
    app = Flask(__name__)

    @app.get("/")
    def list_messages() -> str:
        return _PAGES.get_template("list").render(mails=_summaries(folder))

    @app.get("/messages.json")
    def list_as_json() -> Response:
        return jsonify(_summaries(folder))

    @app.get("/messages/<name>")
    def show_message(name: str) -> str:
        file = folder / f"{name}.eml"
        message = _parse(file)
        text = message.get_body(("plain",))
        return _PAGES.get_template("message").render(
            mail=_summary(file),
            html=message.get_body(("html",)),
            text=text.get_content() if text else "",
        )

    @app.get("/messages/<name>/html")
    def show_html(name: str) -> Response:
        message = _parse(folder / f"{name}.eml")
        policy = {"Content-Security-Policy": _SANDBOX}
        return Response(_html(message), headers=policy)

    @app.get("/messages/<name>/attachments/<int:number>")
    def send_attachment(name: str, number: int) -> Response:
        message = _parse(folder / f"{name}.eml")
        attachment = list(message.iter_attachments())[number]
        return send_file(
            BytesIO(attachment.get_payload(decode=True) or b""),
            attachment.get_content_type(),
            as_attachment=True,
            download_name=attachment.get_filename() or "attachment",
        )

    @app.errorhandler(FileNotFoundError)
    def report_unknown_message(_: FileNotFoundError) -> tuple[str, HTTPStatus]:
        return "There is no such message.", HTTPStatus.NOT_FOUND

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _OWN_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


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
