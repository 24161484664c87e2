"""Returns by reason."""

from decimal import Decimal as D

from ecommerce.sales.report.figures import returns
from tests.unit.sales.report.texts.answers import Answers


def test_reasons_are_masked_and_those_that_become_alike_are_one():
    amounts = {
        "broken": "6.0001",
        "asked by bob@example.com": "3.3334",
        "asked by ann@example.com": "3.3333",
        None: "2.0000",
    }
    rows = []
    for reason, amount in amounts.items():
        rows.append({"reason": reason, "refunds": 1, "amount": D(amount)})
    found = returns.read(Answers.of(return_reasons=rows)).return_reasons
    names = [(row.reason, row.refunds, row.amount) for row in found]
    assert names == [
        ("asked by <e-mail>", 2, D("6.6667")),
        ("broken", 1, D("6.0001")),
        (None, 1, 2),
    ]
