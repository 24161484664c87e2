"""What people read of a check that found something."""

import re
from dataclasses import asdict, replace
from datetime import date
from types import SimpleNamespace

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.core.settings import load_settings
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import rendering
from ecommerce.warehouse.checks import CheckResult, run_checks

FOUND = (
    "{refund belongs to an order|refunds belong to orders} missing from the warehouse"
)

SOUND = CheckResult(
    "rows: are sound",
    "error",
    0,
    "{row is|rows are} unsound",
    "figures are wrong",
    None,
)


def sentence(rows, found=FOUND, sample="sales_db refund r7 of order 77"):
    return str(
        CheckResult(
            "refunds: the order is in the warehouse",
            "warn",
            rows,
            found,
            "counted as returns",
            sample,
        )
    )


def test_a_check_says_what_was_found_and_not_what_should_be():
    assert sentence(26) == (
        "26 refunds belong to orders missing from the warehouse: counted as returns "
        "(for example sales_db refund r7 of order 77)"
    )
    assert sentence(1_234).startswith("1,234 refunds belong to")


def test_people_are_told_what_it_means_and_what_to_do():
    found = CheckResult(
        "refunds: the order is in the warehouse",
        "warn",
        26,
        FOUND,
        "counted as returns",
        "r7",
        "read it",
    )
    of_the_day = {
        "kind": "check",
        "found": "26 refunds belong to orders missing from the warehouse (for example r7)",
        "meaning": "counted as returns",
        "action": "read it",
        "weight": 2,
    }
    assert found.warnings() == [of_the_day]
    others = replace(
        found, other_rows=1, other_sample="r1", other_days="2026-11-18 2026-11-09"
    )
    assert others.warnings() == [
        of_the_day,
        of_the_day
        | {
            "found": "1 refund belongs to an order missing from the warehouse (for example r1)",
            "days": ["2026-11-09", "2026-11-18"],
        },
    ]
    assert str(replace(others, failing_rows=0)).startswith("1 refund belongs to")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            None,
            "no check in include/sql/warehouse/tables/{table}/checks.sql returns a row",
        ),
        (
            {"severity": "err"},
            'the check "rows: are sound" in include/sql/warehouse/tables/{table}/checks.sql',
        ),
        ({"failing_rows": None}, 'the check "rows: are sound" in include/sql/'),
        ({}, None),
    ],
)
def test_a_check_that_cannot_fail_is_an_error(change, sentence):
    checked = [
        table for table in rendering.tables("checks.sql") if table in ORDERS.tables
    ]
    rows = [{"checked": table} | asdict(SOUND) for table in checked]
    rows[0] |= change or {}
    warehouse = SimpleNamespace(
        settings=load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef"}),
        run=lambda *_: rows if change is not None else rows[1:],
    )
    day = date(2026, 11, 17)

    def run():
        return run_checks(
            [day], spec=ORDERS, business_date=day, run_id="run", warehouse=warehouse
        )

    if sentence is None:
        assert run() == [SOUND] * len(checked)
    else:
        with pytest.raises(
            ContractError, match=re.escape(sentence.format(table=checked[0]))
        ):
            run()
