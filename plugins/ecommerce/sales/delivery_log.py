"""The delivery log: the reports that were mailed, in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import RESTATED
from ecommerce.warehouse.schema import prepare_once


def claim_delivery(business_date: date, figures_hash: str, message_id: str, figures_at: datetime) -> bool:
    """Claim the mail of a day's figures; return False when these figures were mailed before. A claim that was
    never marked as sent can be claimed again.

    Args:
        business_date: the report's day.
        figures_hash: identifies its figures.
        message_id: the mail's Message-ID.
        figures_at: when the figures were queried (aware); later changes are in the next report.
    """
    _warehouse().query(
        "warehouse/tables/report_deliveries/claim.sql",
        parameters={
            "business_date": business_date,
            "figures_hash": figures_hash,
            "message_id": message_id,
            "figures_at": figures_at,
        },
    )
    return not any(
        row["figures_hash"] == figures_hash and row["state"] == "sent" for row in deliveries(business_date)
    )


def mark_delivered(business_date: date, figures_hash: str) -> None:
    """Record that the mail server accepted the mail."""
    _warehouse().query(
        "warehouse/tables/report_deliveries/mark_sent.sql",
        parameters={
            "business_date": business_date,
            "figures_hash": figures_hash,
            "sent_at": datetime.now(UTC),
        },
    )


def restate_since(business_date: date, headline: Mapping[str, str | None], figures_at: datetime) -> None:
    """Record the figures of a mailed report that have changed since they were queried; idempotent. Loads
    record changes of mailed days only, and a mail may wait for hours.

    Args:
        business_date: the report's day.
        headline: the report's figures of `rendering.RESTATED`, as decimal texts.
        figures_at: when they were queried (aware).
    """
    figures = {
        name: "" if (text := headline.get(name)) is None else str(int(Decimal(text).scaleb(4)))
        for name in RESTATED
    }
    _warehouse().query(
        "warehouse/tables/report_restatements/load_before_mail.sql",
        parameters=figures | {"detected_at": datetime.now(UTC), "figures_at": figures_at},
        business_date=business_date,
    )


def deliveries(business_date: date) -> list[dict[str, Any]]:
    """Return the rows of `report_deliveries` of a day, the latest first."""
    return _warehouse().query("warehouse/tables/report_deliveries/by_day.sql", business_date=business_date)


def _warehouse() -> Warehouse:
    warehouse = connect(step="mailings")
    prepare_once(warehouse)
    return warehouse
