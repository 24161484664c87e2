"""What page, chat and CSV of a report show, in full. Review a change as one of their readers."""

import pytest

from ecommerce.sales import delivery
from ecommerce.sales.report.texts.figures_csv import figures_csv
from tests.archived_reports import archived_texts
from tests.unit.mail.samples import CORRECTIONS, without_last_week
from tests.unit.sales.report import readable, samples


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")


@pytest.mark.parametrize(
    "day", [samples.full, samples.troubled, samples.first_day, samples.large_shop]
)
def test_page(day, snapshot):
    assert readable.page(day()) == snapshot


@pytest.mark.parametrize(
    "day",
    [samples.doubtful, samples.empty_day, samples.crowded, without_last_week],
)
def test_top_of_the_page(day, snapshot):
    assert readable.top(day()) == snapshot


@pytest.mark.parametrize("day", [samples.full, samples.troubled])
def test_csv(day, snapshot):
    assert figures_csv(day()) == snapshot


@pytest.mark.parametrize(
    "day", [samples.full, samples.troubled, samples.doubtful, samples.first_day]
)
def test_chat(day, snapshot):
    texts = archived_texts(day())
    assert f"{texts['subject']}\n\n{delivery.chat_text(texts)}" == snapshot


def test_chat_of_a_correction(snapshot):
    texts = archived_texts(samples.full(), CORRECTIONS)
    assert f"{texts['subject']}\n\n{delivery.chat_text(texts)}" == snapshot
