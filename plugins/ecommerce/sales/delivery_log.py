"""The delivery log: the table `report_deliveries`, and changes of figures before their mail."""

from datetime import UTC, date, datetime
from typing import Any

from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import RESTATED
from ecommerce.warehouse.schema import prepare_once


def claim(
    business_date: date,
    figures_hash: str,
    message_id: str,
    figures_at: datetime,
) -> str:
    """Claim the mail of a day's figures; return its Message-ID, or nothing when the day's last mail has these
    figures. A claim that was never marked as sent can be claimed again, and so can figures that return after
    a correction, under another Message-ID than `message_id`. Changes after `figures_at` (aware), when the
    figures were queried, are in the next report."""
    [delivery] = _transact(
        "report_deliveries/claim",
        business_date=business_date,
        figures_hash=figures_hash,
        message_id=message_id,
        figures_at=figures_at,
    )
    if delivery["state"] == "sent":
        return ""
    return str(delivery["message_id"])


def mark_sent(business_date: date, figures_hash: str) -> None:
    """Record that the mail server accepted the mail."""
    _transact(
        "report_deliveries/mark_sent",
        business_date=business_date,
        figures_hash=figures_hash,
        sent_at=datetime.now(UTC),
    )


def record_restatements(report: ArchivedReport) -> None:
    """Record the figures of a mailed report that have changed since they were queried; idempotent. Loads
    record changes of mailed days only, and a mail may wait for hours."""
    ten_thousandths = {}
    for name in RESTATED:
        value = report.headline.get(name)
        scaled = None if value is None else int(value.scaleb(4))
        ten_thousandths[name] = scaled
    _transact(
        "report_restatements/load_before_mail",
        business_date=report.business_date,
        reported=ten_thousandths,
        detected_at=datetime.now(UTC),
        figures_at=report.figures_at,
    )


def deliveries(business_date: date) -> list[dict[str, Any]]:
    """Return the rows of `report_deliveries` of a day, the latest first."""
    statement = "warehouse/tables/report_deliveries/by_day.sql"
    return _warehouse().query(statement, business_date=business_date)


def _transact(statement: str, **values: Any) -> list[dict[str, Any]]:
    return _warehouse().transact(f"warehouse/tables/{statement}.sql", **values)


def _warehouse() -> Warehouse:
    warehouse = connect(step="delivery")
    prepare_once(warehouse)
    return warehouse
