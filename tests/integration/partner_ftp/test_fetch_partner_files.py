"""The script that fetches the partner's files by FTP: which files it accepts, also while they are replaced,
and how it logs in. `source_failures` has its failures."""

import hashlib
from pathlib import Path

import pytest

from ecommerce.core.errors import TransientError
from tests.integration.partner_ftp.fetch import (
    LARGE,
    connect,
    content,
    fetch,
)
from tests.partner_ftp import (
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


def test_a_file_that_is_being_replaced_is_not_accepted(shown):
    shown.fail(
        "promotions.csv",
        lambda file: Sent(
            file,
            then=lambda: shown.put("promotions.csv", NEWER),
        ),
    )
    with pytest.raises(TransientError, match="does not match its published checksum"):
        fetch()
    assert content(fetch())["promotions.csv"] == NEWER


def test_a_checksum_may_be_as_sha256sum_of_any_system_writes_it(shown):
    checksum = sha256(PROMOTIONS)
    for text in (
        f"{checksum.upper()} *exports/promotions.csv\r\n",
        f"\ufeff{checksum}\n",
        f"{checksum}\n{'x' * 1_000_000}",
    ):
        shown.put("promotions.csv", PROMOTIONS, text)
        assert content(fetch())["promotions.csv"] == PROMOTIONS


def test_a_checksum_file_of_one_long_word_matches_nothing(shown):
    """Bash needs an hour for a word of ten megabytes, unless it reads the beginning alone."""
    shown.put(
        "promotions.csv",
        PROMOTIONS,
        "x" * 10_000_000,
    )
    with pytest.raises(TransientError, match="does not match its published checksum"):
        fetch()


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
            connect(
                known,
                site,
                extra={"cacert": str(certificate), **tls},
            )
            assert content(fetch())["promotions.csv"] == PROMOTIONS
            names = [name for name, _ in site.commands]
            assert names.index("AUTH") < names.index("USER")
            assert "P" in site.asked("PROT")
            site.commands.clear()
