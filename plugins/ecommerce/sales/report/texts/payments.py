"""The payments of a day: the tiles of fees and contribution margin, and the table of payouts."""

from ecommerce.core import text
from ecommerce.core.values import Row
from ecommerce.reporting.sections import Section, rendered_table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts.headline import plain_tile


def tables(figures: Figures) -> list[Section]:
    """Return the table of payouts, on days with some."""
    if not figures.payouts:
        return []
    return [rendered_table("tables/payouts.txt", {"figures": figures})]


def tiles(figures: Figures) -> list[Row]:
    """Return the tiles of fees and contribution margin as `headline.small_tiles` does, where enough of net
    sales have both their cost and their fees."""
    margin = figures.contribution_margin
    if margin is None or margin.rate is None:
        return []
    currency = figures.currency
    return [
        plain_tile(
            "Payment fees",
            text.amount(margin.fees, currency),
            f"{text.share(margin.fees, margin.sales_with_fees)} of net sales",
        ),
        plain_tile(
            "Contribution",
            text.amount(margin.contribution, currency),
            "after cost of goods and fees",
        ),
        plain_tile("Contribution margin", text.share(margin.rate)),
        plain_tile("Fee and cost coverage", text.share(margin.coverage)),
    ]
