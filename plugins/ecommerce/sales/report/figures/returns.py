"""The returns of the day by the reason that the source gives."""

from collections.abc import Iterable
from decimal import Decimal

from more_itertools import map_reduce

from ecommerce.core import text
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.values import Row
from ecommerce.reporting.parts import ZERO, Part
from ecommerce.sales.day_queries import DayQueries


class ReturnReason(Part):
    """Returns of one reason, and how many refunds they are; `reason` is None where the source gives none."""

    reason: str | None
    refunds: int
    amount: Decimal


class Returns(Part):
    """The reasons, the largest amount first; together they are the headline's returns."""

    return_reasons: list[ReturnReason] = []


def read(queries: DayQueries) -> Returns:
    """Return the reasons of the returns."""
    return Returns(return_reasons=by_reason(queries.rows("return_reasons")))


def by_reason(rows: Iterable[Row]) -> list[ReturnReason]:
    """Return the reasons of rows with `reason`, `refunds` and `amount`, the largest amount first."""
    # A free text may hold personal data.
    alike = map_reduce(rows, lambda row: text.clean(mask_e_mails(row["reason"] or "")))
    reasons = []
    for reason, same in alike.items():
        refunds = sum(row["refunds"] for row in same)
        amount = sum((row["amount"] for row in same), ZERO)
        reasons.append(
            ReturnReason(reason=reason or None, refunds=refunds, amount=amount)
        )
    # Reasons that became alike have moved up.
    reasons.sort(key=lambda row: -row.amount)
    return reasons
