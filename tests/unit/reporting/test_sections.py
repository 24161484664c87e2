"""Tables that have more rows than there is room for."""

import pytest

from ecommerce.reporting.sections import with_others
from tests.unit.sales.report.samples import breakdown


@pytest.mark.parametrize(
    ("amounts", "shown"),
    [
        ({"a": 5, "b": 4, "c": -9}, {"a": 5, "b": 4, "c": -9}),
        ({"a": 5, "b": 4, "c": 3, "d": 2}, {"a": 5, "b": 4, "2 others": 5}),
        # A large negative amount would make the sum of the others negative.
        ({"a": 5, "b": 4, "c": 3, "d": -9}, {"a": 5, "d": -9, "2 others": 7}),
        ({"a": 5, "b": 4, "c": 3, "own": -1}, {"a": 5, "own": -1, "2 others": 7}),
    ],
)
def test_the_smallest_rows_are_added_up(amounts, shown):
    rows = [breakdown(name, net) for name, net in amounts.items()]
    found = with_others(rows, 3, "net_sales", alone="own")
    assert [(row.name, row.net_sales) for row in found] == list(shown.items())
