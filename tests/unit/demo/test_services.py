"""The demo's mailbox, and the ports of its services."""

import random
import smtplib
from email.message import EmailMessage

import requests

from demo.services import mail
from demo.services.ports import free_port


def report():
    message = EmailMessage()
    message["From"] = "Sales <sales@example.com>"
    message["To"] = "team@example.com"
    message["Subject"] = "Umsätze <Oktober> & mehr"
    message.set_content("Net sales: 1.234,50 €")
    message.add_alternative("<script>alert(1)</script>", subtype="html")
    return message


def test_the_mailbox_shows_a_message_without_running_it(tmp_path):
    """`tests/browser` has its pictures and attachments."""
    smtp_port = free_port()
    page_port = free_port()
    site = f"http://127.0.0.1:{page_port}"
    recipients = ["team@example.com", "unnamed@example.com"]
    with mail.run_mail_server(tmp_path, smtp_port, page_port):
        assert "No mail yet." in requests.get(site).text
        with smtplib.SMTP("127.0.0.1", smtp_port) as client:
            client.send_message(report(), to_addrs=recipients)
        [summary] = requests.get(f"{site}/messages.json").json()
        assert summary["to"] == ", ".join(recipients)
        assert "Umsätze &lt;Oktober&gt; &amp; mehr" in requests.get(site).text
        message = f"{site}/messages/{summary['id']}"
        page = requests.get(message).text
        assert "Net sales: 1.234,50 €" in page
        assert "<script" not in page
        assert "<iframe sandbox " in page
        policy = requests.get(f"{message}/html").headers["Content-Security-Policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        for path in ("messages/none", "messages/..%2Fsecret", "x"):
            assert requests.get(f"{site}/{path}").status_code == 404


def test_a_port_is_given_once(monkeypatch):
    """Also where it is not in use yet."""
    first = free_port()
    chosen = [31_999, first]
    monkeypatch.setattr(
        random.SystemRandom, "randrange", lambda *_: chosen.pop() if chosen else 31_998
    )
    assert free_port() != first
