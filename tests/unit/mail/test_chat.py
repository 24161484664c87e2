"""What is posted to the chat, and that no trouble with it reaches anybody but the log."""

import logging
from unittest.mock import Mock

import pytest

from demo.services.ports import free_port
from ecommerce.core import errors
from ecommerce.mail import chat as posting
from ecommerce.mail import transport
from tests.chat import SECRET

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
    """Everything that was logged, by whomever."""
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


def test_a_message_arrives_with_title_text_and_picture(chat, spoken):
    assert posting.post(
        "Thu 19 Nov: 20,642.52 USD", "Net sales: 20,642.52\nOrders: 148", PNG
    )
    (post,) = chat.posts
    assert post["path"] == f"/{SECRET}"
    assert (post["title"], post["message"]) == (
        "Thu 19 Nov: 20,642.52 USD",
        "Net sales: 20,642.52\nOrders: 148",
    )
    (file,) = post["attachments"]
    assert (file["filename"], file["mimetype"]) == ("sales-report.png", "image/png")
    assert chat.pictures() == [PNG]
    assert SECRET not in spoken()


def test_a_text_that_is_too_long_for_a_service_is_split(chat):
    assert posting.post("title", "word " * 10_000)
    words = "".join(post["message"] for post in chat.posts).count("word")
    assert (len(chat.posts), words) == (2, 10_000)


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
    assert spoken().count("did not accept the message: FAILURE") == 1
    down = chat.connection(f"json://127.0.0.1:{free_port()}/{SECRET}")
    monkeypatch.setenv("AIRFLOW_CONN_ALERT_CHAT", down)
    assert not posting.post("title", "text")
    assert spoken().count("did not accept the message: FAILURE") == 2
    assert SECRET not in spoken()


def test_a_chat_that_does_not_answer_is_left_alone(chat, monkeypatch, spoken):
    chat.slow = True
    monkeypatch.setattr(posting, "TIMEOUT", 0.5)
    assert not posting.post("title", "text")
    assert "did not accept the message: TIMEOUT" in spoken()
    assert SECRET not in spoken()


def test_an_error_of_the_library_is_a_warning_without_its_text(
    chat, monkeypatch, spoken
):
    error = ValueError(f"cannot parse json://host/{SECRET}")
    monkeypatch.setattr(posting, "_notify", Mock(side_effect=error))
    assert not posting.post("title", "text")
    assert "nothing was posted to the chat: its library fails" in spoken()
    assert SECRET not in spoken()


def test_one_chat_that_is_down_does_not_keep_the_message_from_another(
    chat, monkeypatch
):
    down = f"json://127.0.0.1:{free_port()}/{SECRET}"
    monkeypatch.setenv("AIRFLOW_CONN_ALERT_CHAT", chat.connection(down, chat.url))
    assert posting.post("title", "text")
    assert [post["title"] for post in chat.posts] == ["title"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('{"config": [{"path": "json://x/T0KEN-of-the-chat"}, {"path": "T0KEN-of-the-chat"}]}', "entry 2"),
        ('{"config": "T0KEN-of-the-chat"}', 'needs "config" in its extra'),
        ('{"config": []}', 'needs "config" in its extra'),
        ("{}", 'needs "config" in its extra'),
    ],
)  # fmt: skip
def test_a_connection_that_is_wrong_is_a_warning_that_does_not_quote_it(
    monkeypatch, spoken, extra, said
):
    monkeypatch.setenv(
        "AIRFLOW_CONN_ALERT_CHAT", f'{{"conn_type": "apprise", "extra": {extra}}}'
    )
    monkeypatch.setattr(posting, "_notify", lambda *_: ())
    assert not posting.post("title", "text")
    assert said in spoken()
    assert SECRET not in spoken()


@pytest.fixture
def recipients(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com")


@pytest.mark.usefixtures("recipients")
def test_mail_and_chat_say_the_same(mailbox, chat):
    assert transport.send_alert(a_message(), "alarm.1") == ""
    (mail,), (post,) = mailbox(), chat.posts
    assert post["title"] == mail["Subject"] == "Incomplete: sales of 2026-11-19"
    text = mail.get_body(("plain",)).get_content()
    assert post["message"].split() == text.split()
    assert "\n- alpenmarkt has not delivered\n" in post["message"]


@pytest.mark.usefixtures("recipients")
def test_a_chat_in_trouble_leaves_the_mail_alone(mailbox, chat):
    chat.status = 500
    assert transport.send_alert(a_message(), "alarm.1") == ""
    assert len(mailbox()) == 1


@pytest.mark.usefixtures("recipients")
def test_a_mail_that_fails_and_is_tried_again_is_not_posted_before(use_server, chat):
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
