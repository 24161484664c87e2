"""A proxy before the BigQuery emulator that keeps one answer back, so that who asked can be killed."""

from __future__ import annotations

import gzip
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HoldingProxy:
    """Passes everything on, except for the answers that `hold` asks it to keep back."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._awaited: tuple[bytes, threading.Event] | None = None
        self._let_go = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def hold(self, phrase: bytes) -> Callable[[], bool]:
        """Keep back the next answer to a request that holds `phrase`; tells whether that was carried out."""
        carried_out = threading.Event()
        with self._lock:
            self._awaited = (phrase, carried_out)
        return carried_out.is_set

    @contextmanager
    def running(self) -> Iterator[HoldingProxy]:
        """Serve for the length of the block; what is still held then is dropped."""
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        try:
            yield self
        finally:
            self._let_go.set()
            self._server.shutdown()
            self._server.server_close()

    def _keeps_back(self, body: bytes, encoding: str | None) -> bool:
        text = gzip.decompress(body) if encoding == "gzip" else body
        with self._lock:
            if self._awaited is None or self._awaited[0] not in text:
                return False
            self._awaited[1].set()
            self._awaited = None
            return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                other = http.client.HTTPConnection(
                    "127.0.0.1", proxy._target, timeout=120
                )
                other.request(self.command, self.path, body, dict(self.headers))
                answer = other.getresponse()
                content = answer.read()
                if proxy._keeps_back(body, self.headers.get("Content-Encoding")):
                    proxy._let_go.wait(60)
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {
                        "transfer-encoding",
                        "connection",
                        "content-length",
                    }:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

            def log_message(self, *_: object) -> None:
                pass

        return Handler
