"""Pictures from servers that nobody vouches for: only pictures come in, and nothing
private is asked."""

import gzip
import socket
import threading
import time
from contextlib import suppress
from ipaddress import ip_network

import pytest

from ecommerce.catalogue import download as module
from ecommerce.catalogue.download import (
    Download,
    UnusablePicture,
    download,
    is_allowed,
)
from tests.settings import lower
from tests.website import drawn, website

PRIVATE = "its host is in a private network (PICTURE_NETWORKS would allow it)"
NO_ADDRESS = "its address is not a web address"
HEADERS = {"host", "accept", "accept-encoding", "user-agent"}


@pytest.fixture(autouse=True)
def _limits(monkeypatch):
    """Pictures may come from this address, and from no other."""
    monkeypatch.setenv("PICTURE_NETWORKS", "127.0.0.1/32")


def why_not(url):
    with pytest.raises(UnusablePicture) as refused:
        download(url)
    return str(refused.value)


@pytest.fixture
def neighbour(site):
    """A server at another private address, on the same port."""
    with website("127.0.0.2", site.port) as running:
        running.put("/secret.png", drawn("secret"))
        yield running


@pytest.fixture
def names(monkeypatch):
    """Answers of a made-up DNS, by name: one list of addresses after the other."""
    answers = {}
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *rest, **options):
        if host not in answers:
            assert host.startswith("127."), f"asked for {host}"
            return real(host, port, *rest, **options)
        addresses = answers[host].pop(0)
        answers[host].append(addresses)
        stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*stream, (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


def test_a_picture_has_what_its_server_knows_it_by(site):
    picture = drawn("mug")
    day = "Sat, 21 Nov 2026 05:00:00 GMT"
    url = site.put("/a.png", picture, ETag='"1"', Last_Modified=day)
    assert download(url) == Download(picture, '"1"', day)
    for known in (('"1"', None), (None, day)):
        assert download(url, *known).data is None
    assert site.sent == ["/a.png"]
    # What is packed is not unpacked.
    packed = gzip.compress(b"bomb", mtime=0)
    url = site.put("/bomb.png", packed, Content_Encoding="gzip")
    assert download(url).data == packed
    site.put("/caf%C3%A9%20au%20lait.png?s=%C3%BC", drawn("a"))
    assert download(f"{site.url}/café au lait.png?s=ü").data


def test_redirects_are_followed_and_login_and_cookies_go_nowhere(site):
    site.put("/a.png", drawn("a"))
    site.redirect("/moved", "/a.png")
    url = site.url.replace("//", "//user:word@")
    assert download(f"{url}/moved").data
    for _, headers in site.requests:
        assert headers.keys() <= HEADERS
        assert "user" not in headers["host"]
    site.requests.clear()
    for number in range(6):
        site.redirect(f"/{number}", f"/{number + 1}")
    assert why_not(f"{site.url}/0") == module.BROKEN_HOST
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("http://127.0.0.2:{port}/secret.png", PRIVATE),
        ("file:///etc/passwd", NO_ADDRESS),
        ("http://[::1", NO_ADDRESS),
        ("http://127.0.0.1:99999/", NO_ADDRESS),
    ],
)
def test_a_private_or_other_address_is_not_followed(site, neighbour, place, reason):
    place = place.format(port=site.port)
    assert why_not(place) == reason
    assert why_not(site.redirect("/moved.png", place)) == reason
    without_scheme = place.removeprefix("http:")
    assert why_not(site.redirect("/moved.png", without_scheme)) == reason
    assert neighbour.requests == []


def test_a_name_is_connected_to_at_the_address_that_was_checked(
    site, neighbour, names, monkeypatch
):
    names["shop.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    site.put("/secret.png", drawn("public"))
    host = f"shop.example:{site.port}"
    assert download(f"http://{host}/secret.png").data == drawn("public")
    assert site.asked("/secret.png")[0]["host"] == host
    # One of its addresses does not answer.
    monkeypatch.setenv("PICTURE_NETWORKS", "127.0.0.1/32,127.0.0.3/32")
    names["two.example"] = [["127.0.0.3", "127.0.0.1"]]
    assert download(f"http://two.example:{site.port}/secret.png").data
    # So is the name of the next hop.
    names["moved.example"] = [["127.0.0.2"]]
    moved = f"http://moved.example:{site.port}/secret.png"
    assert why_not(site.redirect("/moved.png", moved)) == PRIVATE
    assert neighbour.requests == []


PRIVATE_ADDRESSES = """
    127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1
    192.0.0.8 168.63.129.16 192.88.99.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 192.0.2.1 203.0.113.9
    ::1 :: fe80::1%eth0 fc00::1 fd12::1 fec0::1 ff02::1 2001:db8::1 100::1
    ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:1.1.1.1 ::127.0.0.1 64:ff9b::7f00:1
    3fff::1 5f00::1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::1 2002:c0a8:101:: 2001:0:4136:e378::1
"""
PUBLIC_ADDRESSES = "93.184.215.14 1.1.1.1 2606:2800:21f:cb07::1"


def test_private_addresses_in_all_their_forms():
    networks = (ip_network("10.1.0.0/16"), ip_network("fd12::/32"))
    allowed = {"10.1.2.3", "fd12::1"}
    for address in PRIVATE_ADDRESSES.split():
        assert not is_allowed(address, ()), address
        assert is_allowed(address, networks) == (address in allowed), address
    for address in PUBLIC_ADDRESSES.split():
        assert is_allowed(address, ()), address


def test_a_picture_without_end_stops_at_the_limit(site, monkeypatch):
    lower(monkeypatch, module, MOST_BYTES=300_000)
    assert why_not(site.endless("/5gb.jpg")) == "it is larger than 0 MB"


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("scheme", "beginning"),
    [
        ("http", OK + b"X-Long: "),
        ("http", OK + b"Content-Length: 1000\r\n\r\n"),
        ("https", b"\x16\x03\x03\x3f\xff"),
    ],
    ids=["headers", "a body", "a TLS handshake"],
)
def test_a_server_that_drips_is_left_at_the_deadline(monkeypatch, scheme, beginning):
    lower(monkeypatch, module, PICTURE_SECONDS=1)
    gave_up = threading.Event()

    def drip():
        connected, _ = listening.accept()
        with connected, suppress(OSError):
            connected.sendall(beginning)
            for _ in range(2_400):
                connected.sendall(b"\x02")
                time.sleep(0.05)
            gave_up.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, daemon=True).start()
        url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/"
        why_not(url)
        assert not gave_up.is_set(), "the server has ended by itself"


@pytest.mark.parametrize("status", [404, 500, 206, 204, 304, 429, 503])
def test_other_answers_are_no_pictures(site, status):
    url = site.put("/a.png", b"", status=status)
    assert why_not(url) == f"its host returned HTTP {status}"
