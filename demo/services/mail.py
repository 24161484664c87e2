"""A mail server that delivers nothing: it keeps each message as a file and shows it on a page.

`python -m demo.services.mail FOLDER SMTP_PORT PAGE_PORT`
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from demo.services.mailbox_page import handler
from demo.services.ports import listen_address

MAXIMUM_BYTES = 50 * 1024**2


class MessageStore:
    """Keeps each accepted message in `folder` as `<time>-<random>.eml`, complete or not at all.

    The envelope's recipients, which a message need not name, stand in its first header.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Accept one message."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
        partial = self._folder / f"{name}.partial"
        recipients = ", ".join(envelope.rcpt_tos)
        partial.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + envelope.original_content)
        partial.rename(partial.with_suffix(".eml"))
        return "250 Message kept"


@contextmanager
def run_mail_server(folder: Path, smtp_port: int, page_port: int) -> Iterator[None]:
    """Both servers, in threads of this process, for the length of the block."""
    from aiosmtpd.controller import Controller

    folder.mkdir(parents=True, exist_ok=True)
    page = ThreadingHTTPServer((listen_address(), page_port), handler(folder))
    smtp = Controller(
        MessageStore(folder),
        hostname=listen_address(),
        port=smtp_port,
        data_size_limit=MAXIMUM_BYTES,
        enable_SMTPUTF8=True,
    )
    smtp.start()
    threading.Thread(target=page.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        page.shutdown()
        page.server_close()
        smtp.stop()


if __name__ == "__main__":
    with run_mail_server(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):
        threading.Event().wait()
