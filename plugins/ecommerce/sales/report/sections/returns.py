"""The returns of the day by the reason that the source gives."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ecommerce.core import text
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.reporting.parts import ZERO, Part, total
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
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.report.sections.base import Cell, cells_of

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures

MOST_REASONS = 21


class ReturnReason(Part):
    """Returns of one reason, and how many refunds they are; `reason` is None where the source gives none."""

    reason: str | None
    refunds: int
    amount: Decimal


class Returns(Part):
    """The reasons, the largest amount first; together they are the headline's returns."""

    return_reasons: list[ReturnReason] = Field(default_factory=list)


def read(queries: DayQueries) -> dict[str, Any]:
    """Return the fields of `Returns`."""
    refunds: dict[str, int] = {}
    amounts: dict[str, Decimal] = {}
    for row in queries.rows("return_reasons"):
        # A free text may hold personal data.
        reason = text.clean(mask_e_mails(row["reason"] or ""))
        refunds[reason] = refunds.get(reason, 0) + row["refunds"]
        amounts[reason] = amounts.get(reason, ZERO) + row["amount"]
    reasons = []
    for reason, amount in amounts.items():
        reasons.append(
            ReturnReason(reason=reason or None, refunds=refunds[reason], amount=amount)
        )
    # Reasons that became alike have moved up.
    reasons.sort(key=lambda row: -row.amount)
    return {"return_reasons": reasons}


def tables(figures: Figures) -> list[Section]:
    """Return the table of the reasons."""
    returns = total(figures.return_reasons, "amount")
    # Where customers write reasons themselves, there are many.
    rows = with_others(
        figures.return_reasons, MOST_REASONS, ("refunds", "amount"), label="reason"
    )
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


def cells(figures: Figures) -> Iterator[Cell]:
    """Yield the reasons for `figures.csv`."""
    rows = figures.return_reasons
    return cells_of("return_reasons", rows, "reason", "refunds", "amount")


def reason_name(row: ReturnReason) -> str:
    """Return a reason as words; empty where the source gives none."""
    return terms.label(text.clean(row.reason))
