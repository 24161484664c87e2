"""Sales by channel, category, country and attribute: the rows of the queries, and what the page adds up."""

from tests.rows import column_of
from tests.unit.sales.report.parts import D
from tests.unit.sales.report.readable import section
from tests.unit.sales.report.samples import large_shop


def test_what_adds_up_many_things_has_no_bar():
    chart = section(large_shop(), "categories")["chart"]
    rows = chart["rows"]
    assert rows[-1]["label"] == "115 others"
    assert chart["alt"].endswith(f" and 115 others {rows[-1]['figure']}.")
    assert "Returns of whole orders" in column_of(rows, "label")
    lengths = column_of(rows, "length")
    assert lengths[5:] == [0]
    assert D("-796.01") in lengths
