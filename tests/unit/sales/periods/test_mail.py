"""The chat message of a period's report. `tests/unit/mail` has the mails."""

from ecommerce.core.templates import render
from ecommerce.sales.periods.texts.page import page_texts
from tests.unit.sales.periods import samples

PAGE = "https://airflow.example/sales-reports/weeks/2026-W48/"


def test_the_chat_message_and_its_link():
    texts = page_texts(samples.week()) | {"page_url": PAGE, "subscription": "board"}
    lines = render("period_chat.txt", texts).splitlines()
    assert lines == [
        *texts["summary"]["sentences"],
        "",
        "Complete: all 7 days are complete; Mon 23 Nov has changed since its report was mailed",
        "",
        PAGE,
        "",
        "Sent to the subscription board.",
    ]
