"""How often the figures of periods are read, by a warehouse that loads change meanwhile."""

from pathlib import PurePath

import pytest

from ecommerce.core.errors import TransientError
from ecommerce.core.periods import parse_period
from ecommerce.core.settings import load_settings
from ecommerce.sales.periods.reader import read_figures
from ecommerce.sales.slices import WHOLE, Slice
from tests.unit.sales.periods import samples

WEEK = parse_period("2026-W10")
GERMANY = Slice(country=["DE"])
SHARED = ["order_days", "sales", "products"]
OF_SOME = ["order_days", "sales", "payments", "plans", "products"]


class ScriptedWarehouse:
    """A warehouse whose days have one of `states` before and after each read. Net sales count the reads."""

    def __init__(self, *states):
        self.settings = load_settings()
        self.states = list(states)
        self.queries = []

    def query(self, path, *, slices, **options):
        name = PurePath(path).stem
        self.queries.append(name)
        rows = []
        if name == "sales":
            reads = self.queries.count(name)
            for number in range(len(slices)):
                net_sales = {"name": "net_sales", "value": reads, "before": None}
                rows.append({"slice": number, "part": "headline"} | net_sales)
        if name in ("order_days", "products"):
            state = {"state": self.states.pop(0)}
            rows.append({"slice": None, "part": None, "business_date": None} | state)
        return rows


@pytest.mark.parametrize(
    ("period", "slices", "queries"),
    [
        ("2026-W10", [GERMANY, Slice(country=["AT"])], SHARED),
        ("2026-W10", [GERMANY, Slice(channel=["acme"])], OF_SOME),
        ("2026-03-02", [GERMANY, WHOLE], SHARED),
        (
            "2026-03",
            [GERMANY, WHOLE],
            [*OF_SOME[:-1], "customers", "funnel", "restated", "products"],
        ),
    ],
)
def test_queries_do_not_depend_on_the_number_of_slices(period, slices, queries):
    warehouse = ScriptedWarehouse("a", "a")
    figures = read_figures(warehouse, parse_period(period), slices * 2, samples.ORIGIN)
    assert list(figures) == slices
    assert warehouse.queries == queries


def test_what_a_load_has_changed_is_read_again():
    warehouse = ScriptedWarehouse("a", "b", "b", "b")
    figures = read_figures(warehouse, WEEK, [GERMANY], samples.ORIGIN)
    assert figures[GERMANY].value("net_sales") == 2
    assert warehouse.queries == SHARED * 2


def test_days_that_loads_keep_changing():
    warehouse = ScriptedWarehouse(*"abcdef")
    with pytest.raises(TransientError, match="figures of 2026-W10"):
        read_figures(warehouse, WEEK, [GERMANY], samples.ORIGIN)
    assert warehouse.queries == SHARED * 3
