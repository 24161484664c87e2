"""What `make check` reports of the partner's server."""

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.forecast.partner_ftp.fetch import check
from tests.integration.partner_ftp.fetch import connect
from tests.partner_ftp import MARKET_INDEX, make_certificate, partner_site

WELL = ("ok", "promotions.csv has 1 promotion, market_index.csv 2 weeks")
IN_CLEAR = (
    "hint",
    "a server without TLS gets login and password unencrypted: set `tls` to 'required'",
)
UNUSABLE = (
    "hint",
    "market_index.csv: 1 of 3 rows cannot be used, the first of them line 4: week_start "
    "'2026-11-22': it is a Sunday, and weeks begin on Mondays",
)


def test_the_files_are_counted_and_hints_given(shown, known, tmp_path):
    assert list(check()) == [WELL, IN_CLEAR]
    shown.put("market_index.csv", MARKET_INDEX + b"2026-11-22,1\n")
    assert list(check()) == [WELL, UNUSABLE, IN_CLEAR]
    certificate = make_certificate(tmp_path)
    with partner_site(tmp_path / "encrypted", certificate) as site:
        connect(
            known,
            site,
            extra={"cacert": str(certificate), "tls": "required"},
        )
        assert list(check()) == [WELL]
        connect(known, site, extra={"cacert": str(tmp_path / "none")})
        with pytest.raises(ContractError, match="the file `cacert` in the extra"):
            list(check())
