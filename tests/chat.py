"""A chat's server: Apprise posts to it as to any other over HTTP, and it keeps what it was sent."""

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.website import Website, website

SECRET = "T0KEN-of-the-chat"
"""The path that only members of the chat know."""


@dataclass
class Chat:
    """`status` is what it answers; while `slow` is set it answers only when `go_on` is."""

    site: Website
    status: int = 200
    slow: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)
    posts: list = field(default_factory=list)

    @property
    def url(self):
        """What the connection has: JSON by HTTP."""
        return f"json://127.0.0.1:{self.site.port}/{SECRET}"

    def connection(self, url=None):
        """The connection `alert_chat` to a URL, or else to this chat, as the environment has it."""
        config = [{"path": url or self.url}]
        return json.dumps({"conn_type": "apprise", "extra": {"config": config}})

    def pictures(self):
        """The files that came with the messages."""
        files = []
        for post in self.posts:
            files += [base64.b64decode(file["base64"]) for file in post["attachments"]]
        return files

    def answer(self, request):
        """Keep a message and answer."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if self.slow:
            self.go_on.wait(30)
        elif self.status == 200:
            self.posts.append({"path": request.path, **json.loads(body)})
        request.send_response(self.status)
        request.send_header("Content-Length", "0")
        request.end_headers()


@contextmanager
def running():
    """The server, for the length of the block."""
    with website() as site:
        chat = Chat(site)
        site.answers[f"/{SECRET}"] = chat.answer
        try:
            yield chat
        finally:
            chat.go_on.set()
