"""The demo's mailbox."""

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
    html = '<img src="cid:trend"><script>alert(1)</script>'
    message.add_alternative(html, subtype="html")
    picture = message.get_payload(1)
    picture.add_related(b"picture", maintype="image", subtype="png", cid="<trend>")
    pdf = {"maintype": "application", "subtype": "pdf", "filename": "report é.pdf"}
    message.add_attachment(b"%PDF-1.7 \x00", **pdf)
    return message


def test_the_mailbox_shows_a_message_without_running_it(tmp_path):
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
        assert summary["attachments"] == ["report é.pdf"]
        assert "Umsätze &lt;Oktober&gt; &amp; mehr" in requests.get(site).text
        message = f"{site}/messages/{summary['id']}"
        page = requests.get(message).text
        assert "Net sales: 1.234,50 €" in page
        assert "<script" not in page
        assert "<iframe sandbox " in page
        html = requests.get(f"{message}/html")
        assert '<img src="data:image/png;base64,cGljdHVyZQ==">' in html.text
        policy = html.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        pdf = requests.get(f"{message}/attachments/0")
        assert pdf.content == b"%PDF-1.7 \x00"
        for path in ("messages/none", "messages/..%2Fsecret", "x"):
            assert requests.get(f"{site}/{path}").status_code == 404
