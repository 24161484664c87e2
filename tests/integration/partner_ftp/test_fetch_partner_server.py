"""Where the password of the partner's server is not, while the script fetches."""

import os
import subprocess
import sys

import pytest

from ecommerce.forecast.partner_ftp import fetch
from ecommerce.storage.scratch import scratch_folder
from tests.integration.partner_ftp.fetch import connect, everything_readable
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
        variables = fetch.script_environment()
        with scratch_folder() as path:
            running = subprocess.Popen(
                ["bash", "-c", f"read -r _; {fetch.COMMAND}"],
                env=os.environ | variables,
                cwd=path,
                start_new_session=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            started.append(running)
            output = running.communicate(b"go\n")[0].decode()
            assert running.returncode == 100
            left = [file.read_bytes().decode() for file in path.iterdir()]
    assert len([text for text in seen if text.startswith("curl")]) == 2
    assert secret not in "\n".join([*seen, *left, output])
    assert [name for name in variables if secret in variables[name]] == ["FTP_OPTIONS"]
