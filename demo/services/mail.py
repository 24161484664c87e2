"""A mail server that delivers nothing: it stores each message as a file and shows it on a web page.

`python -m demo.services.mail FOLDER SMTP_PORT PAGE_PORT`
"""

import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.services.flask_service import FlaskService
from demo.services.mailbox_page import mailbox_app
from demo.services.ports import listen_address

MAXIMUM_BYTES = 50 * 1024**2


class MessageStore:
    """Stores each accepted message in `folder` as `<time>-<random>.eml`, written atomically.

    The first header of a stored message lists the envelope's recipients, which its own headers may omit.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Accept one message."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
        partial = self._folder / f"{name}.partial"
        recipients = ", ".join(envelope.rcpt_tos)
        partial.write_bytes(
            f"X-Envelope-To: {recipients}\r\n".encode() + envelope.original_content
        )
        partial.rename(partial.with_suffix(".eml"))
        return "250 Message kept"


@contextmanager
def run_mail_server(folder: Path, smtp_port: int, page_port: int) -> Iterator[None]:
    """Run the SMTP server and the web page in threads of this process.

    Args:
        folder: where messages are stored.
        smtp_port: port of the SMTP server.
        page_port: port of the web page.
    """
    from aiosmtpd.controller import Controller

    folder.mkdir(parents=True, exist_ok=True)
    smtp = Controller(
        MessageStore(folder),
        hostname=listen_address(),
        port=smtp_port,
        data_size_limit=MAXIMUM_BYTES,
        enable_SMTPUTF8=True,
    )
    smtp.start()
    try:
        with FlaskService(page_port, mailbox_app(folder)):
            yield
    finally:
        smtp.stop()


if __name__ == "__main__":
    with run_mail_server(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):
        threading.Event().wait()
