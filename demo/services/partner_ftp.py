"""The partner's FTP server: whoever logs in may list and read what lies in its folder.

`python -m demo.services.partner_ftp ROOT PORT`. It speaks in clear: nobody would
trust a certificate of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from demo.services.ports import listen_address

LOGIN, PASSWORD = "shop", "read-only"


def server(root: Path, port: int, certificate: Path | None = None, **settings: Any) -> Any:
    """A pyftpdlib server of the folder `root`; the caller runs `serve_forever`.

    With a `certificate` (PEM, with its key) it offers TLS. `settings` are those of pyftpdlib's handlers.
    """
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

    base: Any = FTPHandler
    if certificate:
        from pyftpdlib.handlers import TLS_FTPHandler

        base, settings = TLS_FTPHandler, {"certfile": str(certificate), **settings}
    authorizer = DummyAuthorizer()
    authorizer.add_user(
        settings.pop("login", LOGIN), settings.pop("password", PASSWORD), str(root), perm="elr"
    )
    # Settings are attributes of the class, so each server has one of its own.
    handler = type("Handler", (base,), {"authorizer": authorizer, "banner": "partner", **settings})
    return FTPServer((listen_address(), port), handler, ioloop=IOLoop())


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
