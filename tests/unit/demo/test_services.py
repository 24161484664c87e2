"""The demo's mailbox."""

import json
import smtplib
import urllib.request
from email.message import EmailMessage
from urllib.error import HTTPError

from demo.services import mail
from demo.services.ports import free_port


def get(url):
    """Return status, headers and body of a response."""
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()


def report():
    message = EmailMessage()
    message["From"], message["To"] = "Sales <sales@example.com>", "team@example.com"
    message["Subject"] = "Umsätze <Oktober> & mehr"
    message["Message-ID"] = "<2026-11-18@shop>"
    message.set_content("Net sales: 1.234,50 €")
    html = '<img src="cid:trend"><script>alert(1)</script>'
    message.add_alternative(html, subtype="html")
    picture = {"maintype": "image", "subtype": "png", "cid": "<trend>"}
    message.get_payload(1).add_related(b"picture", **picture)
    pdf = {"maintype": "application", "subtype": "pdf", "filename": "report é.pdf"}
    message.add_attachment(b"%PDF-1.7 \x00", **pdf)
    return message


def test_the_mailbox_shows_a_message_without_running_it(tmp_path):
    smtp_port, page_port = free_port(), free_port()
    site = f"http://127.0.0.1:{page_port}"
    with mail.run_mail_server(tmp_path, smtp_port, page_port):
        assert b"No mail yet." in get(f"{site}/")[2]
        with smtplib.SMTP("127.0.0.1", smtp_port) as client:
            recipients = ["team@example.com", "unnamed@example.com"]
            client.send_message(report(), to_addrs=recipients)
        [summary] = json.loads(get(f"{site}/messages.json")[2])
        assert summary["to"] == "team@example.com, unnamed@example.com"
        assert summary["attachments"] == ["report é.pdf"]
        assert "Umsätze &lt;Oktober&gt; &amp; mehr" in get(f"{site}/")[2].decode()
        message = f"{site}/messages/{summary['id']}"
        page = get(message)[2].decode()
        assert "Net sales: 1.234,50 €" in page
        assert "<script" not in page
        assert "<iframe sandbox " in page
        _, headers, body = get(f"{message}/html")
        assert b'<img src="data:image/png;base64,cGljdHVyZQ==">' in body
        assert headers["Content-Security-Policy"].startswith(
            "sandbox; default-src 'none'"
        )
        assert get(f"{message}/attachments/0")[2] == b"%PDF-1.7 \x00"
        for path in ("/messages/none", "/messages/..%2Fsecret", "/x"):
            assert get(site + path)[0] == 404
