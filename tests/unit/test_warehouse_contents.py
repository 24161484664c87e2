"""The comparison that the whole-pipeline tests rely on finds every kind of difference."""

from decimal import Decimal

from tests.integration.warehouse_contents import differences

EXPECTED = {
    "orders": [
        {
            "source": "sales_db",
            "order_id": "1",
            "gross_amount": Decimal(10),
            "status": "completed",
        },
        {
            "source": "sales_db",
            "order_id": "2",
            "gross_amount": Decimal(20),
            "status": "completed",
        },
    ]
}


def found(*rows):
    return {"orders": list(rows)}


def test_equal_tables_differ_in_nothing_whatever_their_order_and_scale():
    first, second = EXPECTED["orders"]
    assert (
        differences(
            EXPECTED,
            found(second, first | {"gross_amount": Decimal("10.0000"), "more": 1}),
        )
        == ""
    )


def test_every_difference_is_named_with_its_row_and_column():
    first, second = EXPECTED["orders"]
    changed = second | {"gross_amount": Decimal("20.0001"), "order_id": "2"}
    report = differences(EXPECTED, found(changed, changed, first | {"order_id": "3"}))
    assert report.splitlines() == [
        "orders: 2 rows expected, 3 found, 4 differences",
        "  stored twice: source sales_db, order_id 2",
        "  missing: source sales_db, order_id 1 (status completed, gross_amount 10)",
        "  too much: source sales_db, order_id 3 (status completed, gross_amount 10)",
        "  source sales_db, order_id 2: gross_amount is 20.0001, not 20",
    ]


def test_a_missing_column_is_a_difference():
    first, second = EXPECTED["orders"]
    del (second := dict(second))["status"]
    assert "order_id 2: status is no column, not completed" in differences(
        EXPECTED, found(first, second)
    )
