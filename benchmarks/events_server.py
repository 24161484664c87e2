"""A collector of web events that is never the bottleneck: one minute made up once, sent again for every
minute.

`python -m benchmarks.events_server EVENTS_OF_A_DAY`; the first line it prints is its port.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MINUTE, VISIT = b"@" * 16, b"#" * 16
"""What is replaced by the minute, as `2026-11-19T05:07`, and by the last one before it that five divides."""
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
TYPES = ("view_item", "add_to_cart", "begin_checkout", "purchase", "page_view")


def minute(events: int) -> bytes:
    """The lines of one minute; a visitor has some twelve events in five of them."""
    chance = random.Random(1)
    lines = []
    for number in range(events):
        received = 60 * number / events
        [kind] = chance.choices(TYPES, (60, 10, 4, 2, 24))
        visitor = f"{VISIT.decode()}-{chance.randrange(events * 5 // 12 + 1):x}"
        event = {
            "event_id": f"{MINUTE.decode()}-{number:x}-{chance.getrandbits(64):016x}",
            "occurred_at": f"{MINUTE.decode()}:{max(received - 1.5, 0):06.3f}Z",
            "received_at": f"{MINUTE.decode()}:{received:06.3f}Z",
            "session_id": f"s-{visitor}",
            "visitor_id": visitor,
            "event_type": kind,
            "sku": f"SKU-{chance.randrange(10_000):05}",
            "order_id": f"{chance.getrandbits(40)}" if kind == "purchase" else None,
            "device": chance.choice(("mobile", "desktop", "tablet")),
            "referrer": chance.choice(
                ("https://www.google.com/", None, "https://shop.example/sale?page=2")
            ),
            "user_agent": chance.choices(AGENTS, (60, 39, 1))[0],
        }
        lines.append(json.dumps(event).encode() + b"\n")
    return b"".join(lines)


def server(events_of_a_day: int) -> ThreadingHTTPServer:
    """Every minute of every day has the same number of events."""
    lines = minute(max(1, events_of_a_day // 1440))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            now = datetime.fromisoformat(asked["start"][0]).astimezone(UTC)
            end = datetime.fromisoformat(asked["end"][0]).astimezone(UTC)
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while now < end:
                visit = now.replace(minute=now.minute // 5 * 5)
                text = lines.replace(MINUTE, f"{now:%Y-%m-%dT%H:%M}".encode())
                text = text.replace(VISIT, f"{visit:%Y-%m-%dT%H:%M}".encode())
                self.wfile.write(b"%x\r\n" % len(text))
                self.wfile.write(text)
                self.wfile.write(b"\r\n")
                now += timedelta(minutes=1)
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


if __name__ == "__main__":
    running = server(int(sys.argv[1]))
    print(running.server_port, flush=True)
    running.serve_forever()
