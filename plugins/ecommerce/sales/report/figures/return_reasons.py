"""The day's returns by the reason that the source gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from ecommerce.core.text import clean, mask_e_mails
from ecommerce.sales.report.figures.base import Part, Row, rounded_parts


class ReturnReason(Part):
    """Returns of one reason, in reporting currency, and how many refunds they are. `reason` is None where the
    source gives none."""

    reason: str | None
    refunds: int
    amount: Decimal


def reasons(rows: Iterable[Row]) -> list[ReturnReason]:
    """Return the reasons, the largest first; together they are the headline's returns. `rows`: those of
    `return_reasons.sql`."""
    refunds: dict[str | None, int] = defaultdict(int)
    amounts: dict[str | None, Decimal] = defaultdict(Decimal)
    for row in rows:
        # A free text may hold personal data.
        reason = clean(mask_e_mails(row["reason"] or "")) or None
        refunds[reason] += row["refunds"]
        amounts[reason] += row["amount"]
    ordered = sorted(amounts, key=lambda reason: reason or "")
    rounded = rounded_parts(amounts[reason] for reason in ordered)
    returns = [
        ReturnReason(reason=reason, refunds=refunds[reason], amount=amount)
        for reason, amount in zip(ordered, rounded, strict=True)
    ]
    return sorted(returns, key=lambda each: (-each.amount, each.reason or ""))
