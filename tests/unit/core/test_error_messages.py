"""What failed, in words that a person reads."""

import errno
import http.client
import smtplib
import socket
import ssl

import pytest
from google.api_core.exceptions import RetryError
from google.auth.exceptions import TransportError
from requests import exceptions

from ecommerce.core.error_messages import place_of, reason_of

PLACE = "shop.example:443"
UNRESOLVED = "the name shop.example cannot be resolved (DNS): is the host right?"
REFUSED = (
    "nothing answers at shop.example:443: does the server run, are host and port right?"
)
CLOSED = "shop.example:443 closed the connection before it had answered"


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired."
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), UNRESOLVED),
        (ConnectionRefusedError(111, "Connection refused"), REFUSED),
        (
            TimeoutError(),
            "shop.example:443 timed out: is it overloaded, or is a firewall in between?",
        ),
        (
            OSError(errno.EHOSTUNREACH, "No route to host"),
            "there is no way to shop.example:443 (No route to host): is the host right, is there a firewall?",
        ),
        (ConnectionResetError(104, "Connection reset by peer"), CLOSED),
        (http.client.RemoteDisconnected("Remote end closed connection"), CLOSED),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), CLOSED),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), CLOSED),
        (
            untrusted(),
            "the TLS certificate of shop.example:443 is not trusted (certificate has expired)",
        ),
        (tls("WRONG_VERSION_NUMBER"), "shop.example:443 does not speak TLS"),
        (
            tls("SSLV3_ALERT_HANDSHAKE_FAILURE"),
            "the TLS connection to shop.example:443 failed (sslv3 alert handshake failure)",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/secret/file"),
            "No space left on device",
        ),
        (PermissionError("Access Denied to secret"), "permission denied"),
        (FileNotFoundError("The bucket secret does not exist"), "it does not exist"),
        (ValueError("secret"), "the connection to shop.example:443 failed"),
    ],
)
def test_each_kind_of_trouble_has_its_words(error: Exception, said: str) -> None:
    assert reason_of(error, PLACE) == said


def test_what_an_error_stands_for_is_found_wherever_its_library_keeps_it() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    around = exceptions.ConnectionError(refused)
    for error in (around, TransportError(around), RetryError("secret", cause=around)):
        assert reason_of(error, PLACE) == REFUSED
    while_another = ValueError("secret")
    while_another.__context__ = refused
    assert reason_of(while_another, PLACE) == REFUSED


def test_an_error_that_was_raised_from_itself_ends() -> None:
    error = ValueError("secret")
    error.args = (error,)
    assert reason_of(error, otherwise="nobody knows") == "nobody knows"


def test_braces_in_what_a_system_says_are_text() -> None:
    assert reason_of(OSError(5, "{place}"), PLACE) == "{place}"


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [
        ("db.example", 5432, "db.example:5432"),
        (None, 5432, "localhost:5432"),
        ("db.example", None, "db.example"),
    ],
)
def test_a_place_is_host_and_port(
    host: str | None, port: int | None, named: str
) -> None:
    assert place_of(host, port) == named
