"""What is archived of a report, and what makes it another one."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecommerce.sales.report.figures.daily import Figures, figures_hash
from ecommerce.sales.report.figures.headline import Figure
from ecommerce.sales.report.texts.figures_csv import figures_csv
from ecommerce.sales.report.texts.page import page_texts
from tests.unit.sales.report import samples
from tests.unit.sales.report.samples import (
    archived,
    breakdown,
    changed,
    full,
    make_figures,
    troubled,
)

HEADLINE = archived("full").headline


@pytest.mark.parametrize("make", samples.EVERY_DAY)
def test_json_keeps_every_figure_exact(make):
    figures = make()
    text = figures.model_dump_json(indent=1)
    assert Figures.model_validate_json(text) == figures
    assert figures_hash(Figures.model_validate_json(text)) == figures_hash(figures)


def test_figures_of_older_archives_have_a_page():
    later = {"attribute", "attributes", "expectation", "implausible", "summary"}
    later |= {"findings", "rates", "rate_bases", "margin", "most_units", "targets"}
    older = troubled().model_dump(mode="json", exclude=later)
    for figure in older["headline"].values():
        del figure["note"], figure["days"]
    for name in list(older["outlook"]):
        if name.startswith("net_"):
            del older["outlook"][name]
    # A figure that a shop had added, and has removed since.
    removed = {"value": "1", "note": "an own figure"}
    older["headline"]["own_figure"] = removed
    figures = Figures.model_validate(older)
    without = changed(troubled(), attribute=None, attributes=[])
    assert figures_hash(figures) == figures_hash(without)
    summary = page_texts(figures)["summary"]
    assert summary["sentences"] == ["Net sales of Thu 19 Nov are 18,343 USD so far."]
    assert summary["trust"]["state"] == "incomplete"


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": "manual__x", "generated_at": datetime(2027, 1, 1, tzinfo=UTC)},
        {"trend": [], "averaged_days": 3, "restatements": []},
        {"warnings": [{"kind": "note", "text": "another warning"}]},
        {"month": None, "changes": None, "outlook": None, "targets": []},
        {"expectation": None, "website": None},
    ],
)
def test_the_hash_is_not_of_comparisons_forecasts_or_the_making(change):
    assert figures_hash(full(**change)) == figures_hash(full())


@pytest.mark.parametrize(
    "change",
    [
        {"channels": [breakdown("storefront", "9800.1101", 120)]},
        {"categories": [breakdown("Kitchen", "6000.01", None)]},
        {"countries": []},
        {"products": []},
        {"return_reasons": []},
        {"currency": "EUR"},
        {"attribute": "sales_channel"},
        {"attributes": [breakdown("web", "12.50", 3)]},
        {"missing_sources": ["storefront"]},
        {"unconverted": archived("troubled").quality.unconverted},
        {"headline": HEADLINE | {"net_sales": Figure(value=Decimal("18342.57"))}},
    ],
)
def test_another_figure_of_the_day_is_another_hash(change):
    assert figures_hash(make_figures(**change)) != figures_hash(make_figures())


def test_names_in_the_csv_are_no_formulas():
    figures = make_figures(categories=[breakdown("=1+1,", "1", None)])
    assert """,categories,"'=1+1,",units,""" in figures_csv(figures)
