"""What is expected of the seven days after the business day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from ecommerce.sales.report.model import Part


class OutlookDay(Part):
    """Forecast gross sales of one day, in reporting currency, and the interval that four days of five lie
    in."""

    day: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal


class Outlook(Part):
    """The newest forecast that was made by the end of the business day, of the days after it that it covers:
    at most seven, in their order. `made_at` (UTC) as in `expectation.Expectation`."""

    made_at: datetime
    model: str
    days: list[OutlookDay]
