"""What failed, in words that a person reads."""

import errno
import http.client
import re
import smtplib
import socket
import ssl

import pytest
import requests

from demo.services.ports import free_port
from ecommerce.core.error_messages import reason_of

PLACE = "shop.example:443"


def tls(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


def untrusted():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    return error


def of_a_request():
    """An error of requests: of urllib3, of a lost connection."""
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get(f"http://ann:secret@127.0.0.1:{free_port()}/secret", timeout=9)
    return caught.value


ERRORS = [
    socket.gaierror(-2, "Name or service not known"),
    ConnectionRefusedError(111, "Connection refused"),
    TimeoutError(),
    OSError(errno.EHOSTUNREACH, "No route to host"),
    ConnectionResetError(104, "Connection reset by peer"),
    http.client.RemoteDisconnected("Remote end closed connection"),
    smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
    http.client.IncompleteRead(b"secret"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    untrusted(),
    tls("WRONG_VERSION_NUMBER"),
    tls("SSLV3_ALERT_HANDSHAKE_FAILURE"),
    OSError(errno.ENOSPC, "No space left on device", "/secret/file"),
    PermissionError("Access Denied to secret"),
    FileNotFoundError("The bucket secret does not exist"),
    ValueError("secret"),
]


def test_each_kind_of_error_has_its_words(snapshot):
    report = []
    for error in ERRORS:
        report.append(f"{type(error).__name__}: {reason_of(error, PLACE)}")
    request = re.sub(r":\d+", ":PORT", reason_of(of_a_request()))
    report.append(f"of a request: {request}")
    assert "\n".join(report) == snapshot
    assert "secret" not in "".join(report)
