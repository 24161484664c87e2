"""Random weeks and months, and random slices of them, have the figures of an oracle without SQL."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from ecommerce.core.periods import parse_period
from ecommerce.sales.periods.reader import read_net_sales
from ecommerce.sales.slices import WHOLE, Slice
from tests.integration.warehouse.random_sales import (
    CATEGORIES,
    LIVE,
    MORNING,
    RandomSales,
)
from tests.oracle_comparisons import History
from tests.oracle_periods import differences

VALUES = {
    "country": ["US", "CA", "DE", "ZZ", "FR"],
    "shop": LIVE,
    "channel": ["sales_db", "storefront", "acme", "zeta"],
    "category": [*CATEGORIES, "unallocated", "Books"],
}
PERIODS = {
    "2026-W53": pytest.mark.slow,
    "2027-W01": pytest.mark.nightly,
    "2026-W10": pytest.mark.nightly,
    "2026-W44": pytest.mark.slow,
    "2026-W09": pytest.mark.nightly,
    "2026-11-01": pytest.mark.slow,
    "2026-03": pytest.mark.nightly,
    "2026-11": pytest.mark.nightly,
    "2028-02": pytest.mark.slow,
    "2027-01": pytest.mark.nightly,
}
"""With a leap week, changes of the clocks, months of several lengths; each with how often it is tested."""
SLICES_OF_EACH = 24


class RandomPeriod(RandomSales):
    """Sales of a period and those it is compared with. Of some days nothing is loaded, and some are not
    complete."""

    def __init__(self, seed, period):
        self.chance = random.Random(seed)
        self.currency = "USD"
        self.last = period.last
        self.converted_until = period.last - timedelta(self.chance.randint(0, 9))
        self.orders = []
        self.orphans = []
        self.refunds_of_day = Counter()
        self.days = [*period.year_before.days, *period.before.days, *period.days]
        lost = self.chance.sample(self.days, self.chance.choice([0, 0, 1]))
        self.incomplete = self.chance.sample(self.days, self.chance.choice([0, 1, 2]))
        self.days += [period.first - timedelta(days=number) for number in (60, 80)]
        for day in self.days:
            if day not in lost:
                for channel in VALUES["channel"]:
                    for _ in range(self.chance.randint(0, 3)):
                        self._sell(channel, day)
        self._settle()

    def slices(self):
        """The whole shop and random slices, each with values of one dimension or more."""
        slices = [WHOLE]
        while len(slices) < SLICES_OF_EACH:
            limits = {}
            for dimension in self.chance.sample([*VALUES], self.chance.choice([1, 2])):
                values = VALUES[dimension]
                count = self.chance.randint(1, 3)
                limits[dimension] = self.chance.sample(values, count)
            slices.append(Slice(**limits))
        return slices


@pytest.mark.parametrize(
    ("seed", "name"),
    [
        pytest.param(
            seed,
            name,
            marks=PERIODS[name],
        )
        for seed, name in enumerate(PERIODS)
    ],
)
def test_slices_have_the_figures_of_the_oracle(shop, seed, name):
    period = parse_period(name)
    sales = RandomPeriod(seed, period)
    shop.ran([day for day in sales.days if day not in sales.incomplete])
    folders = sales.nothing(MORNING)
    sales.fill(folders)
    shop.load(
        *folders.values(),
        day=period.first,
        off_sources=["shopify"],
    )
    history = History(shop.summaries())
    slices = sales.slices()
    figures = shop.period_figures(period, slices)
    different = []
    for only in slices:
        different += differences(sales, history, figures[only])
    assert different == []
    net_sales = read_net_sales(shop.warehouse, period, slices)
    assert net_sales == {only: figures[only].value("net_sales") for only in slices}
