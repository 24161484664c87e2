"""A real mail server to send to, and the connection that leads to it."""

import json
from email import message_from_bytes, policy

import pytest
from airflow import settings

from demo.services import mail as mail_service
from demo.services.ports import free_port
from tests import chat as chat_server

SENDER = "shop@reports.example"


@pytest.fixture(scope="package", autouse=True)
def _key():
    """The only setting without a default."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
        yield


@pytest.fixture
def use_server(monkeypatch):
    """Let the connection `smtp_default` lead to a port of this machine; other fields as given."""

    def use(port, extra=None, **fields):
        plain = {
            "disable_ssl": True,
            "disable_tls": True,
            "retry_limit": 0,
            "timeout": 5,
        }
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, **fields}
        connection["extra"] = {**plain, "from_email": SENDER, **(extra or {})}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))

    return use


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory):
    """The port and the folder of a mail server, which serves all tests of this process."""
    # The first mail would configure Airflow's logging, which ends the capture of a test's log.
    settings.initialize()
    folder = tmp_path_factory.mktemp("mailbox")
    port = free_port()
    with mail_service.run_mail_server(folder, port, free_port()):
        yield port, folder


@pytest.fixture
def mailbox(mail_server, use_server):
    """A mail server that `smtp_default` leads to; call it for the messages that the test has sent."""
    port, folder = mail_server
    use_server(port)
    earlier = set(folder.glob("*.eml"))

    def messages():
        received = []
        for file in sorted(set(folder.glob("*.eml")) - earlier):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            received.append(message)
        return received

    return messages


@pytest.fixture
def chat(monkeypatch):
    """A chat's server that the connection `alert_chat` leads to."""
    with chat_server.running() as server:
        monkeypatch.setenv("AIRFLOW_CONN_ALERT_CHAT", server.connection())
        yield server
