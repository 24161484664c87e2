"""Sales by channel, category, country and attribute: the rows of the queries, and what the page adds up."""

from tests.unit.sales.report.parts import D
from tests.unit.sales.report.readable import section
from tests.unit.sales.report.samples import breakdown, large_shop, make_figures


def test_of_many_rows_the_last_one_adds_up_the_others():
    channels = [breakdown(f"p{number}", "10") for number in range(23)]
    rows = section(make_figures(channels=channels), "channels")["rows"]
    assert (len(rows), rows[-1][:2]) == (21, ["3 others", "30"])
    assert rows[-1][-2:] == ["30.00", "13.0 %"]
    rows = section(make_figures(channels=channels[:21]), "channels")["rows"]
    assert rows[-1][:2] == ["P20", "10"]


def test_what_adds_up_many_things_has_no_bar():
    chart = section(large_shop(), "categories")["chart"]
    rows = chart["rows"]
    assert rows[-1]["label"] == "115 others"
    assert chart["alt"].endswith(f" and 115 others {rows[-1]['figure']}.")
    assert "Returns of whole orders" in [row["label"] for row in rows]
    lengths = [row["length"] for row in rows]
    assert lengths[5:] == [0]
    assert D("-796.01") in lengths
