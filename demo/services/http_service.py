"""The base of the company's web servers: an HTTP server with its state, and a handler that logs nothing."""

import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from demo.services.ports import listen_address


class HttpService:
    """An HTTP server on a port of the listen address; used as a context manager, it runs on its own thread.

    Args:
        port: 0 picks a free one.
        handler: answers the requests; a `Handler` finds this object in `service`.
    """

    def __init__(self, port: int, handler: Any) -> None:
        self._server = ThreadingHTTPServer((listen_address(), port), handler)
        self._server.service = self

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """The base URL, as the host of a connection."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Answer requests until the process ends."""
        self._server.serve_forever(0.05)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """A handler of HTTP/1.1 requests that keeps connections open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # send headers and body in one packet: otherwise every response waits for a delayed ACK

    @property
    def service(self) -> Any:
        """The `HttpService` that received the request."""
        return self.server.service

    def handle_one_request(self) -> None:
        """Handle a request; the client may disconnect at any time."""
        self.close_connection = True
        with suppress(ConnectionError):
            super().handle_one_request()

    def respond(
        self,
        body: bytes,
        content_type: str,
        status: int = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        cut: int | None = None,
    ) -> None:
        """Send a complete response.

        Args:
            body: the body; its length is sent with it.
            content_type: the value of `Content-Type`.
            status: the HTTP status.
            headers: further headers.
            cut: close the connection after so many bytes of the body.
        """
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Log no requests."""
