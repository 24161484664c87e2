import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from http.client import HTTPMessage
from pathlib import Path
from urllib.error import HTTPError

import pytest

from demo.layout import Ports
from demo.ledger import Ledger
from demo.seeders import catalogue as catalogue_seeder
from demo.services import catalogue, emulator, exchange_rates, mail, postgres
from demo.services.ports import free_port, stays_open, wait_for


@dataclass(frozen=True)
class Mailbox:
    folder: Path
    smtp_port: int
    page_port: int

    def send(self, message: EmailMessage, recipients: list[str]) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as client:
            client.send_message(message, to_addrs=recipients)

    def get(self, path: str) -> tuple[HTTPMessage, bytes]:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.page_port}{path}"
        ) as answer:
            return answer.headers, answer.read()

    def newest(self) -> dict[str, object]:
        return json.loads(self.get("/messages.json")[1])[0]


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    box = Mailbox(tmp_path, free_port(), free_port())
    with mail.run_mail_server(box.folder, box.smtp_port, box.page_port):
        yield box


def _report() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Sales <sales@example.com>", "team@example.com"
    message["Subject"] = "Umsätze <Oktober> & mehr"
    message["Message-ID"] = "<2026-11-18@shop>"
    message.set_content("Net sales: 1.234,50 €")
    message.add_alternative("<p>Net sales</p><script>alert(1)</script>", subtype="html")
    message.add_attachment(
        b"%PDF-1.7 \x00", maintype="application", subtype="pdf", filename="report é.pdf"
    )
    return message


def test_a_sent_message_is_in_the_list(mailbox: Mailbox) -> None:
    mailbox.send(_report(), ["team@example.com", "unnamed@example.com"])
    summary = mailbox.newest()
    assert summary["to"] == "team@example.com, unnamed@example.com"
    assert summary["subject"] == "Umsätze <Oktober> & mehr"
    assert summary["message_id"] == "<2026-11-18@shop>"
    assert summary["attachments"] == ["report é.pdf"]
    assert "Umsätze &lt;Oktober&gt; &amp; mehr" in mailbox.get("/")[1].decode()


def test_a_message_shows_text_and_html_without_running_it(mailbox: Mailbox) -> None:
    mailbox.send(_report(), ["team@example.com"])
    path = f"/messages/{mailbox.newest()['id']}"
    page = mailbox.get(path)[1].decode()
    assert "Net sales: 1.234,50 €" in page
    assert "<script" not in page
    assert f'<iframe sandbox src="{path}/html"' in page
    headers, body = mailbox.get(f"{path}/html")
    assert b"<script>alert(1)</script>" in body
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_inline_images_of_a_message_are_in_its_html(mailbox: Mailbox) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "shop@example.com", "team@example.com"
    message.set_content("text")
    message.add_alternative('<img src="cid:trend" alt="Trend">', subtype="html")
    html = message.get_payload(1)
    html.add_related(b"picture", maintype="image", subtype="png", cid="<trend>")
    message.add_attachment(
        b"%PDF", maintype="application", subtype="pdf", filename="report.pdf"
    )
    mailbox.send(message, ["team@example.com"])
    found = mailbox.newest()
    assert found["attachments"] == ["report.pdf"]
    page = mailbox.get(f"/messages/{found['id']}/html")[1].decode()
    assert page.strip() == '<img src="data:image/png;base64,cGljdHVyZQ==" alt="Trend">'


def test_attachments_are_unchanged(mailbox: Mailbox) -> None:
    mailbox.send(_report(), ["team@example.com"])
    headers, body = mailbox.get(f"/messages/{mailbox.newest()['id']}/attachments/0")
    assert body == b"%PDF-1.7 \x00"
    assert headers["Content-Type"] == "application/pdf"
    assert (
        headers["Content-Disposition"]
        == "attachment; filename*=UTF-8''report%20%C3%A9.pdf"
    )


@pytest.mark.parametrize(
    "path",
    ["/messages/none", "/messages/..%2Fsecret", "/messages/{id}/attachments/7", "/x"],
)
def test_what_is_not_there_is_not_found(mailbox: Mailbox, path: str) -> None:
    mailbox.send(_report(), ["team@example.com"])
    with pytest.raises(HTTPError) as error:
        mailbox.get(path.format(id=mailbox.newest()["id"]))
    assert error.value.code == 404


def test_an_empty_mailbox_has_no_list(mailbox: Mailbox) -> None:
    assert b"No mail yet." in mailbox.get("/")[1]


def test_the_central_bank_serves_its_files(tmp_path: Path) -> None:
    (tmp_path / "stats").mkdir()
    (tmp_path / "stats" / "rates.csv").write_text("Date,USD,\n")
    with (
        exchange_rates.server(tmp_path, 0) as server,
        urllib.request.urlopen(f"{server.url}/stats/rates.csv") as answer,
    ):
        assert answer.read() == b"Date,USD,\n"


def test_a_database_server_that_was_never_there_is_stopped_already(tmp_path):
    postgres.Postgres(tmp_path / "nothing" / "data", 0).stop()
    assert not (tmp_path / "nothing").exists()


def start_emulator(folder: Path, port: int) -> subprocess.Popen[str]:
    """As `make emulator`, with its tables in `folder`."""
    become = (
        "import sys, pathlib; from demo.services import emulator; "
        "emulator.main(pathlib.Path(sys.argv[1]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", become, str(folder)],
        env=os.environ | {"DEMO_BIGQUERY_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_emulator_alone_prints_its_settings_and_ends_by_ctrl_c(
    tmp_path: Path,
) -> None:
    port = free_port()
    started = start_emulator(tmp_path, port)
    wait_for(port, process=started)
    second = start_emulator(tmp_path, port)
    assert second.communicate() == (
        "",
        f"emulator: {Ports(bigquery=port).port_taken('bigquery')}\n",
    )
    assert second.returncode == 1
    started.send_signal(signal.SIGINT)
    output, _ = started.communicate()
    assert not stays_open(port)
    name, _, connection = output.splitlines()[-1].partition("=")
    assert output.splitlines()[-2] == f"BIGQUERY_EMULATOR_HOST=http://localhost:{port}"
    assert name == "AIRFLOW_CONN_BIGQUERY"
    assert json.loads(connection)["extra"] == {
        "is_anonymous": True,
        "project": emulator.PROJECT,
    }


def test_the_catalogue_has_pages_pictures_and_answers_that_stay_the_same(
    tmp_path: Path,
) -> None:
    snapshot = Ledger(date(2026, 11, 1), 1, orders_per_day=1).as_of(
        datetime(2026, 11, 2, tzinfo=UTC)
    )
    more = tuple(
        replace(snapshot.products[0], sku=f"MORE-{number}") for number in range(30)
    )
    catalogue_seeder.fill(
        tmp_path, replace(snapshot, products=snapshot.products + more)
    )

    def get(url: str, etag: str = "") -> tuple[int, bytes, str]:
        request = urllib.request.Request(
            url, headers={"If-None-Match": etag} if etag else {}
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), answer.headers["ETag"]
        except HTTPError as error:
            return error.code, error.read(), error.headers["ETag"]

    with catalogue.CatalogueServer(tmp_path, 0) as server:
        address = server.url
        status, body, etag = get(f"{address}/products?page=1")
        page = json.loads(body)
        assert (status, page["count"], len(page["results"])) == (
            200,
            len(snapshot.products) + 30,
            50,
        )
        assert get(f"{address}/products?page=1", etag)[:2] == (304, b"")
        last = json.loads(get(page["next"])[1])
        assert last["next"] is None
        products = page["results"] + last["results"]
        assert len({each["sku"] for each in products}) == page["count"]
        found = {
            each["sku"]: get(each["image_url"])[:2]
            for each in products
            if each["image_url"]
        }
        assert [sku for sku, (status, _) in found.items() if status == 404] == [
            catalogue_seeder.BROKEN
        ]
        assert found["MUG-01"] == found["mug-01"]
        assert (
            get(f"{address}/products?page=99")[0]
            == get(f"{address}/products?page=x")[0]
            == 404
        )
        assert (
            get(f"{address}/pictures/../products.json")[0]
            == get(f"{address}/pictures/")[0]
            == 404
        )


def test_a_picture_of_the_catalogue_is_drawn_once_and_always_the_same(
    tmp_path: Path,
) -> None:
    snapshot = Ledger(date(2026, 11, 1), 1, orders_per_day=1).as_of(
        datetime(2026, 11, 2, tzinfo=UTC)
    )
    few = replace(snapshot, products=snapshot.products[:3])
    for name in ("first", "second"):
        catalogue_seeder.fill(tmp_path / name, few)
    drawn = {
        path.name: path.stat().st_mtime_ns
        for path in (tmp_path / "first" / "pictures").iterdir()
    }
    catalogue_seeder.fill(tmp_path / "first", few)
    for path in (tmp_path / "first" / "pictures").iterdir():
        assert path.stat().st_mtime_ns == drawn[path.name]
        assert (
            path.read_bytes()
            == (tmp_path / "second" / "pictures" / path.name).read_bytes()
        )


def test_a_port_that_a_stranger_has_taken_is_not_taken_for_the_programs_own():
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        beaten = subprocess.Popen(
            [sys.executable, "-c", "raise SystemExit('Address already in use')"]
        )
        with pytest.raises(RuntimeError, match=f"the program for port {port} ended"):
            wait_for(port, process=beaten)


def test_a_free_port_is_none_that_the_system_gives_to_clients():
    assert all(20_000 <= free_port() < 32_000 for _ in range(50))
