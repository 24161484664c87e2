"""The script that fetches the partner's files by FTP: which files it accepts, also while they are replaced,
and how it logs in. `source_failures` has its failures."""

import hashlib
import os
from pathlib import Path

import pytest

from ecommerce.core import errors
from tests.integration.partner_ftp.fetch import (
    LARGE,
    connect,
    content,
    fetch,
    problem,
)
from tests.partner_ftp import (
    MARKET_INDEX,
    PROMOTIONS,
    Sent,
    make_certificate,
    partner_site,
)

NEWER = LARGE.replace(b",20", b",25")


def sha256(text):
    return hashlib.sha256(text).hexdigest()


def test_both_files_reach_staging_with_checksums_that_sha256sum_can_check(shown):
    shown.put("market_index.csv", b"")
    manifest = fetch()
    files = {"promotions.csv": PROMOTIONS, "market_index.csv": b""}
    assert content(manifest) == files
    folder = Path(manifest.uri.removeprefix("file://"))
    for name, text in files.items():
        assert (folder / f"{name}.sha256").read_text() == f"{sha256(text)}  {name}\n"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "manifest.json",
        "market_index.csv",
        "market_index.csv.sha256",
        "promotions.csv",
        "promotions.csv.sha256",
    }


def test_a_checksum_is_read_as_people_write_it(shown):
    checksum = sha256(PROMOTIONS).upper()
    for text in (
        checksum,
        f"{checksum}\n",
        f"{checksum}  promotions.csv\n",
        f"{checksum} *promotions.csv\r\n",
        f"\ufeff{checksum}\r\n",
        f"{checksum}\tpromotions.csv",
    ):
        shown.put("promotions.csv", PROMOTIONS, text)
        assert content(fetch())["promotions.csv"] == PROMOTIONS, text
    for text in ("", "\n", "0" * 63, "0" * 65, "\0" * 64):
        shown.put("promotions.csv", PROMOTIONS, text)
        sentence = problem(errors.ContractError, PARTNER_FTP_LOOKS="1")
        assert "does not begin with a SHA-256 checksum" in sentence


def test_the_files_may_lie_in_a_folder(shown, known):
    for name, text in (("promotions.csv", LARGE), ("market_index.csv", MARKET_INDEX)):
        shown.put(f"exports/daily shop #1/{name}", text)
    for path in ("exports/daily shop #1", "/exports/daily shop #1"):
        connect(known, shown, extra={"path": path})
        assert content(fetch())["promotions.csv"] == LARGE


def test_a_wrong_checksum_is_looked_at_again_at_growing_intervals(shown, tmp_path):
    shown.put("market_index.csv", MARKET_INDEX, "0" * 64)
    sleep = tmp_path / "bin" / "sleep"
    sleep.parent.mkdir()
    sleep.write_text('#!/bin/sh\necho "$1" >>"$0.log"\n')
    sleep.chmod(0o755)
    path = f"{sleep.parent}:{os.environ['PATH']}"
    looks = {"PARTNER_FTP_LOOKS": "3", "PARTNER_FTP_LOOK_PAUSE": "5"}
    problem(errors.ContractError, PATH=path, **looks)
    assert shown.asked("RETR").count("market_index.csv") == 3
    assert Path(f"{sleep}.log").read_text().split() == ["5", "10"]


def test_a_file_that_is_being_replaced_is_looked_at_again(shown):
    shown.put("promotions.csv", LARGE[:50_000], sha256(LARGE))  # its upload goes on
    shown.fail(
        "promotions.csv",
        lambda file: Sent(file, then=lambda: shown.put("promotions.csv", LARGE)),
    )
    assert content(fetch())["promotions.csv"] == LARGE
    # Replaced between its download and that of its checksum.
    shown.commands.clear()
    shown.fail(
        "promotions.csv",
        lambda file: Sent(file, then=lambda: shown.put("promotions.csv", NEWER)),
    )
    assert content(fetch())["promotions.csv"] == NEWER
    assert shown.asked("RETR").count("promotions.csv") == 2


def test_after_a_broken_connection_only_the_rest_is_fetched(shown):
    shown.put("promotions.csv", LARGE)
    shown.fail(
        "promotions.csv",
        lambda file: Sent(file, 100_000),
        lambda file: Sent(file, 50_000),
    )
    assert content(fetch())["promotions.csv"] == LARGE
    assert shown.asked("REST") == ["100000", "150000"]


@pytest.mark.parametrize(
    ("newer", "resumed"),
    [(NEWER, ["100000"]), (PROMOTIONS, [])],
    ids=["as long", "shorter"],
)
def test_parts_of_two_versions_are_not_mixed(shown, newer, resumed):
    shown.put("promotions.csv", LARGE)
    shown.fail(
        "promotions.csv",
        lambda file: Sent(
            file, 100_000, then=lambda: shown.put("promotions.csv", newer)
        ),
    )
    # One look is enough: it begins again by itself.
    assert content(fetch(PARTNER_FTP_LOOKS="1"))["promotions.csv"] == newer
    assert shown.asked("REST") == resumed


def without(command):
    """A server that does not know a command, as old ones do."""
    from pyftpdlib.handlers import FTPHandler

    commands = dict(FTPHandler.proto_cmds)
    del commands[command]
    return {"proto_cmds": commands}


def test_old_servers_announce_no_size_and_cannot_resume(known, tmp_path):
    with partner_site(tmp_path / "no-size", **without("SIZE")) as site:
        connect(known, site)
        site.put("promotions.csv", LARGE)
        assert content(fetch())["promotions.csv"] == LARGE
        sentence = problem(errors.ContractError, PARTNER_FTP_MOST_BYTES="102400")
        assert "it is larger than 102400 bytes" in sentence
    with partner_site(tmp_path / "no-rest", **without("REST")) as site:
        connect(known, site)
        site.put("promotions.csv", LARGE)
        site.fail("promotions.csv", lambda file: Sent(file, 100_000))
        assert content(fetch())["promotions.csv"] == LARGE


def test_login_and_password_are_sent_as_they_are_written(known, tmp_path):
    accounts = [
        ("shop@partner.example", "a\"b\\c d'e"),
        ("läden", 'pä$$ `id` %41 \\n #"'),
        ("a", ""),
    ]
    for number, (login, password) in enumerate(accounts):
        account = {"login": login, "password": password}
        with partner_site(tmp_path / f"{number}", **account) as site:
            connect(known, site, **account)
            assert content(fetch())["promotions.csv"] == PROMOTIONS


def test_a_server_that_offers_tls_gets_login_and_files_encrypted(known, tmp_path):
    certificate = make_certificate(tmp_path)
    demands = {"tls_control_required": True, "tls_data_required": True}
    with partner_site(tmp_path / "partner", certificate, **demands) as site:
        for tls in ({}, {"tls": "offered"}, {"tls": "required"}):
            connect(known, site, extra={"cacert": str(certificate), **tls})
            assert content(fetch())["promotions.csv"] == PROMOTIONS
            names = [name for name, _ in site.commands]
            assert names.index("AUTH") < names.index("USER")
            assert "P" in site.asked("PROT")
            site.commands.clear()
