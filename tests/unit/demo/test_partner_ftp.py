"""What the demo's partner publishes is what happens in the demo company, and the pipeline takes all of it."""

import ftplib
import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from demo.ledger.season import offer_of
from demo.seeders import partner_ftp as seeder
from demo.services import partner_ftp
from demo.services.ports import free_port, wait_for
from ecommerce.sources.partner_ftp.files import read_market_index, read_promotions

TODAY = date(2026, 11, 21)  # a Saturday


def test_its_promotions_are_the_companys_offers_of_the_past_and_those_to_come(
    tmp_path: Path,
) -> None:
    seeder.fill(tmp_path, date(2024, 1, 1), TODAY)
    found = read_promotions((tmp_path / "promotions.csv").read_bytes())
    assert not found.rejected
    assert not found.warnings
    assert [
        (str(each.start_date), str(each.end_date), each.discount_percent)
        for each in found.rows
    ] == [
        ("2024-05-13", "2024-05-19", 25),
        ("2024-11-29", "2024-12-02", 20),
        ("2025-05-12", "2025-05-18", 25),
        ("2025-11-28", "2025-12-01", 20),
        ("2026-05-11", "2026-05-17", 25),
        ("2026-11-27", "2026-11-30", 20),
    ]
    days = [
        date.fromordinal(day)
        for day in range(date(2024, 1, 1).toordinal(), TODAY.toordinal() + 60)
    ]
    assert [
        day
        for day in days
        if any(each.start_date <= day <= each.end_date for each in found.rows)
    ] == [day for day in days if offer_of(day)]


def test_its_index_has_every_week_that_is_over(tmp_path: Path) -> None:
    seeder.fill(tmp_path, date(2024, 1, 1), TODAY)
    found = read_market_index((tmp_path / "market_index.csv").read_bytes())
    assert not found.rejected
    assert not found.warnings
    assert (found.rows[0].week_start, found.rows[-1].week_start) == (
        date(2024, 1, 1),
        date(2026, 11, 9),
    )
    values = [week.index for week in found.rows]
    assert 98 < sum(values) / len(values) < 102
    assert 80 < min(values) < 90
    assert 120 < max(values) < 140


def test_what_was_published_stays_the_same_later(tmp_path: Path) -> None:
    seeder.fill(tmp_path, date(2024, 1, 1), TODAY)
    before = (tmp_path / "market_index.csv").read_text()
    seeder.fill(tmp_path, date(2024, 1, 1), date(2026, 11, 23))
    assert (tmp_path / "market_index.csv").read_text().splitlines()[
        :-1
    ] == before.splitlines()


def test_its_server_shows_files_with_their_checksums_to_whoever_logs_in(
    tmp_path: Path,
) -> None:
    seeder.fill(tmp_path, date(2024, 1, 1), TODAY)
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "demo.services.partner_ftp",
        str(tmp_path),
        str(port),
    ]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port, process=server)
            with ftplib.FTP() as client:
                client.connect("127.0.0.1", port)
                client.login(partner_ftp.LOGIN, partner_ftp.PASSWORD)
                files: dict[str, bytes] = {}
                for name in client.nlst():
                    parts: list[bytes] = []
                    client.retrbinary(f"RETR {name}", parts.append)
                    files[name] = b"".join(parts)
        finally:
            server.terminate()
    for name in ("promotions.csv", "market_index.csv"):
        checksum = hashlib.sha256(files.pop(name)).hexdigest()
        assert files.pop(f"{name}.sha256").decode() == f"{checksum}  {name}\n"
    assert files == {}
