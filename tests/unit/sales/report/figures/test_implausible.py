"""When an amount that is hardly true is a finding, and its sentence."""

from decimal import Decimal

import pytest

from ecommerce.sales.report.figures.model import ImplausibleAmount
from ecommerce.sales.report.findings import findings_of, sentence
from tests.unit.sales.report.test_findings import figures

D = Decimal


def amount(kind: str, excess: str, order: str = "1001") -> ImplausibleAmount:
    amounts = {"amount": D(excess) + 20, "base_amount": D(20), "excess": D(excess)}
    if kind == "negative_discount":
        amounts["amount"] = -D(excess)
    return ImplausibleAmount(kind=kind, source="sales_db", order_id=order, **amounts)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "discount",
            "Sales database order 1001 has a discount of 620.00 on 20.00: net sales are 600.00 lower.",
        ),
        (
            "refund",
            "Sales database order 1001 has refunds of 620.00 on a total of 20.00: "
            "net sales are 600.00 lower.",
        ),
        (
            "negative_discount",
            "Sales database order 1001 has a negative discount of \N{MINUS SIGN}600.00: "
            "net sales are 600.00 higher.",
        ),
    ],
)
def test_an_amount_of_three_per_cent_of_gross_sales_is_a_finding(kind, words):
    (finding,) = findings_of(
        figures(implausible=[amount(kind, "600.00")])
    )  # of 20,000.00
    assert sentence(finding, "USD") == words
    assert findings_of(figures(implausible=[amount(kind, "599.99")])) == []


def test_amounts_that_move_the_day_together_are_one_finding():
    some = [
        amount("discount", "400"),
        amount("negative_discount", "300", "7"),
        amount("refund", "250", "8"),
    ]
    (finding,) = findings_of(figures(implausible=some))
    assert finding.numbers["effect"] == -650
    assert sentence(finding, "USD").endswith(
        ": with 1 other order like it, net sales are 650.00 lower."
    )


def test_it_comes_first_and_also_on_an_incomplete_day():
    day = figures(implausible=[amount("discount", "600")])
    quality = day.quality.model_copy(
        update={"complete": False, "missing_sources": ["storefront"]}
    )
    found = findings_of(day.model_copy(update={"quality": quality}))
    assert [each.kind for each in found] == ["missing", "implausible"]


def test_on_a_day_without_gross_sales_every_amount_moves_the_day():
    nothing = {"gross_sales": ("0", "0")}
    assert [
        each.kind
        for each in findings_of(
            figures(headline=nothing, implausible=[amount("refund", "1")])
        )
    ] == ["implausible"]
