"""A chat's server: Apprise posts to it as to any other over HTTP, and it keeps what it was sent."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "T0KEN-of-the-chat"
"""The path that only members of the chat know."""


@dataclass
class Chat:
    """`status` is what it answers; while `slow` is set it answers only when `go_on` is."""

    port: int = 0
    status: int = 200
    slow: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What the connection has: JSON by HTTP."""
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    def connection(self, *urls: str) -> str:
        """The connection `alert_chat` to `urls`, or else to this chat, as the environment has it."""
        config = [{"path": url} for url in urls or (self.url,)]
        return json.dumps({"conn_type": "apprise", "extra": {"config": config}})

    def pictures(self) -> list[bytes]:
        """The files that came with the messages."""
        files = []
        for post in self.posts:
            files += [base64.b64decode(file["base64"]) for file in post["attachments"]]
        return files


@contextmanager
def running() -> Iterator[Chat]:
    """The server, for the length of the block."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if chat.slow:
                chat.go_on.wait(30)
            elif chat.status == 200:
                chat.posts.append({"path": self.path, **json.loads(body)})
            self.send_response(chat.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chat.port = server.server_port
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    ).start()
    try:
        yield chat
    finally:
        chat.go_on.set()
        server.shutdown()
        server.server_close()
