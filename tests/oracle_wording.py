"""Whether every form of a report states the oracle's figures: PDF, mail, page, CSV and JSON.

It looks for numbers as people read them. What else the forms say is reviewed in the snapshots of tests/unit.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal

from pypdf import PdfReader

from ecommerce.sales.report import archive, build
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report_mail import read_mail
from tests.oracle import rounded
from tests.oracle_day import Expected
from tests.oracle_report import NEARLY, SECTIONS
from tests.unit.pages import made_up
from tests.unit.pages.reading import text_of

MINUS = "\N{MINUS SIGN}"
MONEY = (
    "net_sales",
    "gross_sales",
    "discounts",
    "returns",
    "average_order_value",
    "tax",
    "shipping",
)
COUNTS = ("orders", "customers", "new_customers", "returning_customers")


def lacking(oracle, figures, folder):
    """What a form of the report does not say although it must; `folder` takes the report's files."""
    expected = Expected(oracle, figures.business_date)
    problems = []
    for form, text in _texts(figures, folder):
        for words in _headline(expected):
            number = rf"(?<![\d.,]){re.escape(words)}(?![\d]|[.,]\d)"
            if not re.search(number, text):
                problems.append(f"{form}: no {words}")
    return problems + list(_cells(figures, folder, expected))


def _texts(figures, folder):
    """The words of each form that people read."""
    report = build.archive_report(f"file://{folder}/reports", figures)
    mailed = read_mail(report)
    first = PdfReader(io.BytesIO(mailed.pdf)).pages[0]
    yield "page one", " ".join(first.extract_text().split())
    message = mailed.compose(mailed.texts)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part
        yield f"mail, {kind}", text_of(part.get_content())
    yield "page", _page(figures, folder)


def _page(figures, folder):
    """The day's page of somebody who may see it."""
    import pytest
    from fastapi.testclient import TestClient

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REPORTS_URI", f"file://{folder}/reports")
        client = TestClient(made_up.application())
        answer = client.get(f"/{figures.business_date}/")
    assert answer.status_code == 200
    return text_of(answer.text)


def _headline(expected):
    day = expected.summary[expected.day]
    for name in MONEY:
        if day[name] is not None:
            yield money(day[name])
    for name in COUNTS:
        yield f"{day[name]:,}"


def _cells(figures, folder, expected):
    """What JSON and CSV say otherwise, to the last decimal."""
    place = folder / "reports" / str(figures.business_date)
    stored = (place / archive.FIGURES_JSON).read_text()
    if Figures.model_validate_json(stored) != figures:
        yield "json: other figures"
    cells = {}
    text = (place / archive.FIGURES_CSV).read_text()
    for row in csv.DictReader(io.StringIO(text)):
        cells[row["section"], row["name"], row["figure"]] = row["value"]
    day = expected.summary[expected.day]
    true = {("headline", "", name): day[name] for name in (*MONEY, *COUNTS)}
    for kind, section in SECTIONS.items():
        for name, value in expected.net_by(kind, expected.day).items():
            if rounded(value):
                true[section, name, "net_sales"] = value
    for cell, value in true.items():
        found = cells.get(cell)
        if not _same(found, value):
            yield f"csv: {' '.join(cell)} is {found} instead of {value}"


def _same(found, true):
    if true is None or not found:
        return true is None and found == ""
    return abs(Decimal(found) - true) < NEARLY


def money(value):
    """As people write it."""
    cents = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{cents:,}".replace("-", MINUS)
