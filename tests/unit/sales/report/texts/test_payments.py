"""Fees, contribution margin and payouts; test_page.py has the page and the figures.csv of a day with them."""

from ecommerce.sales.report.texts.mail import mail_texts
from ecommerce.sales.report.texts.page import page_texts
from tests.rows import column_of
from tests.unit.sales.report.parts import (
    day_with_margins,
    payout,
)
from tests.unit.sales.report.samples import full


def labels(texts):
    return column_of(texts["small_tiles"], "label")


def test_the_tiles_of_a_mail_are_those_of_its_page():
    figures = day_with_margins()
    assert labels(mail_texts(figures)) == labels(page_texts(figures))


def test_many_unexplained_payouts_are_counted():
    payouts = [payout(payout_id=str(number)) for number in range(1, 5)]
    last = full(payouts=payouts).summary.sentences[-1]
    assert "payout 2 is" in last
    assert "payout 3" not in last
    assert last.endswith("; 2 more payouts are not explained either.")
