"""A mail server for tests: it keeps what it is given."""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from demo.services import mail as mail_service
from demo.services.ports import free_port

ALERTED = "oncall@example.com"
REPORTED_TO = "ceo@example.com"


@dataclass(frozen=True)
class Mailbox:
    """What a mail server was given."""

    folder: Path
    port: int

    def messages(self):
        """The messages so far, the oldest first."""
        files = sorted(self.folder.glob("*.eml"))
        return [
            message_from_bytes(
                path.read_bytes(),
                policy=policy.default,
            )
            for path in files
        ]

    def environment(self):
        """The connection to this server, and people to mail to."""
        extra = {
            "disable_ssl": True,
            "disable_tls": True,
            "from_email": "airflow@reports.example",
            # A busy machine may keep a mail whose sender has given up after 30 s, and gets it again.
            "timeout": 300,
        }
        connection = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": self.port,
            "extra": extra,
        }
        return {
            "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(connection),
            "AIRFLOW_VAR_ALERT_RECIPIENTS": ALERTED,
            "AIRFLOW_VAR_REPORT_RECIPIENTS": REPORTED_TO,
        }


@contextmanager
def open_mailbox(folder):
    """A running mail server that keeps its messages in `folder`."""
    box = Mailbox(folder, free_port())
    with mail_service.run_mail_server(box.folder, box.port, free_port()):
        yield box
