"""What page, chat and CSV of a report show, in full. Review a change as one of their readers."""

from collections import defaultdict

import pytest

from ecommerce.sales.report.texts.figures_csv import figures_csv
from ecommerce.sales.report.texts.page import page_texts
from tests.archived_reports import archived_texts, chat_text
from tests.unit.differences import differences
from tests.unit.mail.samples import CORRECTIONS
from tests.unit.sales.report import readable, samples
from tests.unit.sales.report.parts import day_with_margins, rare_day


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")


def test_page(snapshot):
    assert readable.page(samples.full()) == snapshot


@pytest.mark.parametrize(
    "day", [samples.troubled, samples.first_day, day_with_margins, rare_day]
)
def test_what_differs_on_the_page_of_another_day(day, snapshot):
    whole = readable.page(samples.full())
    assert differences(readable.page(day()), whole) == snapshot


def test_where_the_tables_of_a_large_shop_end(snapshot):
    lines = []
    for section in page_texts(samples.large_shop())["sections"]:
        rows = section["rows"]
        if rows:
            lines.append(f"{section['id']}: {len(rows)} rows, {' | '.join(rows[-1])}")
    assert "\n".join(lines) == snapshot


def rows_by_figure(day):
    """The first row of each section and figure, and how many there are."""
    rows = defaultdict(list)
    for row in figures_csv(day).splitlines():
        _, section, _, figure, *_ = row.split(",")
        rows[section, figure].append(row)
    return "\n".join(f"{same[0]} ({len(same)})" for same in rows.values())


def test_csv(snapshot):
    full = rows_by_figure(samples.full())
    parts = [full]
    for day in (samples.troubled(), day_with_margins()):
        rows = rows_by_figure(day).replace(",false (", ",true (")
        parts.append(differences(rows, full))
    assert "\n\n".join(parts) == snapshot


@pytest.mark.parametrize("day", [samples.full, samples.troubled])
def test_chat(day, snapshot):
    texts = archived_texts(day())
    assert f"{texts['subject']}\n\n{chat_text(texts)}" == snapshot


def test_chat_of_a_correction(snapshot):
    texts = archived_texts(samples.full(), CORRECTIONS)
    assert f"{texts['subject']}\n\n{chat_text(texts)}" == snapshot
