"""The central bank's web server: files below a folder, over HTTP.

`python -m demo.services.exchange_rates ROOT PORT`
"""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from demo.services.ports import listen_address


def server(root: Path, port: int) -> ThreadingHTTPServer:
    """A server of the files below `root`; the caller runs `serve_forever`."""
    files = partial(SimpleHTTPRequestHandler, directory=str(root))
    return ThreadingHTTPServer((listen_address(), port), files)


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
