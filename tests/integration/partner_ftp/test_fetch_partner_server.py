"""The script that fetches the partner's files by FTP: logins, TLS, limits, servers in trouble, and where no
password is."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.services.ports import free_port
from ecommerce.core import errors
from ecommerce.sources.partner_ftp import fetch_command
from tests.integration.partner_ftp.fetch import (
    AT_ONCE,
    LARGE,
    connect,
    content,
    fetch,
    problem,
)
from tests.partner_ftp import (
    MARKET_INDEX,
    PROMOTIONS,
    PartnerSite,
    Sent,
    make_certificate,
    partner_site,
)

TOO_LARGE = "fetching promotions.csv failed: it is larger than 102400 bytes, or the disk is full"


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("shop@partner.example", "a\"b\\c d'e"),
        ("läden", 'pä$$ `id` %41 \\n #"'),
        ("a", ""),
    ],
)
def test_login_and_password_come_as_they_are_written(
    known: pytest.MonkeyPatch, tmp_path: Path, login: str, password: str
) -> None:
    with partner_site(tmp_path / "partner", login=login, password=password) as site:
        connect(known, site, login=login, password=password)
        assert content(fetch())["promotions.csv"] == PROMOTIONS


def test_a_server_that_offers_tls_gets_login_and_files_encrypted(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    demands = {"tls_control_required": True, "tls_data_required": True}
    with partner_site(tmp_path / "partner", certificate, **demands) as site:
        for extra in ({}, {"tls": "offered"}, {"tls": "required"}):
            site.put("promotions.csv", LARGE)
            connect(known, site, extra={"cacert": str(certificate), **extra})
            assert content(fetch())["promotions.csv"] == LARGE
            names = [name for name, _ in site.commands]
            assert names.index("AUTH") < names.index("USER")
            assert "P" in site.asked("PROT")
            site.commands.clear()


def test_a_certificate_that_is_not_trusted_is_told_and_no_login_sent(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with partner_site(tmp_path / "partner", make_certificate(tmp_path)) as site:
        connect(known, site)
        assert "no trusted TLS connection could be established" in problem(
            errors.ContractError
        )
        assert site.asked("USER") == site.asked("PASS") == []


def test_where_tls_is_required_a_server_without_it_gets_no_login(
    shown: PartnerSite, known: pytest.MonkeyPatch
) -> None:
    connect(known, shown, extra={"tls": "required"})
    said = problem(errors.ContractError)
    assert (
        said
        == "fetching promotions.csv failed: the server offers no TLS, and the connection requires it"
    )
    assert shown.asked("USER") == shown.asked("PASS") == []


def test_a_server_that_is_down_is_told(
    shown: PartnerSite, known: pytest.MonkeyPatch
) -> None:
    connect(known, shown, port=free_port())
    assert "nothing answers: does the server run" in problem(errors.TransientError)


def test_a_host_that_does_not_exist_is_told(
    shown: PartnerSite, known: pytest.MonkeyPatch
) -> None:
    connect(known, shown, host="partner.invalid")
    assert "cannot be resolved (DNS)" in problem(
        errors.TransientError, PARTNER_FTP_TRIES="1"
    )


def test_a_server_that_takes_no_more_connections_is_asked_later(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = {"on_connect": lambda handler: handler.handle_max_cons()}
    with partner_site(tmp_path / "partner", **full) as site:
        connect(known, site)
        said = problem(errors.TransientError)
    assert "the server takes no more connections, or ended this one (421)" in said


def test_what_is_no_ftp_server_is_told(known: pytest.MonkeyPatch) -> None:
    def greet() -> None:
        with listening.accept()[0] as client:
            client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n500 what?\r\n")
            client.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=greet, daemon=True).start()
        known.setenv(
            "AIRFLOW_CONN_PARTNER_FTP", f"ftp://127.0.0.1:{listening.getsockname()[1]}"
        )
        said = problem(errors.TransientError, PARTNER_FTP_TRIES="1")
    assert "no FTP server answers there" in said


def test_a_refused_login_is_told_and_not_tried_again(
    shown: PartnerSite, known: pytest.MonkeyPatch
) -> None:
    connect(known, shown, password="wrong-one")
    said = problem(errors.CredentialsError)
    assert said.startswith(
        "fetching promotions.csv failed: the server refuses the login (530): check login"
    )
    assert len(shown.asked("PASS")) == 1
    assert "wrong-one" not in said


def test_a_file_that_is_too_large_stops_at_the_limit(shown: PartnerSite) -> None:
    shown.put("promotions.csv", LARGE)
    assert problem(errors.ContractError, PARTNER_FTP_MOST_BYTES="102400") == TOO_LARGE


def without(command: str) -> dict[str, Any]:
    """A server that does not know a command, as old ones do."""
    from pyftpdlib.handlers import FTPHandler

    known = FTPHandler.proto_cmds.items()
    return {"proto_cmds": {name: facts for name, facts in known if name != command}}


def test_the_limit_holds_where_the_server_announces_no_size(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with partner_site(tmp_path / "partner", **without("SIZE")) as site:
        connect(known, site)
        site.put("promotions.csv", LARGE)
        assert content(fetch())["promotions.csv"] == LARGE
        assert (
            problem(errors.ContractError, PARTNER_FTP_MOST_BYTES="102400") == TOO_LARGE
        )


def test_a_server_that_cannot_resume_is_asked_from_the_start(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with partner_site(tmp_path / "partner", **without("REST")) as site:
        connect(known, site)
        site.put("promotions.csv", LARGE)
        site.fail("promotions.csv", lambda file: Sent(file, 100_000))
        assert content(fetch())["promotions.csv"] == LARGE


def test_a_server_that_is_silent_is_told(known: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        known.setenv(
            "AIRFLOW_CONN_PARTNER_FTP", f"ftp://127.0.0.1:{silent.getsockname()[1]}"
        )
        limits = {"PARTNER_FTP_TRANSFER_SECONDS": "1", "PARTNER_FTP_TRIES": "1"}
        assert "the server timed out" in problem(errors.TransientError, **limits)


def test_all_together_has_a_limit_of_time(shown: PartnerSite) -> None:
    said = problem(errors.TransientError, PARTNER_FTP_SECONDS="0")
    assert (
        said
        == "fetching promotions.csv failed: the whole download took longer than 0 seconds"
    )


def everything_readable(own: int) -> Iterator[str]:
    """Arguments and environments of the processes of a group; of bash only its arguments: it is given the
    password in its environment, and hands it on by a pipe."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == own:
                yield (folder / "cmdline").read_bytes().decode("utf-8", "replace")
                if (folder / "comm").read_text().strip() != "bash":
                    yield (folder / "environ").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_password_is_in_no_argument_no_environment_of_a_program_and_no_output(
    known: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret, started, seen = "a-password-of-its-own", [], []

    def look_around(file: Any) -> Any:
        """While the server opens the file, curl waits for it."""
        seen.extend(everything_readable(started[0].pid))
        return file

    with partner_site(tmp_path / "partner", password=secret) as site:
        connect(known, site, password=secret)
        site.put("market_index.csv", MARKET_INDEX, "0" * 64)
        for name in ("promotions.csv", "market_index.csv"):
            site.fail(name, look_around)
        with fetch_command.fetch_folder() as place:
            given = place.environment
            running = subprocess.Popen(
                ["bash", "-c", f"read -r _; {fetch_command.COMMAND}"],
                env=os.environ | given | AT_ONCE,
                start_new_session=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            started.append(running)
            said = running.communicate(b"go\n")[0].decode()
            assert running.returncode == 1
            assert "does not match" in (place.path / "problem").read_text()
            left = [path.read_bytes().decode() for path in place.path.iterdir()]
    assert len([text for text in seen if text.startswith("curl")]) == 2
    assert not [text for text in [*seen, *left, said] if secret in text]
    assert [name for name, value in given.items() if secret in value] == [
        "PARTNER_FTP_OPTIONS"
    ]
