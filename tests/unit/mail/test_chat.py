"""What is posted to the chat, and that no trouble with it reaches anybody but the log."""

import json
import logging
from unittest.mock import Mock

import pytest

from demo.services.ports import free_port
from ecommerce.core import errors
from ecommerce.mail import chat as posting
from ecommerce.mail import transport
from tests.chat import SECRET
from tests.settings import lower

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


def a_message():
    texts = {
        "day": "2026-11-19",
        "reasons": ["alpenmarkt has not delivered"],
        "page_url": "",
    }
    return transport.compose("Incomplete: sales of 2026-11-19", "alarm_mail", texts)


@pytest.fixture
def spoken(caplog):
    """Whatever anybody logs; it never has the chat's secret."""
    for logger in ("", "apprise", "urllib3"):
        caplog.set_level(logging.DEBUG, logger)
    yield caplog
    # `text` is by now that of the teardown.
    logged = [caplog.handler.format(record) for record in caplog.get_records("call")]
    assert SECRET not in "".join(logged)


def test_a_message_arrives_with_title_text_and_picture(chat, spoken):
    assert posting.post("Thu 19 Nov", "Net sales: 20,642.52\nOrders: 148", PNG)
    (post,) = chat.posts
    assert post["path"] == f"/{SECRET}"
    assert post["title"] == "Thu 19 Nov"
    assert post["message"] == "Net sales: 20,642.52\nOrders: 148"
    (file,) = post["attachments"]
    assert (file["filename"], file["mimetype"]) == ("sales-report.png", "image/png")
    assert chat.pictures() == [PNG]
    assert "did not accept" not in spoken.text


def test_the_config_of_airflows_form_is_a_text(chat, monkeypatch):
    extra = {"config": json.dumps([{"path": chat.url}])}
    connection = json.dumps({"conn_type": "apprise", "extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_ALERT_CHAT", connection)
    assert posting.post("title", "text")
    assert len(chat.posts) == 1


def test_without_the_connection_nothing_is_posted_or_said(monkeypatch, caplog):
    monkeypatch.delenv("AIRFLOW_CONN_ALERT_CHAT", raising=False)
    caplog.set_level(logging.INFO)
    assert not posting.post("title", "text")
    assert caplog.text == ""


def test_no_name_in_the_data_calls_everybody_and_no_address_is_shown(chat):
    posting.post(
        "Sales of @channel", "Rising: @everyone mug (asked for by jane.doe@example.com)"
    )
    (post,) = chat.posts
    assert "@" not in post["title"] + post["message"]
    assert "everyone mug" in post["message"]
    assert "jane.doe" not in post["message"]


def test_a_chat_that_refuses_or_is_down_is_a_warning_without_its_url(
    chat, monkeypatch, spoken
):
    chat.status = 500
    assert not posting.post("title", "text", PNG)
    assert spoken.text.count("did not accept the message: FAILURE") == 1
    down = chat.connection(f"json://127.0.0.1:{free_port()}/{SECRET}")
    monkeypatch.setenv("AIRFLOW_CONN_ALERT_CHAT", down)
    assert not posting.post("title", "text")
    assert spoken.text.count("did not accept the message: FAILURE") == 2


def test_a_chat_that_does_not_answer_is_left_alone(chat, monkeypatch, spoken):
    chat.slow = True
    lower(monkeypatch, posting, TIMEOUT=0.5)
    assert not posting.post("title", "text")
    assert "did not accept the message: TIMEOUT" in spoken.text


def test_an_error_of_the_library_is_a_warning_without_its_text(
    chat, monkeypatch, spoken
):
    error = ValueError(f"cannot parse json://host/{SECRET}")
    monkeypatch.setattr("apprise.Apprise.notify", Mock(side_effect=error))
    assert not posting.post("title", "text")
    assert "nothing was posted to the chat: its library fails" in spoken.text


@pytest.mark.usefixtures("chat")
def test_an_error_of_the_code_is_no_warning():
    with pytest.raises(TypeError):
        posting.post("title", None)


@pytest.mark.parametrize(
    "config",
    [
        '[{"path": "json://x/T0KEN-of-the-chat"}, {"path": "T0KEN-of-the-chat"}]',
        '[{"path": "json://x/T0KEN-of-the-chat"}, {"url": "T0KEN-of-the-chat"}]',
        '"T0KEN-of-the-chat"',
        "[]",
    ],
)
def test_a_connection_that_is_wrong_is_a_warning_that_does_not_quote_it(
    monkeypatch, spoken, config
):
    extra = f'{{"config": {config}}}'
    monkeypatch.setenv(
        "AIRFLOW_CONN_ALERT_CHAT", f'{{"conn_type": "apprise", "extra": {extra}}}'
    )
    assert not posting.post("title", "text")
    assert 'needs a valid "config" in its extra' in spoken.text


def test_a_mail_that_fails_and_is_tried_again_is_not_posted_before(
    use_server, chat, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com")
    use_server(free_port())
    with pytest.raises(errors.TransientError):
        transport.send_alert(a_message(), "alarm.1")
    assert chat.posts == []


def test_the_chat_needs_neither_recipients_nor_a_mail_server(chat):
    assert transport.send_alert(a_message(), "alarm.1") == ""
    assert len(chat.posts) == 1
    chat.status = 500
    why = "the Variable alert_recipients is empty"
    assert transport.send_alert(a_message(), "alarm.1") == why
