"""A day of any shop has a report: nothing that its figures may be keeps the report from being built."""

import csv
import io
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from pypdf import PdfReader

from ecommerce.pages import responses
from ecommerce.pages.views import day as day_page
from ecommerce.sales import delivery
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.restatements import Correction
from ecommerce.sales.report.figures_csv import figures_csv
from ecommerce.sales.report.view import notices
from ecommerce.sales.report.view.sales_tables import breakdowns
from tests.unit.sales.report.any_figures import SHAPES, figures_of
from tests.unit.sales.report.samples import DAY, breakdown, make_figures

REQUEST = SimpleNamespace(scope={}, headers={})
CORRECTIONS = [
    Correction("orders", None, Decimal(1)),
    Correction("returns", Decimal("0.5"), None),
]
NO_STATUS = dict.fromkeys(
    ("status", "restated", "asked", "failed", "completed", "actions"), ""
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")


@pytest.mark.parametrize("rows", [21, 22, 25, 500])
def test_the_smallest_rows_of_a_table_add_up_whatever_they_lack(rows):
    nothing = [
        breakdown(f"channel {at}", str(1000 - at), at or None) for at in range(rows)
    ]
    nothing = [
        row.model_copy(update={"discounts": Decimal(0), "returns": Decimal(0)})
        for row in nothing
    ]
    figures = make_figures(channels=nothing, categories=nothing, countries=nothing)
    for section in breakdowns(figures)[:3]:
        total = sum(Decimal(row[-2].replace(",", "")) for row in section["rows"])
        assert total == sum(row.net_sales for row in nothing)
        assert {row[-3] for row in section["rows"]} == {"0.00"}
        assert len(section["rows"]) == min(rows, 21)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(shape=SHAPES)
def test_any_day_has_a_page_a_mail_a_chat_message_and_its_figures_as_files(shape):
    figures = figures_of(shape)

    stored = figures.model_dump_json()
    assert model.Figures.model_validate_json(stored) == figures
    assert model.figures_hash(
        model.Figures.model_validate_json(stored)
    ) == model.figures_hash(figures)
    cells = list(csv.DictReader(io.StringIO(figures_csv(figures))))
    assert {cell["name"] for cell in cells if cell["section"] == "trend"} == {
        str(day.business_date) for day in figures.trend
    }

    report = day_page._report(figures)
    texts = day_page._frame(SimpleNamespace(newest=DAY), DAY, None) | NO_STATUS
    texts |= {"report": report, "downloads": day_page.DOWNLOADS}
    html = responses.page(REQUEST, "day.html", "Sales report", texts).body.decode()
    assert report["tiles"][0]["value"] in html
    message = delivery.report_message(figures, b"%PDF-", None, CORRECTIONS)
    assert report["tiles"][0]["value"] in message.get_body(("plain",)).get_content()
    assert message.get_body(("html",)) is not None
    title, body = delivery.chat_texts(figures, None)
    assert "\n" not in title
    assert body
    delivery.forecast_miss_texts(figures, 1)
    assert all(isinstance(sentence, str) for sentence in notices.alarms(figures))


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(shape=SHAPES)
def test_any_day_has_a_document(shape, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    figures = figures_of(shape)
    archive.write_document(figures, folder)
    first = PdfReader(folder / archive.PDF).pages[0].extract_text()
    assert "Net sales" in first
