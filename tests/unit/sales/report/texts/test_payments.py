"""Fees, contribution margin and payouts on pages, in mails and in figures.csv."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from ecommerce.core.text import MINUS
from ecommerce.sales.report.figures.payments import Margin, Payout
from ecommerce.sales.report.texts.figures_csv import figures_csv
from ecommerce.sales.report.texts.mail import mail_texts
from ecommerce.sales.report.texts.page import page_texts
from tests.unit.sales.report import readable
from tests.unit.sales.report.samples import DAY, full, make_figures

MARGIN = Margin(
    fees=D("1031.42"),
    sales_with_fees=D(30000),
    covered_sales=D(29000),
    contribution=D(11600),
    coverage=D("0.962"),
)
EXPLAINED = Payout(
    source="shopify",
    payout_id="8812",
    issued_on=DAY,
    currency="EUR",
    amount=D("4815.16"),
    orders=61,
    charges=D(5000),
    cost=D(145),
    unexplained=D(0),
)
LACKING = EXPLAINED.model_copy(
    update={
        "payout_id": "8807",
        "issued_on": DAY - timedelta(days=3),
        "currency": "USD",
        "unexplained": D(-12),
    }
)


def tiles(figures):
    return {tile["label"]: tile for tile in page_texts(figures)["small_tiles"]}


def test_tiles_are_shown_where_enough_sales_have_cost_and_fees():
    shown = tiles(full(contribution_margin=MARGIN))
    assert shown["Payment fees"]["value"] == "1,031.42"
    assert shown["Payment fees"]["change"]["label"] == "3.4 % of net sales"
    assert shown["Contribution"]["value"] == "11,600.00"
    assert shown["Contribution margin"]["value"] == "40.0 %"
    assert shown["Fee and cost coverage"]["value"] == "96.2 %"
    mailed = mail_texts(full(contribution_margin=MARGIN))["small_tiles"]
    assert [tile["label"] for tile in mailed] == list(shown)


@pytest.mark.parametrize("coverage", ["0.8", "0.949999"])
def test_with_fewer_the_coverage_is_a_remark(coverage):
    margin = MARGIN.model_copy(update={"coverage": D(coverage)})
    figures = make_figures(contribution_margin=margin)
    assert "Contribution margin" not in tiles(figures)
    words = "of net sales have a cost and fees, and 95 % are needed."
    assert words in readable.page(figures)


def test_payouts_are_a_table_and_unexplained_ones_a_sentence():
    figures = full(payouts=[EXPLAINED, LACKING])
    [section] = [
        each for each in page_texts(figures)["sections"] if each["id"] == "payouts"
    ]
    assert section["rows"] == [
        ["Shopify", "8812", "Thu 19 Nov", "4,815.16 EUR", "61", "2.9 %", "0.00"],
        [
            "Shopify",
            "8807",
            "Mon 16 Nov",
            "4,815.16 USD",
            "61",
            "2.9 %",
            f"{MINUS}12.00",
        ],
    ]
    sentence = "Shopify payout 8807 is 12.00 USD less than its payments add up to."
    assert figures.summary.sentences[-1] == sentence


def test_many_unexplained_payouts_are_counted():
    payouts = []
    for number in range(1, 5):
        payouts.append(LACKING.model_copy(update={"payout_id": str(number)}))
    last = full(payouts=payouts).summary.sentences[-1]
    assert "payout 2 is" in last
    assert "payout 3" not in last
    assert last.endswith("; 2 more payouts are not explained either.")


def test_figures_csv_has_them():
    lines = figures_csv(full(contribution_margin=MARGIN, payouts=[LACKING]))
    assert "contribution_margin,,coverage,0.962,,true" in lines
    assert "contribution_margin,,fees,1031.42,USD,true" in lines
    assert "payouts,shopify 8807 USD,unexplained,-12,USD,true" in lines
