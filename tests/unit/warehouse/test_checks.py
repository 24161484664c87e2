"""What people read of a check that found something."""

from __future__ import annotations

from ecommerce.warehouse import rendering
from ecommerce.warehouse.checks import CheckResult

FOUND = "{refund belongs to an order|refunds belong to orders} that the warehouse does not have"


def said(rows: int, found: str = FOUND, sample: str | None = "sales_db refund r7 of order 77") -> str:
    return str(CheckResult("refunds: the order is known", "warn", rows, found, "counted as returns", sample))


def test_a_check_says_what_was_found_and_not_what_should_be():
    assert said(26) == (
        "26 refunds belong to orders that the warehouse does not have: counted as returns "
        "(for example sales_db refund r7 of order 77)"
    )


def test_one_is_one():
    assert said(1, sample=None) == (
        "1 refund belongs to an order that the warehouse does not have: counted as returns"
    )


def test_words_without_forms_are_taken_as_they_are():
    assert said(1200, "times something else", None) == "1,200 times something else: counted as returns"


def test_every_place_that_differs_has_its_forms():
    found = "{order is|orders are} stored under another day than the one of {its|their} creation"
    assert said(1, found, None).startswith(
        "1 order is stored under another day than the one of its creation:"
    )
    assert said(2, found, None).startswith(
        "2 orders are stored under another day than the one of their creation:"
    )


def test_people_are_told_what_it_means_and_what_to_do():
    found = CheckResult(
        "refunds: the order is known", "warn", 26, FOUND, "counted as returns", "r7", "read it"
    )
    assert found.remark() == {
        "found": "26 refunds belong to orders that the warehouse does not have (for example r7)",
        "meaning": "counted as returns",
        "action": "read it",
        "weight": 2,
    }


def test_every_check_that_warns_has_something_to_do():
    for path in (rendering.SQL_ROOT / "warehouse/tables").glob("*/checks.sql"):
        for check in path.read_text().split("{% call check(")[1:]:
            arguments = [line.strip() for line in check.partition(") %}")[0].strip().splitlines()]
            if arguments[1] == '"warn",':
                assert len(arguments) == 6, f"{path.parent.name}: {arguments[0]} lacks action or weight"
                assert len(arguments[4]) > 20
                assert arguments[5] in ("1,", "2,", "3,")
