"""A BigQuery that accepts everything and finishes nothing."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANONYMOUS = '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true, "project": "shop"}}'
"""The connection `bigquery` to it."""


class SilentBigQuery:
    """Its jobs stay RUNNING until they are cancelled. `mute`: it accepts requests and never answers.
    `requests` holds the method and path of each; `notify` is called with it."""

    def __init__(self, *, mute=False):
        self.requests: list[str] = []
        self.notify: Callable[[str], None] = lambda request: None
        self._mute, self._closed = mute, threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self):
        """Where it listens; the value for BIGQUERY_EMULATOR_HOST."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def cancelled(self):
        """The ids of the jobs that a request has cancelled."""
        return [
            each.split("/")[-2] for each in self.requests if each.endswith("/cancel")
        ]

    @contextmanager
    def serving(self):
        """Serve for the length of the block."""
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        try:
            yield self
        finally:
            self._closed.set()
            self._server.shutdown()
            self._server.server_close()

    def _handler(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.partition("?")[0]
                service.requests.append(f"{self.command} {path}")
                service.notify(service.requests[-1])
                if service._mute:
                    service._closed.wait(60)
                    return
                content = (
                    gzip.decompress(body)
                    if self.headers.get("Content-Encoding") == "gzip"
                    else body
                )
                given = json.loads(content) if content else {}
                state = "RUNNING"
                if path.endswith("/cancel"):
                    state, path = "DONE", path.removesuffix("/cancel")
                reference = given.get("jobReference") or {
                    "projectId": "shop",
                    "jobId": path.rpartition("/")[2],
                }
                job = {
                    "jobReference": reference,
                    "configuration": given.get("configuration")
                    or {"query": {"query": ""}},
                    "status": {"state": state},
                    "statistics": {"query": {"statementType": "SELECT"}},
                }
                text = json.dumps({"job": job} if state == "DONE" else job).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = _answer

            def log_message(self, *_):
                pass

        return Handler
