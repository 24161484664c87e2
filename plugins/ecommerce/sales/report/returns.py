"""Why goods came back: the day's returns by the reason that the source gives."""

from __future__ import annotations

from decimal import Decimal

from ecommerce.sales.report.model import Part


class ReturnReason(Part):
    """Returns of one reason, in reporting currency, and how many refunds they are. `reason` is None where the
    source gives none."""

    reason: str | None
    refunds: int
    amount: Decimal
