"""The returns of a day or a period by the reason that the source gives."""

from typing import Any

from ecommerce.core import text
from ecommerce.reporting.parts import total
from ecommerce.reporting.sections import Section, rendered_table, with_others
from ecommerce.sales import terms
from ecommerce.sales.report.figures.returns import ReturnReason

MOST_REASONS = 21


def tables(figures: Any) -> list[Section]:
    """Return the table of the reasons."""
    facts = {
        # Where customers write reasons themselves, there are many.
        "rows": with_others(
            figures.return_reasons, MOST_REASONS, "amount", label="reason"
        ),
        "returns": total(figures.return_reasons, "amount"),
        "currency": figures.currency,
        "reason_name": reason_name,
    }
    return [rendered_table("tables/return_reasons.txt", facts)]


def reason_name(row: ReturnReason) -> str:
    """Return a reason as words; empty where the source gives none."""
    return terms.label(text.clean(row.reason))
