"""The delivery log: the table `report_deliveries`, and changes of figures before their mail."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ecommerce.core.errors import TransientError
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.values import Row
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.schema import open_prepared

STEP = "delivery"
"""The label of the queries' jobs."""
LEASE = timedelta(minutes=10)
"""How long the run that claimed a mail may take to send it, and how long its task may run. The pauses between
the attempts of a run that waits for it are longer together."""
LOOKS = 5
LOOK_SECONDS = 2.0
"""How often a run looks whether another one has sent the mail, before its task is retried."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a run wants to send: its figures' hash, the Message-ID of their first mail, and when they
    were queried (aware). One to a subscription also has its name, and its net sales. `is_final`: its claim is
    marked as sent; no run waits for another one's claim that is not."""

    figures_hash: str
    message_id: str
    figures_at: datetime
    subscription: str = ""
    net_sales: Decimal | None = None
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Claims:
    """What became of the claims, by subscription: the Message-IDs of the mails that the run sends, the runs
    that are sending others, and the mails whose figures the last one has."""

    message_ids: dict[str, str]
    busy: dict[str, str]
    sent: set[str]


def claim(
    business_date: date,
    figures_hash: str,
    message_id: str,
    figures_at: datetime,
    run: DagRun,
    *,
    only_first: bool = False,
) -> str:
    """Claim the mail of a day's figures for `run`; return its Message-ID, or nothing when the day's last mail
    has these figures. See `claim_all`.

    Raises:
        TransientError: another run is mailing the day or, with `only_first`, has mailed other figures of it.
    """
    mail = Mail(figures_hash, message_id, figures_at)
    claims = claim_all(business_date, [mail], run, only_first=only_first)
    for sender in claims.busy.values():
        raise TransientError(
            f"the run {sender} is mailing the report of {business_date}: this task looks again whether "
            f"the report was mailed, and mails it {LEASE.seconds // 60} minutes after that run's attempt"
        )
    if not claims.sent and not claims.message_ids:
        raise TransientError(
            f"another run has just mailed the report of {business_date} with other figures: this task looks "
            "again whether its own is due"
        )
    return claims.message_ids.get("", "")


def claim_all(
    business_date: date,
    mails: Sequence[Mail],
    run: DagRun,
    *,
    only_first: bool = False,
) -> Claims:
    """Claim mails of a day, or of the period that ends with it, for `run`, in one transaction.

    A claim that was never marked as sent can be claimed again: by its own run at once, by another one after
    `LEASE`. Until then, no run claims other figures of the subscription. Figures that return after a
    correction can be claimed again, under another Message-ID than their first mail's. Changes after
    `figures_at`, when the figures were queried, are in the next report. `only_first`: none is claimed of a
    subscription that got one of this period before.
    """
    hashes = {mail.subscription: mail.figures_hash for mail in mails}
    leases = {}
    for mail in mails:
        leases[mail.subscription] = int(LEASE.total_seconds()) if mail.is_final else 0
    owner = f"{run.dag_id}/{run.run_id}"
    for _ in range(LOOKS):
        rows = _log().transact(
            "warehouse/tables/report_deliveries/claim.sql",
            business_date=business_date,
            hashes=hashes,
            message_ids={mail.subscription: mail.message_id for mail in mails},
            queried_at={mail.subscription: mail.figures_at for mail in mails},
            net_sales={
                mail.subscription: ten_thousandths(mail.net_sales) for mail in mails
            },
            only_first=int(only_first),
            owner=owner,
            leases=leases,
        )
        claims = Claims({}, {}, set())
        is_same = True
        for row in rows:
            name = row["subscription"]
            if row["state"] == "sent":
                claims.sent.add(name)
            elif row["claimed_by"] == owner:
                claims.message_ids[name] = row["message_id"]
            else:
                claims.busy[name] = row["claimed_by"]
                is_same = is_same and row["figures_hash"] == hashes[name]
        # Once other figures are sent, the retry finds whether these are a correction.
        if not claims.busy or not is_same:
            break
        time.sleep(LOOK_SECONDS)
    return claims


def mark_sent(business_date: date, figures_hash: str) -> None:
    """Record that the mail server accepted the mail of a day's figures."""
    mark_all_sent(business_date, {"": figures_hash})


def mark_all_sent(business_date: date, hashes: Mapping[str, str]) -> None:
    """Record that the mail server accepted mails: the hashes of their figures by subscription."""
    _log().transact(
        "warehouse/tables/report_deliveries/mark_sent.sql",
        business_date=business_date,
        hashes=hashes,
        sent_at=datetime.now(UTC),
    )


def record_restatements(report: ArchivedReport) -> None:
    """Record the figures of a mailed report that have changed since they were queried; idempotent. Loads
    record changes of mailed days only, and a mail may wait for hours."""
    reported = {}
    for name, value in report.headline.items():
        if name in HEADLINE:
            reported[name] = ten_thousandths(value)
    _log().transact(
        "warehouse/tables/report_restatements/load_before_mail.sql",
        business_date=report.business_date,
        reported=reported,
        detected_at=datetime.now(UTC),
        figures_at=report.figures_at,
    )


def deliveries(business_date: date) -> list[Row]:
    """Return the rows of `report_deliveries` of a day's report, the latest first; without those of
    subscriptions."""
    statement = "warehouse/tables/report_deliveries/by_day.sql"
    return _log().query(statement, business_date=business_date)


def subscribed_deliveries(last_day: date) -> list[Row]:
    """Return the rows of subscriptions to a period that ends with `last_day`, the latest first."""
    statement = "warehouse/tables/report_deliveries/by_subscription.sql"
    return _log().query(statement, last_day=last_day)


def alerts_until(day: date) -> list[Row]:
    """Return the rows of alerts about days up to `day`."""
    statement = "warehouse/tables/report_deliveries/alerts.sql"
    return _log().query(statement, last_day=day)


def ten_thousandths(amount: Decimal | None) -> int | None:
    """Return an amount as a transaction, which has no decimals, takes it."""
    return None if amount is None else int(amount.scaleb(4))


def _log() -> Warehouse:
    return open_prepared(STEP)
