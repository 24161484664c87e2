"""What `make check` says of the partner's server."""

from pathlib import Path

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sources.partner_ftp.fetch_command import check
from tests.integration.partner_ftp.fetch import connect
from tests.partner_ftp import MARKET_INDEX, PartnerSite, make_certificate, partner_site

WELL = (
    "ok",
    "promotions.csv has 1 promotion, market_index.csv 2 weeks, the last of them 2026-11-16",
)
IN_CLEAR = (
    "hint",
    "a server without TLS gets login and password unencrypted: set `tls` to 'required'",
)


def test_where_all_is_well_it_says_what_there_is(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    with partner_site(tmp_path / "partner", certificate) as site:
        connect(known, site, extra={"cacert": str(certificate), "tls": "required"})
        assert list(check()) == [WELL]


def test_a_login_in_clear_is_hinted_at(shown: PartnerSite) -> None:
    assert list(check()) == [WELL, IN_CLEAR]


def test_an_unusable_row_is_hinted_at(shown: PartnerSite) -> None:
    shown.put("market_index.csv", MARKET_INDEX + b"2026-11-22,1\n")
    assert list(check()) == [
        WELL,
        (
            "hint",
            "market_index.csv: 1 of 3 rows cannot be used, the first of them line 4: week_start 2026-11-22 "
            "is a Sunday, and weeks begin on Mondays",
        ),
        IN_CLEAR,
    ]


def test_a_missing_file_is_told_after_one_look(shown: PartnerSite) -> None:
    (shown.root / "market_index.csv").unlink()
    with pytest.raises(
        ContractError, match=r"partner_ftp: market_index\.csv is not on the server"
    ):
        list(check())


def test_files_that_cannot_be_read_are_told(shown: PartnerSite) -> None:
    shown.put("promotions.csv", b"")
    with pytest.raises(
        ContractError, match=r"promotions\.csv cannot be read: it is empty"
    ):
        list(check())


def test_where_tls_is_required_nothing_else_is_tried(
    shown: PartnerSite, known: pytest.MonkeyPatch
) -> None:
    connect(known, shown, extra={"tls": "required"})
    with pytest.raises(
        ContractError, match="the server offers no TLS, and the connection requires it"
    ):
        list(check())
    assert shown.asked("USER") == []
