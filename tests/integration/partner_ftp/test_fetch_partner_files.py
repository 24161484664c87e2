"""The script that fetches the partner's files by FTP: which files it accepts, also while they are replaced,
and how it logs in. `source_failures` has its failures."""

import hashlib
from pathlib import Path

import pytest

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
