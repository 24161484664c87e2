"""What page one and a subject say of a day that is incomplete."""

import pytest

from ecommerce.sales.report.figures import forecast as expectations
from ecommerce.sales.report.findings import findings_of
from ecommerce.sales.report.view import mail, notices
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report.samples import expectation, full, make_figures


@pytest.mark.parametrize(
    ("missing", "empty", "words"),
    [
        (
            ["partner_files: alpenmarkt"],
            [],
            "alpenmarkt has delivered no valid file for Thu 19 Nov",
        ),
        (
            ["partner_files: a", "partner_files: b"],
            [],
            "a and b have delivered no valid file for Thu 19 Nov",
        ),
        (
            [f"partner_files: {name}" for name in "abc"],
            [],
            "a and 2 others have delivered no valid file for Thu 19 Nov",
        ),
        (["storefront"], [], "Storefront was not read"),
        (["sales_db", "storefront"], [], "Sales database and Storefront were not read"),
        (
            ["partner_files: alpenmarkt", "storefront"],
            [],
            "alpenmarkt has delivered no valid file for Thu 19 Nov, Storefront was not read",
        ),
        ([], ["storefront"], "Storefront has no orders"),
        (
            [],
            ["partner_files: alpenmarkt", "storefront"],
            "alpenmarkt and Storefront have no orders",
        ),
        ([], [], "not every source of this day was read"),
    ],
)
def test_an_incomplete_day_says_in_few_words_why(missing, empty, words):
    figures = make_figures(complete=False, missing_sources=missing, empty_sources=empty)
    assert notices.missing_words(figures) == words


def test_a_complete_day_says_nothing():
    assert notices.missing_words(make_figures()) == ""


def test_page_one_names_every_partner_that_has_not_delivered():
    partners = [
        f"partner_files: {name}" for name in ("alpenmarkt", "bazario", "northwind")
    ]
    (notice,) = notices.notices(make_figures(complete=False, missing_sources=partners))
    assert notice["title"] == "INCOMPLETE"
    assert notice["words"] == (
        "alpenmarkt, bazario and northwind have delivered no valid file for Thu 19 Nov. Figures will change."
    )


def test_a_partner_whose_file_is_empty_keeps_its_name():
    (notice,) = notices.notices(
        make_figures(complete=False, empty_sources=["partner_files: alpenmarkt"])
    )
    assert notice["words"] == "alpenmarkt has no orders. Figures will change."


def test_a_day_that_may_be_incomplete_is_marked_wherever_it_is_judged():
    figures = full(doubtful_sources=["partner_files: alpenmarkt"])
    unjudged = expectation()
    series = [each.model_copy(update={"verdict": None}) for each in unjudged.series]
    judged = expectations.judged(
        unjudged.model_copy(update={"series": series}), complete=not figures.caveat
    )
    figures = figures.model_copy(
        update={"findings": findings_of(figures), "expectation": judged}
    )
    (notice,) = (
        each for each in notices.notices(figures) if "incomplete" in each["title"]
    )
    assert notice["title"] == "May be incomplete"
    assert (
        notice["words"]
        == "Far fewer sales than usual or than were stored: alpenmarkt. Figures may change."
    )
    texts = mail.mail_texts(figures)
    headline = "Thu 19 Nov: net sales 18,342.56 USD, +13.8 % vs Thu 12 Nov"
    assert texts["subject"] == f"May be incomplete: alpenmarkt · {headline}"
    assert texts["first_line"].startswith(
        "Net sales of Thu 19 Nov: 18,342.56 USD (may be incomplete: alpenmarkt), +13.8 % vs"
    )
    assert texts["findings"][:-1] == [
        "May be incomplete: alpenmarkt has far fewer sales than usual or than were stored."
    ]
    assert texts["expected"]["verdict"] == "No verdict"
    assert texts["expected"]["words"].startswith(
        "the day may be incomplete; gross sales 20,411.06 USD so far"
    )
    assert page_texts(figures)["expected"]["changed"] == "the day may be incomplete"
    assert notices.missing_words(figures) == ""


def test_a_day_that_is_incomplete_is_not_called_doubtful_as_well():
    figures = make_figures(
        complete=False,
        missing_sources=["storefront"],
        doubtful_sources=["partner_files: alpenmarkt"],
    )
    assert [each["title"] for each in notices.notices(figures)] == ["INCOMPLETE"]
    assert mail.subject(figures).startswith("INCOMPLETE: Storefront was not read ·")
