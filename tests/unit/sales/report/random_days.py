"""Random days of a shop, whose contributions add up as those of the warehouse do."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from tests.unit.sales.report.parts import day, figure, since

CATEGORIES = {
    "Knife": "Kitchen",
    "Teapot": "Kitchen",
    "Blanket": "Textiles",
    "Towel": "Textiles",
    "Lamp": "Lighting",
    "": "unallocated",
}
"""By product."""
NAMES = {
    "product": list(CATEGORIES),
    "country": ["US", "DE", "GB", "ZZ"],
    "channel": ["storefront", "sales_db", "northwind"],
    "customer": ["new", "returning", "guests"],
}
BASES = ("week_before", "day_before", "average", "year_before")


@dataclass(frozen=True)
class Sale:
    """Gross sales and returns, each before and now."""

    product: str
    country: str
    channel: str
    customer: str
    gross: Any
    returns: Any

    @property
    def net(self):
        """The net sales before and now."""
        return self.gross - self.returns


def random_day(seed):
    """Return the figures of a random day."""
    chance = random.Random(seed)
    sales = _sales(chance)
    earlier, now = sum(sale.net for sale in sales)
    bases = {"week_before": earlier}
    for base in BASES[1:]:
        bases[base] = _amount(chance, 30_000)
    for base in chance.sample(BASES, chance.choice([0, 0, 1, 2, 3, 4])):
        del bases[base]
    return day(
        headline={"net_sales": figure(now, **bases)},
        averaged_days=28,
        changes=_changes(sales),
    )


def _amount(chance, highest):
    return Decimal(chance.randint(1000, highest * 10_000)).scaleb(-4)


def _sales(chance):
    """Return sales in which some names of one dimension rose or fell much."""
    moving = chance.choice(list(NAMES))
    factors = {name: chance.choice([0, 1, 1, 2, 4]) for name in NAMES[moving]}
    order = chance.choice([1, -1])
    sales = []
    for _ in range(chance.randint(2, 60)):
        names = {field: chance.choice(values) for field, values in NAMES.items()}
        amount = _amount(chance, 900)
        factor = factors[names[moving]] * chance.randint(90, 110)
        gross = np.array([amount, amount * factor / 100])[::order]
        returns = gross * chance.choice([0, 0, 5, 40]) / 100
        sales.append(Sale(**names, gross=gross, returns=returns))
    return sales


def _changes(sales):
    channels = {}
    for sale in sales:
        channels[sale.channel] = channels.get(sale.channel, 0) + sale.gross
    began = [name for name, gross in channels.items() if not gross[0]]
    ended = [name for name, gross in channels.items() if not gross[1]]
    like_for_like = None
    lasting = [sale for sale in sales if sale.channel not in began + ended]
    if 0 < len(lasting) < len(sales):
        like_for_like = _dimensions(lasting)
    return since(like_for_like, began, ended, **_dimensions(sales))


def _dimensions(sales):
    """Return the dimensions of sales, as of `parts.changes_of`."""
    fields = defaultdict(Counter)
    for sale in sales:
        category = CATEGORIES[sale.product]
        fields["categories"][category] += sale.net
        product = category, sale.product.upper(), sale.product
        fields["products"][product] += sale.net
        fields["countries"][sale.country] += sale.net
        fields["channels"][sale.channel] += sale.net
        fields["customers"][sale.customer] += sale.gross
        fields["customers"]["returns"] -= sale.returns
        fields["measures"]["gross_sales"] += sale.gross
        fields["measures"]["returns"] -= sale.returns
    return fields
