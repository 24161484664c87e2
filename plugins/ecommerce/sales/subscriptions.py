"""Who gets which report: `include/subscriptions.yaml`, or the Variable `report_subscriptions`, which wins.

A subscription is of a report of every day, week or month, of the whole shop or a slice, or of an alert on a
figure. The Variable `report_recipients` is that of the daily report without a slice.
"""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ecommerce.core.periods import PeriodKind
from ecommerce.sales.slices import WHOLE, Slice

Format = Literal["pdf", "mail", "chat"]
Line = Literal["forecast", "last_week", "target", "weekday_average"]


class Below(BaseModel):
    """The line of an alert: `percent` below the figure `of`, or an `amount`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    percent: Decimal | None = None
    of: Line | None = None
    amount: Decimal | None = None


class AtLeast(BaseModel):
    """How many orders a day or its weekday's average must have, for an alert to be sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    orders: int = 0


class Subscription(BaseModel):
    """One subscription. `to`: addresses, and `chat:<connection>`; `format`: the PDF attached to a mail, the
    mail alone, or a message to the chats alone. Either `report` or `alert`, the figure that is `below` its
    line. `locale`: empty for REPORT_LOCALE."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    to: tuple[str, ...]
    report: PeriodKind | None = None
    format: Format = "pdf"
    only: Slice = WHOLE
    locale: str = ""
    alert: Literal["net_sales", "gross_sales", "orders"] | None = None
    below: Below | None = None
    at_least: AtLeast = AtLeast()
