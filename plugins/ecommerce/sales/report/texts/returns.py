"""The returns of a day or a period by the reason that the source gives."""

from typing import Any

from ecommerce.core import text
from ecommerce.reporting.parts import total
from ecommerce.reporting.sections import (
    Section,
    amounts,
    column_table,
    counts,
    name,
    number,
    with_others,
)
from ecommerce.sales import terms
from ecommerce.sales.report.figures.returns import ReturnReason

MOST_REASONS = 21


def tables(figures: Any) -> list[Section]:
    """Return the table of the reasons."""
    returns = total(figures.return_reasons, "amount")
    # Where customers write reasons themselves, there are many.
    rows = with_others(figures.return_reasons, MOST_REASONS, "amount", label="reason")
    return [
        column_table(
            "return_reasons",
            "Returns by reason",
            rows,
            (name("Reason"), lambda row: reason_name(row) or "No reason given"),
            counts("Refunds", "refunds"),
            amounts("Amount", "amount", figures.currency),
            (number("Share"), lambda row: text.share(row.amount, returns)),
            empty="No returns on this day.",
            note=f"as given by the source; amounts in {figures.currency}",
        )
    ]


def reason_name(row: ReturnReason) -> str:
    """Return a reason as words; empty where the source gives none."""
    return terms.label(text.clean(row.reason))
