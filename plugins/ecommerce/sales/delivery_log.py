"""Mailings: what the warehouse remembers of reports on their way to people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import RESTATED
from ecommerce.warehouse.schema import prepare_once


def claim_delivery(business_date: date, figures_hash: str, message_id: str, figures_at: datetime) -> bool:
    """Claim the mailing of a day's figures; False when these very figures were mailed before.

    A claim that was never marked as sent is claimed again: the mail goes out at least once, always under
    the same Message-ID. `figures_at` (an aware instant) is when the figures were asked for: what changes
    later is in the next report.
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
    """Remember that the mail server took the mail."""
    _warehouse().query(
        "warehouse/tables/report_deliveries/mark_sent.sql",
        parameters={
            "business_date": business_date,
            "figures_hash": figures_hash,
            "sent_at": datetime.now(UTC),
        },
    )


def restate_since(business_date: date, headline: Mapping[str, str | None], figures_at: datetime) -> None:
    """Record what of a report that has just been mailed is no longer so. May be done again.

    Loads record only changes of days that are known to be mailed, and a mail may wait for hours.

    Args:
        business_date: the report's day.
        headline: what the report says of `rendering.RESTATED`, as decimal texts; None where it has no figure.
        figures_at: when its figures were asked for.
    """
    told = {name: _ten_thousandths(headline.get(name)) for name in RESTATED}
    _warehouse().query(
        "warehouse/tables/report_restatements/load_before_mail.sql",
        parameters=told | {"detected_at": datetime.now(UTC), "figures_at": figures_at},
        business_date=business_date,
    )


def deliveries(business_date: date) -> list[dict[str, Any]]:
    """The rows of `report_deliveries` of a day, the latest first."""
    return _warehouse().query("warehouse/tables/report_deliveries/by_day.sql", business_date=business_date)


def _ten_thousandths(text: str | None) -> str:
    return "" if text is None else str(int(Decimal(text).scaleb(4)))


def _warehouse() -> Warehouse:
    warehouse = connect(step="mailings")
    prepare_once(warehouse)
    return warehouse
