"""The website's figures: the rows of the queries, and days without them."""

from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.website import Website
from tests.unit.sales.report.texts.answers import Answers


def website_of(**answers):
    """The website's figures from the rows that queries return by their names."""
    return website.read(Answers.of(**answers)).website


def test_a_shop_without_web_events_has_no_website_part():
    """What its page shows is in the snapshot of the first day."""
    assert website_of() is None


def test_a_day_whose_events_are_not_loaded_has_no_figures():
    assert website_of(website_steps=[{"step": None}]) == Website()
