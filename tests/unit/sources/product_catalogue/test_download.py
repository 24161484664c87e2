"""Pictures from servers that nobody vouches for: only pictures come in, and nothing private is asked."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network

import pytest

from ecommerce.sources.product_catalogue.download import (
    Limits,
    SilentHost,
    UnusablePicture,
    Validators,
    download,
    is_allowed,
)
from tests.website import Website, drawn, website

HERE = (ip_network("127.0.0.1/32"),)
"""What the tests allow: this address, and none beside it."""
QUICK = Limits(most_bytes=300_000, answer_seconds=0.5, picture_seconds=1)
NOTHING = Validators()


def why_not(url: str, networks=HERE, limits: Limits = QUICK) -> str:
    with pytest.raises(UnusablePicture) as refused:
        download(url, NOTHING, networks, limits)
    return str(refused.value)


@pytest.fixture
def neighbour(site: Website) -> Iterator[Website]:
    """A server at another private address, on the same port."""
    with website("127.0.0.2", site.port) as running:
        running.put("/secret.png", drawn("secret"))
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Answers of a made-up DNS, by name: one list of addresses after the other, the last one for ever."""
    told: dict[str, list[list[str]]] = {}

    def getaddrinfo(
        host: str, port: int, *rest: object, **options: object
    ) -> list[tuple[object, ...]]:
        if host in told:
            found = told[host].pop(0) if len(told[host]) > 1 else told[host][0]
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
                for each in found
            ]
        assert host.startswith("127."), f"asked for {host}"
        return real(host, port, *rest, **options)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return told


def test_a_picture_comes_with_what_its_server_knows_it_by(site: Website) -> None:
    picture = drawn("mug")
    url = site.put(
        "/a.png", picture, ETag='"1"', Last_Modified="Sat, 21 Nov 2026 05:00:00 GMT"
    )
    found = download(url, NOTHING, HERE)
    assert found.data == picture
    assert found.validators == Validators('"1"', "Sat, 21 Nov 2026 05:00:00 GMT")
    again = download(url, found.validators, HERE)
    assert (again.data, again.validators) == (None, found.validators)
    assert site.sent == ["/a.png"]


def test_redirects_are_followed_and_login_and_cookies_go_nowhere(site: Website) -> None:
    site.put("/a.png", drawn("a"))
    site.redirect("/moved", "/a.png")
    assert download(f"{site.url}/moved", NOTHING, HERE).data
    for _, headers in site.requests:
        assert headers.keys() <= {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize("hops", [6, 50])
def test_a_chain_of_redirects_ends(site: Website, hops: int) -> None:
    for number in range(hops):
        site.redirect(f"/{number}", f"/{number + 1}")
    assert "redirected more than 5 times" in why_not(f"{site.url}/0")
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    "how", ["//127.0.0.2:{port}/secret.png", "http://127.0.0.2:{port}/secret.png"]
)
def test_a_redirect_to_a_private_address_is_not_followed(
    site: Website, neighbour: Website, how: str
) -> None:
    url = site.redirect("/moved.png", how.format(port=site.port))
    assert "in a private network" in why_not(url)
    assert neighbour.requests == []


@pytest.mark.parametrize(
    "where",
    ["file:///etc/passwd", "ftp://127.0.0.1/a.png", "gopher://127.0.0.1/", "data:,a"],
)
def test_only_http_is_spoken_also_after_a_redirect(site: Website, where: str) -> None:
    assert "neither http:// nor https://" in why_not(where)
    assert "neither http:// nor https://" in why_not(site.redirect("/moved", where))


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://[::1",
        "http:///a.png",
        "http://127.0.0.1:99999/",
        "http://a b/",
    ],
)
def test_what_is_no_address_is_told(url: str) -> None:
    assert why_not(url) in (
        "its address is no web address",
        "the name of its host cannot be resolved (DNS)",
    )


def test_a_login_in_an_address_is_not_sent(site: Website) -> None:
    site.put("/a.png", drawn("a"))
    assert download(
        site.url.replace("//", "//user:word@") + "/a.png", NOTHING, HERE
    ).data
    [(_, headers)] = site.requests
    assert headers.keys() <= {"host", "accept", "accept-encoding", "user-agent"}
    assert "user" not in headers["host"]


def test_a_name_that_resolves_to_a_private_address_is_refused(
    site: Website, names
) -> None:
    names["shop.example"] = [["127.0.0.1", "127.0.0.2"]]
    url = f"http://shop.example:{site.port}/a.png"
    assert "in a private network" in why_not(url), "one of its addresses is enough"
    assert site.requests == []


def test_a_name_that_changes_its_answer_is_connected_to_at_the_address_that_was_checked(
    site: Website, neighbour: Website, names
) -> None:
    names["shop.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    site.put("/secret.png", drawn("public"))
    found = download(f"http://shop.example:{site.port}/secret.png", NOTHING, HERE)
    assert found.data == drawn("public")
    assert neighbour.requests == []
    assert site.asked("/secret.png")[0]["host"] == f"shop.example:{site.port}"
    # The next hop is looked up again, and refused now.
    names["shop.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    site.redirect("/moved.png", f"http://shop.example:{site.port}/secret.png")
    assert "in a private network" in why_not(
        f"http://shop.example:{site.port}/moved.png"
    )
    assert neighbour.requests == []


def test_a_second_address_is_tried_where_the_first_does_not_answer(
    site: Website, names
) -> None:
    names["shop.example"] = [["127.0.0.3", "127.0.0.1"]]
    site.put("/a.png", drawn("a"))
    assert download(
        f"http://shop.example:{site.port}/a.png", NOTHING, (ip_network("127.0.0.0/8"),)
    ).data


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
        ),
        *(
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "203.0.113.9",
        ),
        *(
            "::1",
            "::",
            "fe80::1%eth0",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
        ),
        *(
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
        ),
        *(
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::",
            "2001:0:4136:e378::1",
            "100::1",
            "no address",
        ),
    ],
)
def test_private_addresses_in_all_their_forms(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "2606:2800:21f:cb07::1",
        "::ffff:93.184.215.14",
        "64:ff9b::5db8:d70e",
        "1.1.1.1",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_allowed(address, ())


def test_private_networks_that_are_named_are_allowed() -> None:
    networks = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert is_allowed("10.1.2.3", networks)
    assert is_allowed("::ffff:10.1.2.3", networks)
    assert is_allowed("fd00::5", networks)
    assert not is_allowed("10.2.0.1", networks)


@pytest.mark.parametrize("name", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_addresses_in_disguise_are_seen_through(site: Website, name: str) -> None:
    assert why_not(f"http://{name}:{site.port}/a.png", networks=()) in (
        "its host is in a private network (PICTURE_NETWORKS would allow it)",
        "the name of its host cannot be resolved (DNS)",
    )
    assert site.requests == []


def test_a_picture_without_end_stops_at_the_limit(site: Website) -> None:
    tracemalloc.start()
    assert why_not(site.endless("/5gb.jpg")) == "it is larger than 0 MB"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


def test_a_server_that_drips_is_left(site: Website) -> None:
    assert why_not(site.dripping("/slow.png")) == "it did not arrive within 1 s"


DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nX-Long: ", b"x"),
    "a chunk's size": (
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0",
    ),
    "a body with its length": (
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n",
        b"x",
    ),
    "a TLS handshake": (b"\x16\x03\x03\x3f\xff", b"\x02"),
}


@pytest.mark.parametrize("what", DRIPS)
def test_a_server_that_drips_is_left_at_the_deadline(what: str) -> None:
    beginning, drop = DRIPS[what]

    def drip() -> None:
        connected, _ = listening.accept()
        with connected, suppress(OSError):
            connected.sendall(beginning)
            while True:
                connected.sendall(drop)
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        scheme = "https" if what == "a TLS handshake" else "http"
        url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(
            SilentHost, match=r"it did not arrive within 1 s|its host timed out"
        ):
            download(url, NOTHING, HERE, QUICK)
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_says_nothing_is_left(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/"
        assert why_not(url) == "its host timed out"


def test_a_server_that_does_not_speak_tls_is_not_called_untrusted(
    site: Website,
) -> None:
    with pytest.raises(SilentHost):
        download(
            site.url.replace("http://", "https://") + "/a.png", NOTHING, HERE, QUICK
        )


def test_a_broken_off_answer_is_none(site: Website) -> None:
    site.answers["/half.png"] = lambda request: (
        request.send_response(200),
        request.send_header("Content-Type", "image/png"),
        request.send_header("Content-Length", "1000"),
        request.end_headers(),
        request.wfile.write(b"half of it"),
    )
    assert "closed the connection" in why_not(f"{site.url}/half.png")
    assert "closed the connection" in why_not(site.silent("/silent.png"))


@pytest.mark.parametrize("status", [404, 500, 206, 204])
def test_other_answers_are_no_pictures(site: Website, status: int) -> None:
    assert (
        why_not(site.put("/a.png", b"", status=status))
        == f"its host returned HTTP {status}"
    )


def test_a_host_that_has_no_time_is_told_apart(site: Website) -> None:
    with pytest.raises(SilentHost):
        download(site.put("/a.png", b"", status=503), NOTHING, HERE)


def test_what_is_packed_is_not_unpacked(site: Website) -> None:
    url = site.put("/a.png", gzip.compress(b"bomb", mtime=0), Content_Encoding="gzip")
    assert download(url, NOTHING, HERE).data == gzip.compress(b"bomb", mtime=0)


def test_paths_with_blanks_and_letters_of_other_scripts(site: Website) -> None:
    site.put("/caf%C3%A9%20au%20lait.png?s=%C3%BC", drawn("a"))
    assert download(f"{site.url}/café au lait.png?s=ü", NOTHING, HERE).data


def test_a_certificate_must_be_the_names(
    site: Website, names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is verified, and not the address that is connected to."""
    asked: list[str] = []

    def wrap_socket(
        context: ssl.SSLContext, sock: socket.socket, **options: str
    ) -> None:
        asked.append(options["server_hostname"])
        raise ssl.SSLCertVerificationError("no")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap_socket)
    names["shop.example"] = [["127.0.0.1"]]
    assert "certificate" in why_not(f"https://shop.example:{site.port}/a.png")
    assert asked == ["shop.example"]
