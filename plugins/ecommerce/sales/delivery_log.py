"""The delivery log: the table `report_deliveries`, and changes of figures before their mail."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ecommerce.core.errors import TransientError
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.values import Row
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.schema import open_prepared

STEP = "delivery"
"""The label of the queries' jobs."""
LEASE = timedelta(minutes=10)
"""How long the run that claimed a mail may take to send it, and how long its task may run. The pauses between
the attempts of a run that waits for it are longer together."""
LOOKS = 5
LOOK_SECONDS = 2.0
"""How often a run looks whether another one has sent the mail, before its task is retried."""


def claim(
    business_date: date,
    figures_hash: str,
    message_id: str,
    figures_at: datetime,
    run: DagRun,
) -> str:
    """Claim the mail of a day's figures for `run`; return its Message-ID, or nothing when the day's last mail
    has these figures.

    A claim that was never marked as sent can be claimed again: by its own run at once, by another one after
    `LEASE`. So can figures that return after a correction, under another Message-ID than `message_id`.
    Changes after `figures_at` (aware), when the figures were queried, are in the next report.

    Raises:
        TransientError: another run is sending the mail.
    """
    owner = f"{run.dag_id}/{run.run_id}"
    for _ in range(LOOKS):
        [delivery] = _transact(
            "report_deliveries/claim",
            business_date=business_date,
            figures_hash=figures_hash,
            message_id=message_id,
            figures_at=figures_at,
            owner=owner,
            lease_seconds=int(LEASE.total_seconds()),
        )
        if delivery["state"] == "sent":
            return ""
        if delivery["claimed_by"] == owner:
            return str(delivery["message_id"])
        time.sleep(LOOK_SECONDS)
    raise TransientError(
        f"the run {delivery['claimed_by']} is mailing the report of {business_date}: this task looks again "
        f"whether the report was mailed, and mails it {LEASE.seconds // 60} minutes after that run's attempt"
    )


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
    for name, value in report.headline.items():
        if name not in HEADLINE:
            continue
        scaled = None if value is None else int(value.scaleb(4))
        ten_thousandths[name] = scaled
    _transact(
        "report_restatements/load_before_mail",
        business_date=report.business_date,
        reported=ten_thousandths,
        detected_at=datetime.now(UTC),
        figures_at=report.figures_at,
    )


def deliveries(business_date: date) -> list[Row]:
    """Return the rows of `report_deliveries` of a day, the latest first."""
    statement = "warehouse/tables/report_deliveries/by_day.sql"
    return open_prepared(STEP).query(statement, business_date=business_date)


def _transact(statement: str, **values: Any) -> list[Row]:
    return open_prepared(STEP).transact(f"warehouse/tables/{statement}.sql", **values)
