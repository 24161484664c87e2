"""What the mail about a selection says."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from ecommerce.core.text import MINUS, NOTHING
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.selection import mail
from ecommerce.forecast.selection.champion_rule import choose
from tests.unit.forecast.selection.shops import figures


def selected(test: dict[str, Any]) -> dict[str, Any]:
    return {"version": "champions/2026-12-06-001-ab.json", **choose(test, "blend"), **test}


def parts(test: dict[str, Any]) -> tuple[EmailMessage, str, str, list[EmailMessage]]:
    """The mail, its text, its HTML, its pictures."""
    record = selected(test)
    message = mail.compose(record, mail.chart(record))
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return message, text, html, [part for part in message.walk() if part.get_content_type() == "image/png"]


def table(text: str) -> list[str]:
    """The rows of the table, one blank between what stands in them."""
    lines = text.partition("Candidate")[2].splitlines()[1:]
    return [" ".join(line.split()) for line in lines[: len(CANDIDATES)]]


def test_it_has_every_candidate_the_champion_and_why() -> None:
    message, text, html, pictures = parts(figures(8, blend=(0.2, 0.021), ridge=(0.1, -0.034)))
    assert message["Subject"] == "Forecast model: ridge replaces blend"
    assert message["X-Sales-Mail"] == "selection"
    rows = table(text)
    assert [row.split()[0] for row in rows] == list(CANDIDATES)
    bias = f"{MINUS}3.4 %"
    assert f"ridge (champion) 10.0 % 10.0 % 10.0 % 10.0 % {bias} 10.0 % 81.0 % 95.0 %" in rows
    assert "blend 20.0 % 20.0 % 20.0 % 20.0 % +2.1 % 20.0 % 81.0 % 95.0 %" in rows
    for said in (text, html):
        assert "ridge replaces blend: its score of 10.0 % is 50.0 % better than 20.0 %." in said
        assert "champions/2026-12-06-001-ab.json" in said
        assert "2026-09-19 to 2026-11-07" in said
    assert html.count("(champion)") == 2  # in either table
    (picture,) = pictures
    assert picture.get_content_disposition() == "inline"
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in html
    assert 'alt="Scores, lower is better: ridge 10.0 %, blend 20.0 %, ' in html


def test_it_says_why_nothing_changes() -> None:
    message, text, _, _ = parts(figures(8, blend=0.2, ridge=0.198))
    assert message["Subject"] == "Forecast model: blend stays"
    assert "blend stays: the next best, ridge, is 1.0 % better, and 5 % are needed." in text.splitlines()


def test_a_short_history_has_no_table_and_no_picture() -> None:
    _, text, html, pictures = parts(figures(2, blend=0.2))
    assert "give 2 weekly origins" in text
    assert "<th" not in html
    assert not pictures
    assert "cid:" not in html


def test_a_candidate_without_figures_has_dashes() -> None:
    _, text, _, _ = parts(figures(8, blend=0.2, ridge=(None, None)))
    assert " ".join(["ridge", *[NOTHING] * 6, "81.0 % 95.0 %"]) in table(text)


def test_the_same_scores_give_the_same_picture() -> None:
    record = selected(figures(8, blend=0.2, ridge=0.1))
    assert mail.chart(record) == mail.chart(record) != mail.chart(record | {"champion": "blend"})


def test_a_record_has_one_message_id_and_nobody_is_no_reader(
    monkeypatch: pytest.MonkeyPatch, mailbox: Callable[[], list[EmailMessage]]
) -> None:
    record = selected(figures(8, blend=0.2, ridge=0.1))
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert mail.notify(record) == "the Variable report_recipients is empty"
    assert mailbox() == []
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com")
    assert mail.notify(record) == mail.notify(record) == ""
    first, second = mailbox()
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].startswith("<selection.")
