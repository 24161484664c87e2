"""Where the password of the partner's server is not, while the script fetches."""

import sys

import pytest

from ecommerce.forecast.partner_ftp import fetch
from tests.integration.partner_ftp.fetch import connect, run_watched
from tests.partner_ftp import MARKET_INDEX, partner_site


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_password_is_in_no_argument_no_environment_of_a_program_and_no_output(
    known, tmp_path
):
    secret = "a-password-of-its-own"
    with partner_site(tmp_path / "partner", password=secret) as site:
        connect(known, site, password=secret)
        site.put(
            "market_index.csv",
            MARKET_INDEX,
            "0" * 64,
        )

        def look_when_a_file_is_opened(look):
            def send(file):
                look()
                return file

            for name in ("promotions.csv", "market_index.csv"):
                site.fail(name, send)

        code, seen, written = run_watched(fetch, look_when_a_file_is_opened)
    assert code == 100
    assert len([text for text in seen if text.startswith("curl")]) == 2
    assert secret not in "\n".join([*seen, *written])
    variables = fetch.script_environment()
    assert [name for name in variables if secret in variables[name]] == ["FTP_OPTIONS"]
