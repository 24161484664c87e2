"""The central bank's web server: the files below a folder over HTTP.

`python -m demo.services.exchange_rates ROOT PORT`
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from demo.services.http_service import HttpService


def server(root: Path, port: int) -> HttpService:
    """Return a server of the files below `root`."""
    return HttpService(port, partial(SimpleHTTPRequestHandler, directory=str(root)))


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve()
