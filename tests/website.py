"""A web server for tests: it answers as it is told, also as no decent server would, and keeps requests."""

import io
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image, ImageDraw

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Website:
    """What lies under which path (with the query, where there is one), and the requests so far."""

    server: ThreadingHTTPServer
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    @property
    def port(self):
        """Where it listens."""
        return self.server.server_port

    @property
    def url(self):
        """Its address, without a slash at the end."""
        return f"http://{self.server.server_address[0]}:{self.port}"

    def put(
        self,
        path,
        body,
        kind="image/png",
        *,
        status=200,
        **headers,
    ):
        """Let `path` answer `body`, and 304 to whoever has its ETag or date; the address. Underscores in
        names of headers are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(request):
            pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
            known = any(
                name in named and request.headers.get(asked) == named[name]
                for name, asked in pairs
            )
            request.send_response(304 if known else status)
            for name, value in named.items():
                request.send_header(name, value)
            if not known:
                request.send_header("Content-Type", kind)
                request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            if not known:
                self.sent.append(path)
                request.wfile.write(body)

        self.answers[path] = answer
        return f"{self.url}{path}"

    def redirect(self, path, location):
        """Let `path` lead to `location`; the address."""
        return self.put(path, b"", "text/html", status=302, Location=location)

    def endless(self, path, announced=None):
        """Let `path` send a picture's beginning and then zeros, for ever."""

        def answer(request):
            request.send_response(200)
            request.send_header("Content-Type", "image/jpeg")
            if announced:
                request.send_header("Content-Length", str(announced))
            request.end_headers()
            self.sent.append(path)
            with suppress(OSError):
                request.wfile.write(b"\xff\xd8\xff\xe0")
                while True:
                    request.wfile.write(bytes(65536))

        self.answers[path] = answer
        return f"{self.url}{path}"

    def silent(self, path):
        """Let `path` take the request and close the connection."""

        def answer(request):
            request.close_connection = True

        self.answers[path] = answer
        return f"{self.url}{path}"

    def asked(self, path):
        """The headers of the requests for `path`, names in lower case."""
        return [headers for asked, headers in self.requests if asked == path]


@contextmanager
def website(address="127.0.0.1", port=0):
    """A running server on `address`, an IPv4 one of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.requests.append((self.path, headers))
            answer = site.answers.get(self.path)
            if answer:
                answer(self)
            else:
                self.send_error(404)

        do_POST = do_GET

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer((address, port), Handler)
    site = Website(server)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def drawn(text, kind="PNG", size=(200, 120), **options):
    """A picture that differs with its text."""
    picture = Image.new(options.pop("mode", "RGB"), size, (240, 230, 210))
    ImageDraw.Draw(picture).text((10, 10), text, fill=(0, 0, 0))
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()
