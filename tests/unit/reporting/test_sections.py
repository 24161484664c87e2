"""Tables that have more rows than there is room for."""

import pytest

from ecommerce.reporting.sections import with_others
from tests.unit.sales.report.samples import breakdown


@pytest.mark.parametrize(
    ("amounts", "most", "shown"),
    [
        ("a=5 b=4 c=-9", 3, "a=5 b=4 c=-9"),
        ("a=5 b=4 c=3 d=2", 3, "a=5 b=4 2 others=5"),
        # A large negative amount would make the sum of the others negative.
        ("a=5 b=4 c=3 d=-9", 3, "a=5 d=-9 2 others=7"),
        ("a=5 b=4 c=3 unallocated=-1", 3, "a=5 unallocated=-1 2 others=7"),
    ],
)
def test_the_smallest_rows_are_added_up(amounts, most, shown):
    pairs = [pair.split("=") for pair in amounts.split()]
    rows = [breakdown(name, net) for name, net in pairs]
    found = with_others(rows, most, size=lambda row: row.net_sales, alone="unallocated")
    assert " ".join(f"{row.name}={row.net_sales}" for row in found) == shown
