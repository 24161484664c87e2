"""The partner's FTP server: a read-only view of one folder.

`python -m demo.services.partner_ftp ROOT PORT`; without TLS, because no client trusts its certificate.
"""

import sys
from pathlib import Path
from typing import Any

from demo.services.ports import listen_address

LOGIN, PASSWORD = "shop", "read-only"


def server(
    root: Path,
    port: int,
    certificate: Path | None = None,
    **settings: Any,
) -> Any:
    """Return a pyftpdlib server, which the caller runs with `serve_forever`.

    Args:
        root: the folder with the files.
        port: its port; 0 picks a free one.
        certificate: a PEM file with certificate and key, to offer TLS.
        settings: attributes of pyftpdlib's handler, and `login` and `password`.
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
        settings.pop("login", LOGIN),
        settings.pop("password", PASSWORD),
        str(root),
        perm="elr",
    )
    # pyftpdlib reads settings from the handler class, so each server needs its own.
    handler = type(
        "Handler", (base,), {"authorizer": authorizer, "banner": "partner", **settings}
    )
    return FTPServer((listen_address(), port), handler, ioloop=IOLoop())


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
