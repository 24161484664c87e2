"""What the sections of the report share: the dimensions of net sales and charts of rows."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ecommerce.core import text
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Bar, Chart
from ecommerce.reporting.sections import with_others
from ecommerce.sales import terms

MOST_BARS = 6
"""Of a chart."""


class Dimension(NamedTuple):
    """A dimension of net sales: its name, the field of its rows in figures, and the label of a value."""

    name: str
    plural: str
    label: Callable[[str], str]

    def rows(self, part: Any) -> list[Any]:
        """Return the rows of `Figures` or `Changes` by this dimension; none of a part that is None."""
        return list(getattr(part, self.plural, ()))


CATEGORY = Dimension("category", "categories", terms.category)
COUNTRY = Dimension("country", "countries", terms.country)
CHANNEL = Dimension("channel", "channels", text.source_name)
SHOP = Dimension("shop", "shops", text.source_name)
DIMENSIONS = (CATEGORY, COUNTRY, CHANNEL, SHOP)


def ranked_bars(
    file: str,
    title: str,
    rows: Sequence[Any],
    bar: Callable[[Any], Bar],
) -> Chart:
    """Return the chart of at most `MOST_BARS` rows, those with the longest bars, in their order; the last one
    adds up the others and has no bar, which would dwarf theirs."""
    shown = with_others(
        rows,
        MOST_BARS,
        size=lambda row: Decimal(bar(row).length),
        alone=terms.UNALLOCATED,
    )
    bars = [bar(row) for row in shown]
    if len(shown) < len(rows):
        bars[-1] = bars[-1]._replace(label=shown[-1].name, length=0)
    return charts.bars(file, title, bars)
