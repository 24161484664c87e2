"""The company's servers: the mailbox, the emulator, the catalogue, and their ports."""

import json
import os
import signal
import smtplib
import subprocess
import sys
import urllib.request
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from urllib.error import HTTPError

from demo.layout import Ports
from demo.ledger import Ledger
from demo.seeders import catalogue as catalogue_seeder
from demo.services import catalogue, mail
from demo.services.ports import free_port, stays_open, wait_for


def get(url, etag=""):
    """Return status, headers and body of an answer."""
    request = urllib.request.Request(url, headers={"If-None-Match": etag})
    try:
        with urllib.request.urlopen(request) as answer:
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


def start_emulator(folder, port):
    """Start what `make emulator` starts, with its tables in `folder`."""
    code = (
        "import sys, pathlib; from demo.services import emulator; "
        "emulator.main(pathlib.Path(sys.argv[1]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env=os.environ | {"DEMO_BIGQUERY_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_emulator_alone_prints_its_settings_and_ends_by_ctrl_c(tmp_path):
    port = free_port()
    emulator = start_emulator(tmp_path, port)
    wait_for(port, process=emulator)
    second = start_emulator(tmp_path, port)
    refusal = f"emulator: {Ports(bigquery=port).port_taken('bigquery')}\n"
    assert second.communicate() == ("", refusal)
    assert second.returncode == 1
    emulator.send_signal(signal.SIGINT)
    host, connection = emulator.communicate()[0].splitlines()[-2:]
    assert not stays_open(port)
    assert host == f"BIGQUERY_EMULATOR_HOST=http://localhost:{port}"
    assert connection == (
        'AIRFLOW_CONN_BIGQUERY={"conn_type": "google_cloud_platform", '
        '"extra": {"is_anonymous": true, "project": "demo-shop"}}'
    )


def test_the_catalogue_has_pages_and_pictures_that_stay_the_same(tmp_path):
    ledger = Ledger(date(2026, 11, 1), 1, orders_per_day=1)
    snapshot = ledger.as_of(datetime(2026, 11, 2, tzinfo=UTC))
    product = snapshot.products[0]
    more = [replace(product, sku=f"MORE-{number}") for number in range(30)]
    catalogue_seeder.fill(
        tmp_path, replace(snapshot, products=(*snapshot.products, *more))
    )
    with catalogue.CatalogueServer(tmp_path, 0) as server:
        url = f"{server.url}/products?page=1"
        _, headers, body = get(url)
        page = json.loads(body)
        assert len(page["results"]) == 50
        assert get(url, headers["ETag"])[0] == 304
        last = json.loads(get(page["next"])[2])
        assert last["next"] is None
        products = page["results"] + last["results"]
        assert len({found["sku"] for found in products}) == page["count"]
        broken = []
        for found in products:
            if found["image_url"] and get(found["image_url"])[0] == 404:
                broken.append(found["sku"])
        assert broken == [catalogue_seeder.BROKEN]
        for path in ("/products?page=99", "/pictures/../products.json", "/pictures/"):
            assert get(server.url + path)[0] == 404
