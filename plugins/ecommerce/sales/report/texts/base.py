"""What the sections of the report share: the dimensions of net sales and charts of rows."""

from collections.abc import Callable, Sequence
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
    dimension: Dimension,
    rows: Sequence[Any],
    amount: str,
    *,
    figure: Callable[[Any], str],
    detail: Callable[[Any], str],
) -> Chart:
    """Return the chart of at most `MOST_BARS` rows of a dimension, those with the longest bars, in their
    order; the last one adds up the others and has no bar, which would dwarf theirs. `amount` is the field of
    the lengths; `figure` and `detail` write what is next to a bar."""
    bars = []
    shown = with_others(rows, MOST_BARS, amount, alone=terms.UNALLOCATED)
    for row in shown:
        label = dimension.label(row.name)
        bars.append(Bar(label, getattr(row, amount), figure(row), detail(row)))
    if len(shown) < len(rows):
        bars[-1] = bars[-1]._replace(length=0)
    return charts.bars(file, f"{title} by {dimension.name}", bars)
