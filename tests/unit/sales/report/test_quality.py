"""What page one and a subject say of a day that is incomplete."""

from __future__ import annotations

import pytest

from ecommerce.sales.report import quality
from tests.unit.sales.report.samples import make_figures


@pytest.mark.parametrize(
    ("missing", "empty", "words"),
    [
        (["partner_files: alpenmarkt"], [], "alpenmarkt has not delivered"),
        (["partner_files: a", "partner_files: b"], [], "a and b have not delivered"),
        ([f"partner_files: {name}" for name in "abc"], [], "a and 2 other partners have not delivered"),
        (["storefront"], [], "storefront was not read"),
        (["sales_db", "storefront"], [], "sales database and storefront were not read"),
        (
            ["partner_files: alpenmarkt", "storefront"],
            [],
            "alpenmarkt has not delivered, storefront was not read",
        ),
        ([], ["storefront"], "storefront has no order"),
        ([], [], "not every source of this day was read"),
    ],
)
def test_an_incomplete_day_says_in_few_words_why(missing, empty, words):
    figures = make_figures(complete=False, missing_sources=missing, empty_sources=empty)
    assert quality.incomplete_words(figures) == words


def test_a_complete_day_says_nothing():
    assert quality.incomplete_words(make_figures()) is None


def test_page_one_names_every_partner_that_has_not_delivered():
    partners = [f"partner_files: {name}" for name in ("alpenmarkt", "bazario", "northwind")]
    (notice,) = quality.notices(make_figures(complete=False, missing_sources=partners))
    assert notice["title"] == "INCOMPLETE"
    assert notice["words"] == "alpenmarkt, bazario and northwind have not delivered. Figures will change."
