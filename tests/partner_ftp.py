"""A partner's FTP server for tests: it keeps commands, and fails as it is told."""

import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from demo.services import partner_ftp

LOGIN, PASSWORD = partner_ftp.LOGIN, partner_ftp.PASSWORD
PROMOTIONS = b"start_date,end_date,sku,discount_percent\n2026-11-27,2026-11-30,*,20\n"
MARKET_INDEX = b"week_start,index\n2026-11-09,101.5\n2026-11-16,102\n"
Fault = Callable[[Any], Any]
"""Gets an open file, and gives the one that is sent."""


@dataclass
class PartnerSite:
    """What lies on the server, the commands it was given so far, and what goes wrong with whom."""

    root: Path
    port: int = 0
    commands: list[tuple[str, str]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)

    def put(self, name, content, checksum=None):
        """Let a file lie there with its checksum, or with what is given as such."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        stated = hashlib.sha256(content).hexdigest() if checksum is None else checksum
        path.with_name(f"{path.name}.sha256").write_text(stated)

    def fail(self, name, *faults):
        """Let the next downloads of a file go wrong, one fault for each."""
        self.faults[name] = [*faults]

    def asked(self, command):
        """The arguments of the commands of that name."""
        return [argument for name, argument in self.commands if name == command]

    def environment(self, **connection):
        """The connection to this server, which needs no TLS unless `extra` says so; fields as given."""
        value = {
            "conn_type": "ftp",
            "host": "127.0.0.1",
            "port": self.port,
            "login": LOGIN,
            "password": PASSWORD,
            **connection,
            "extra": {"tls": "offered", **connection.get("extra", {})},
        }
        return {"AIRFLOW_CONN_PARTNER_FTP": json.dumps(value)}


@dataclass
class Sent:
    """An open file of which `most` bytes are sent before the connection breaks, and after which `then` is
    called."""

    file: Any
    most: int | None = None
    then: Callable[[], object] = lambda: None

    def read(self, size):
        """The next bytes.

        Raises:
            OSError: the connection is to break here.
        """
        if self.most is None:
            return self.file.read(size)
        data = self.file.read(min(size, self.most))
        self.most -= len(data)
        if not data:
            raise OSError("the disk of the server fails")
        return data

    def close(self):
        """Called when all is sent, or nothing more will be."""
        self.file.close()
        self.then()

    def __getattr__(self, name):
        return getattr(self.file, name)


@contextmanager
def partner_site(root, certificate=None, port=0, **settings):
    """A running server with the two files; `settings` as of `demo.services.partner_ftp.server`."""
    from pyftpdlib.filesystems import AbstractedFS

    root.mkdir(parents=True, exist_ok=True)
    site = PartnerSite(root)
    site.put("promotions.csv", PROMOTIONS)
    site.put("market_index.csv", MARKET_INDEX)

    class Files(AbstractedFS):
        def open(self, filename, mode):
            name = str(Path(filename).relative_to(Path(self.root)))
            file = super().open(filename, mode)
            waiting = site.faults.get(name)
            return waiting.pop(0)(file) if waiting else file

    def log_cmd(_, command, argument, code, text):
        """Keep nothing: `pre_process_command` has it already."""

    def pre_process_command(handler, line, command, argument):
        site.commands.append((command, argument))
        base.pre_process_command(handler, line, command, argument)

    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler

    base = TLS_FTPHandler if certificate else FTPHandler
    made = {"abstracted_fs": Files, "use_sendfile": False, "auth_failed_timeout": 0}
    hooks = {"log_cmd": log_cmd, "pre_process_command": pre_process_command}
    server = partner_ftp.server(
        root, port, certificate, **{**made, **hooks, **settings}
    )
    site.port = server.address[1]
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            server.ioloop.loop(timeout=0.02, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        ended.set()
        thread.join()


def make_certificate(folder):
    """A certificate for 127.0.0.1 that signed itself, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "partner.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
