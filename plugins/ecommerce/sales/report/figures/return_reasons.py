"""Why goods came back: the day's returns by the reason that the source gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ecommerce.core.text import clean, mask_e_mails
from ecommerce.sales.report.figures.base import Part
from ecommerce.sales.report.figures.rounding import rounded_parts


class ReturnReason(Part):
    """Returns of one reason, in reporting currency, and how many refunds they are. `reason` is None where the
    source gives none."""

    reason: str | None
    refunds: int
    amount: Decimal


def reasons(rows: Iterable[Mapping[str, Any]]) -> list[ReturnReason]:
    """The largest first; together they are the headline's returns. `rows`: those of `return_reasons.sql`."""
    refunds: dict[str | None, int] = defaultdict(int)
    amounts: dict[str | None, Decimal] = defaultdict(Decimal)
    for row in rows:
        # People write into a free text what they like.
        reason = clean(mask_e_mails(row["reason"] or "")) or None
        refunds[reason] += row["refunds"]
        amounts[reason] += row["amount"]
    ordered = sorted(amounts, key=lambda reason: reason or "")
    rounded = rounded_parts(amounts[reason] for reason in ordered)
    found = [
        ReturnReason(reason=reason, refunds=refunds[reason], amount=amount)
        for reason, amount in zip(ordered, rounded, strict=True)
    ]
    return sorted(found, key=lambda each: (-each.amount, each.reason or ""))


def csv_rows(reasons: Iterable[ReturnReason]) -> Iterator[tuple[str, str, Decimal | int]]:
    """Reason, figure and value of each cell of `figures.csv`."""
    for each in reasons:
        yield each.reason or "", "refunds", each.refunds
        yield each.reason or "", "amount", each.amount
