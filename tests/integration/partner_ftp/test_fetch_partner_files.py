"""The script that fetches the partner's files by FTP: which files it accepts, and what it tells of others."""

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
    sha256,
)
from tests.partner_ftp import MARKET_INDEX, PROMOTIONS, PartnerSite, Sent


def test_both_files_reach_staging_with_checksums_that_sha256sum_can_check(
    shown: PartnerSite,
) -> None:
    manifest = fetch()
    assert content(manifest) == {
        "promotions.csv": PROMOTIONS,
        "market_index.csv": MARKET_INDEX,
    }
    folder = Path(manifest.uri.removeprefix("file://"))
    for name, text in content(manifest).items():
        assert (folder / f"{name}.sha256").read_text() == f"{sha256(text)}  {name}\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("manifest.json", "market_index.csv", "market_index.csv.sha256"),
        *("promotions.csv", "promotions.csv.sha256"),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "{}\n",
        "{}  promotions.csv\n",
        "{} *promotions.csv\r\n",
        "\ufeff{}\r\n",
        "{}\tpromotions.csv",
    ],
)
def test_a_checksum_is_read_as_people_write_it(shown: PartnerSite, form: str) -> None:
    shown.put("promotions.csv", PROMOTIONS, form.format(sha256(PROMOTIONS).upper()))
    assert content(fetch())["promotions.csv"] == PROMOTIONS


@pytest.mark.parametrize(
    "text", ["", "\n", "no checksum", "0" * 63, "0" * 65, "\0" * 64]
)
def test_what_is_no_checksum_is_named(shown: PartnerSite, text: str) -> None:
    shown.put("promotions.csv", PROMOTIONS, text)
    said = problem(errors.ContractError, PARTNER_FTP_LOOKS="1")
    assert said.startswith(
        "promotions.csv.sha256 does not begin with a SHA-256 checksum"
    )


@pytest.mark.parametrize("path", ["exports/daily shop #1", "/exports/daily shop #1"])
def test_the_files_may_lie_in_a_folder(
    shown: PartnerSite, known: pytest.MonkeyPatch, path: str
) -> None:
    connect(known, shown, extra={"path": path})
    for name, text in (("promotions.csv", LARGE), ("market_index.csv", MARKET_INDEX)):
        shown.put(f"exports/daily shop #1/{name}", text)
    assert content(fetch())["promotions.csv"] == LARGE
    connect(known, shown, extra={"path": "elsewhere"})
    assert "does not let this login into the folder (550): check `path`" in problem(
        errors.ContractError
    )


@pytest.mark.parametrize(
    "name",
    [
        "promotions.csv",
        "market_index.csv",
        "promotions.csv.sha256",
        "market_index.csv.sha256",
    ],
)
def test_a_file_that_is_missing_is_named(shown: PartnerSite, name: str) -> None:
    (shown.root / name).unlink()
    assert problem(errors.ContractError).startswith(
        f"{name} is not on the server, or this login may not"
    )


def test_a_wrong_checksum_is_told_with_both_after_looks_at_growing_intervals(
    shown: PartnerSite, tmp_path: Path
) -> None:
    shown.put("market_index.csv", MARKET_INDEX, "0" * 64)
    sleep = tmp_path / "bin" / "sleep"
    sleep.parent.mkdir()
    sleep.write_text('#!/bin/sh\necho "$1" >>"$0.log"\n')
    sleep.chmod(0o755)
    path = f"{sleep.parent}:{os.environ['PATH']}"
    said = problem(
        errors.ContractError,
        PARTNER_FTP_LOOKS="3",
        PARTNER_FTP_LOOK_PAUSE="5",
        PATH=path,
    )
    assert said == (
        f"market_index.csv does not match market_index.csv.sha256: its checksum is "
        f"{sha256(MARKET_INDEX)}, the published one is {'0' * 64}"
    )
    assert shown.asked("RETR").count("market_index.csv") == 3
    assert Path(f"{sleep}.log").read_text().split() == ["5", "10"]


def test_a_file_that_is_still_being_uploaded_is_looked_at_again(
    shown: PartnerSite,
) -> None:
    shown.put("promotions.csv", LARGE[:50_000], sha256(LARGE))
    shown.fail(
        "promotions.csv",
        lambda file: Sent(file, then=lambda: shown.put("promotions.csv", LARGE)),
    )
    assert content(fetch())["promotions.csv"] == LARGE


def test_files_replaced_between_download_and_checksum_are_not_mixed(
    shown: PartnerSite,
) -> None:
    newer = PROMOTIONS.replace(b",20", b",25")
    shown.fail(
        "promotions.csv",
        lambda file: Sent(file, then=lambda: shown.put("promotions.csv", newer)),
    )
    assert content(fetch())["promotions.csv"] == newer
    assert shown.asked("RETR").count("promotions.csv") == 2


def test_after_a_broken_connection_only_the_rest_is_fetched(shown: PartnerSite) -> None:
    shown.put("promotions.csv", LARGE)
    shown.fail(
        "promotions.csv",
        lambda file: Sent(file, 100_000),
        lambda file: Sent(file, 50_000),
    )
    assert content(fetch())["promotions.csv"] == LARGE
    assert shown.asked("REST") == ["100000", "150000"]


def test_parts_of_two_versions_are_fetched_once_more_from_the_start(
    shown: PartnerSite,
) -> None:
    newer = LARGE.replace(b",20", b",25")
    shown.put("promotions.csv", LARGE)
    replace = lambda: shown.put("promotions.csv", newer)  # noqa: E731
    shown.fail("promotions.csv", lambda file: Sent(file, 100_000, then=replace))
    # One look is enough, so nobody waits.
    assert content(fetch(PARTNER_FTP_LOOKS="1"))["promotions.csv"] == newer
    assert shown.asked("REST") == ["100000"]


def test_a_newer_version_that_is_shorter_than_what_is_there_is_fetched_from_the_start(
    shown: PartnerSite,
) -> None:
    shown.put("promotions.csv", LARGE)
    replace = lambda: shown.put("promotions.csv", PROMOTIONS)  # noqa: E731
    shown.fail("promotions.csv", lambda file: Sent(file, 100_000, then=replace))
    assert content(fetch(PARTNER_FTP_LOOKS="1"))["promotions.csv"] == PROMOTIONS


def test_a_connection_that_breaks_every_time_is_told(shown: PartnerSite) -> None:
    shown.put("promotions.csv", LARGE)
    shown.fail("promotions.csv", *[lambda file: Sent(file, 100)] * 4)
    assert "fetching promotions.csv failed: the connection broke" in problem(
        errors.TransientError
    )


def test_an_empty_file_is_a_file(shown: PartnerSite) -> None:
    shown.put("promotions.csv", b"")
    assert content(fetch())["promotions.csv"] == b""
