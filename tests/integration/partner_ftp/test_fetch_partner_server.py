"""Where the password of the partner's server is not, while the script fetches."""

import os
import subprocess
import sys

import pytest

from ecommerce.forecast.partner_ftp import fetch_command
from tests.integration.partner_ftp.fetch import AT_ONCE, connect, everything_readable
from tests.partner_ftp import MARKET_INDEX, partner_site


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_password_is_in_no_argument_no_environment_of_a_program_and_no_output(
    known, tmp_path
):
    secret = "a-password-of-its-own"
    started = []
    seen = []

    def look_around(file):
        """While the server opens the file, curl waits for it."""
        seen.extend(everything_readable(started[0].pid))
        return file

    with partner_site(tmp_path / "partner", password=secret) as site:
        connect(known, site, password=secret)
        site.put("market_index.csv", MARKET_INDEX, "0" * 64)
        for name in ("promotions.csv", "market_index.csv"):
            site.fail(name, look_around)
        with fetch_command.fetch_folder() as place:
            running = subprocess.Popen(
                ["bash", "-c", f"read -r _; {fetch_command.COMMAND}"],
                env=os.environ | place.environment | AT_ONCE,
                start_new_session=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            started.append(running)
            output = running.communicate(b"go\n")[0].decode()
            assert running.returncode == 1
            left = [path.read_bytes().decode() for path in place.path.iterdir()]
            variables = [
                name for name, value in place.environment.items() if secret in value
            ]
    assert len([text for text in seen if text.startswith("curl")]) == 2
    assert secret not in "\n".join([*seen, *left, output, repr(place)])
    assert variables == ["PARTNER_FTP_OPTIONS"]
