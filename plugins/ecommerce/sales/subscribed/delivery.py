"""The delivery of reports to subscriptions, in three steps: claim, send, mark.

All subscriptions of a period are claimed in one transaction, and those that got their mail are marked in
another one, also when a later one fails. As with the daily report, delivery is at least once: an attempt
after one that was killed between sending and marking sends the mails again, under the same Message-IDs. A
subscription that fails does not stop the others.

Only the newest period that has ended is mailed, unless a mail is requested. A week or a month that was
mailed before is mailed again where its net sales have moved by more than 0.5 %, as a correction, at most one
a day; a day is corrected on request.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.errors import TransientError
from ecommerce.core.periods import Period, PeriodKind, newest_closed, period_of
from ecommerce.core.settings import shop_timezone
from ecommerce.core.text import counted, in_locale, plural
from ecommerce.core.values import Row, Values
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery_log
from ecommerce.sales.delivery_log import Mail
from ecommerce.sales.periods.archive import ArchivedPeriod
from ecommerce.sales.periods.build import build_reports
from ecommerce.sales.periods.reader import read_net_sales
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.sales.report.texts.corrected import with_corrections
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscribed.editions import (
    Edition,
    Rendered,
    compose,
    edition_of_day,
    edition_of_period,
    post,
    render_mail,
)
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscriptions import Subscription, load_subscriptions
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect

CORRECTED_FROM = Decimal("0.005")
"""The part of the net sales as mailed that a correction differs by more than."""
CORRECTED: tuple[PeriodKind, ...] = ("week", "month")
"""The kinds of periods that are corrected without a request."""
SAME = "a report with the same figures was mailed before"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """A subscription, the report that it gets, and the rows of its mails of the period, the latest first."""

    subscription: Subscription
    edition: Edition
    rows: list[Row]

    @property
    def sent(self) -> list[Row]:
        """The rows of the mails that were sent."""
        return _sent(self.rows)

    @property
    def is_claimed(self) -> bool:
        """Whether an attempt has claimed the mail of these figures, and not sent it."""
        for row in self.rows:
            if (
                row["state"] != "sent"
                and row["figures_hash"] == self.edition.figures_hash
            ):
                return True
        return False


def slices_of(kind: PeriodKind) -> list[Slice]:
    """Return the slices, each once, whose reports subscriptions need, beside the daily report."""
    slices = {subscription.only for subscription in _subscriptions_to(kind)}
    if kind == "day":
        slices.discard(WHOLE)
    return sorted(slices, key=Slice.model_dump_json)


def deliver_period(
    period: Period,
    reports: Mapping[Slice, ArchivedPeriod],
    run: DagRun,
    *,
    send_mail: bool = False,
    only_name: str = "",
    late: bool = False,
) -> list[str]:
    """Mail the reports of a period to its subscriptions, or to `only_name`; return a sentence about each.
    `send_mail`: mail them although the period is not the newest, or was mailed before. `late`: mail a period
    although some of its days are not complete.

    Raises:
        PipelineError: some were not delivered, or the warehouse is unavailable; TransientError where each may
            succeed later.
    """
    delivery = Delivery(period, run, send_mail=send_mail, late=late)
    sentences = delivery.deliver(
        _subscriptions_to(period.kind, only_name), _editions(reports)
    )
    delivery.failures.raise_all()
    return sentences


def deliver_day(
    day: BusinessDay, report: ArchivedReport, run: DagRun, *, send_mail: bool
) -> list[str]:
    """Mail the report of a day, or of its slices, to its subscriptions, then send alerts on its figures, and
    corrections of the newest week and month; return a sentence about each. Invalid subscriptions are alerted:
    the task does not fail with them, because a retry would find the same.

    Raises:
        PipelineError: some were not delivered; see `deliver_period`.
    """
    now = datetime.now(UTC)
    period = period_of("day", day.date)
    if not send_mail and period != newest_closed("day", now, day.timezone):
        return [f"{day} is not the newest day that has ended"]
    failures = Failures()
    sentences = []
    with failures.collected("reports of the day"):
        # They are mailed in the morning, with a badge where the day is not complete.
        delivery = Delivery(period, run, failures, send_mail=send_mail, late=True)
        subscriptions = _subscriptions_to("day")
        sentences += delivery.deliver(
            subscriptions, _editions_of_day(period, report, run)
        )
    for kind in CORRECTED:
        with failures.collected(f"corrections of the {kind}"):
            newest = newest_closed(kind, now, day.timezone)
            sentences += Delivery(newest, run, failures).correct()
    with failures.collected("alert about invalid subscriptions"):
        alert_problems(day, load_subscriptions().problems)
    failures.raise_all()
    return sentences


def alert_problems(day: BusinessDay, problems: Sequence[str]) -> None:
    """Send an alert about invalid subscriptions, by mail and chat; on a day, the same problems have the same
    Message-ID."""
    if not problems:
        return
    message = mail.compose(
        f"Invalid subscriptions: {len(problems)}",
        "subscriptions_mail",
        {"problems": problems},
    )
    name = hashlib.sha256("\0".join(problems).encode()).hexdigest()[:16]
    mail.send_alert(message, f"subscriptions.{day}.{name}")


@dataclass
class Delivery:
    """The delivery of the reports of one period. `send_mail` and `late`: see `deliver_period`."""

    period: Period
    run: DagRun
    failures: Failures = field(default_factory=Failures)
    send_mail: bool = False
    late: bool = False
    rendered: dict[tuple[str, str], Rendered] = field(default_factory=dict)
    """The mails by the hash of their figures and their locale."""

    def deliver(
        self, subscriptions: Sequence[Subscription], editions: Mapping[Slice, Edition]
    ) -> list[str]:
        """Claim, send and mark the mails that are due; return a sentence about each subscription. Those that
        fail are kept in `failures`."""
        if not subscriptions:
            return []
        rows = self.rows_by_subscription()
        sentences = []
        due = {}
        for subscription in subscriptions:
            name = subscription.name
            reason = "the report of its slice is not built"
            if subscription.only in editions:
                order = Order(subscription, editions[subscription.only], rows[name])
                reason = self.not_due(order)
            if reason:
                sentences.append(f"{name}: not mailed: {reason}")
            else:
                due[name] = order
        if due:
            sentences += self._claim_and_send(due)
        return sentences

    def correct(self) -> list[str]:
        """Build and mail the reports again whose net sales have moved since they were mailed, and that were
        not corrected today; return a sentence about each."""
        subscriptions = _subscriptions_to(self.period.kind)
        if not subscriptions:
            return []
        rows = self.rows_by_subscription()
        mailed = []
        for subscription in subscriptions:
            sent = _sent(rows[subscription.name])
            if sent and not _is_corrected_today(sent):
                mailed.append(subscription)
        if not mailed:
            return []
        warehouse = connect(dag=self.run.dag_id, step="report")
        slices = {subscription.only for subscription in mailed}
        net_sales = read_net_sales(warehouse, self.period, slices)
        moved = []
        for subscription in mailed:
            before = _sent(rows[subscription.name])[0]["net_sales"]
            if has_moved(before, net_sales[subscription.only]):
                moved.append(subscription)
        if not moved:
            return []
        slices = {subscription.only for subscription in moved}
        return self.deliver(
            moved, _editions(build_reports(self.period, slices, self.run))
        )

    def rows_by_subscription(self) -> Mapping[str, list[Row]]:
        """Return the rows of the period's mails by subscription, the latest first."""
        rows = defaultdict(list)
        for row in delivery_log.subscribed_deliveries(self.period.last):
            # A week and a month may end on the same day.
            if row["message_id"].startswith(f"<{self.period.kind}."):
                rows[row["subscription"]].append(row)
        return rows

    def not_due(self, order: Order) -> str:
        """Return why a subscription's report is mailed on request only; empty where it is due, or an earlier
        attempt has claimed it."""
        if self.send_mail or order.is_claimed:
            return ""
        period = self.period
        unfinished = order.edition.unfinished
        if period != newest_closed(period.kind, datetime.now(UTC), shop_timezone()):
            return f"{period} is not the newest {period.kind} that has ended"
        if unfinished and not self.late:
            verb = plural(unfinished, "is", "are")
            return f"{counted(unfinished, 'day')} of {period} {verb} not complete"
        if not order.sent:
            return ""
        before = order.sent[0]["net_sales"]
        is_moved = has_moved(before, order.edition.net_sales)
        if (
            period.kind in CORRECTED
            and is_moved
            and not _is_corrected_today(order.sent)
        ):
            return ""
        return f"an earlier report of {period} was mailed"

    def _claim_and_send(self, due: Mapping[str, Order]) -> list[str]:
        mails = []
        for name, order in due.items():
            edition = order.edition
            claimed = Mail(
                edition.figures_hash,
                self._message_id(name, edition),
                edition.figures_at,
                name,
                edition.net_sales,
            )
            mails.append(claimed)
        claims = delivery_log.claim_all(self.period.last, mails, self.run)
        for name, sender in claims.busy.items():
            self.failures.errors[name] = TransientError(
                f"the run {sender} is mailing it"
            )
        sentences = []
        sent = {}
        try:
            for name, order in due.items():
                if name in claims.message_ids:
                    with self.failures.collected(name):
                        self._send(order, claims.message_ids[name])
                        sent[name] = order.edition.figures_hash
                        sentences.append(f"{name}: mailed")
                elif name not in claims.busy:
                    sentences.append(f"{name}: not mailed: {SAME}")
        finally:
            if sent:
                delivery_log.mark_all_sent(self.period.last, sent)
        return sentences

    def _message_id(self, name: str, edition: Edition) -> str:
        digest = edition.figures_hash[:16]
        return mail.message_id(f"{self.period.kind}.{self.period}.{name}.{digest}")

    def _send(self, order: Order, message_id: str) -> None:
        """Mail a report to the addresses of its subscription, and post its headline to the chats."""
        subscription = order.subscription
        rendered = self._rendered(order)
        file_name = ""
        if subscription.format == "pdf":
            file_name = f"sales-report-{self.period}-{subscription.name}.pdf"
        added = {"subscription": subscription.name, "has_pdf": bool(file_name)}
        texts = _corrected(order, rendered.texts) | added
        if subscription.addresses:
            message = compose(rendered, texts, file_name)
            message["Message-ID"] = message_id
            mail.send(message, subscription.addresses)
        is_needed = not subscription.addresses
        post(rendered, texts, subscription.chats, is_needed=is_needed)

    def _rendered(self, order: Order) -> Rendered:
        """Return the mail of an order's report, which those of the same slice and locale share."""
        key = (order.edition.figures_hash, order.subscription.locale)
        if key not in self.rendered:
            self.rendered[key] = render_mail(order.edition, order.subscription.locale)
        return self.rendered[key]


def has_moved(mailed: Decimal, now: Decimal) -> bool:
    """Return whether net sales differ from those that were mailed by more than a correction needs."""
    return abs(now - mailed) > CORRECTED_FROM * abs(mailed)


def _corrected(order: Order, texts: Values) -> Values:
    """Return the texts of a mail, which names old and new net sales where another one was sent before."""
    if not order.sent:
        return texts
    before = {"net_sales": order.sent[0]["net_sales"]}
    now = {"net_sales": order.edition.net_sales}
    with in_locale(order.subscription.locale):
        return with_corrections(texts, now, before)


def _sent(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["state"] == "sent"]


def _is_corrected_today(sent: Sequence[Row]) -> bool:
    """Return whether a correction, which is no first mail, was sent on the shop's present day."""
    timezone = shop_timezone()
    today = shop_day(datetime.now(UTC), timezone).date
    days = [shop_day(row["sent_at"], timezone).date for row in sent[:-1]]
    return today in days


def _subscriptions_to(kind: PeriodKind, only_name: str = "") -> list[Subscription]:
    """Return the valid subscriptions to reports of one kind of period, or only the one of a name."""
    found = []
    for subscription in load_subscriptions().valid:
        if subscription.report == kind and only_name in ("", subscription.name):
            found.append(subscription)
    return found


def _editions(reports: Mapping[Slice, ArchivedPeriod]) -> dict[Slice, Edition]:
    return {only: edition_of_period(report) for only, report in reports.items()}


def _editions_of_day(
    period: Period, report: ArchivedReport, run: DagRun
) -> dict[Slice, Edition]:
    slices = slices_of("day")
    editions = {WHOLE: edition_of_day(report)}
    if slices:
        editions |= _editions(build_reports(period, slices, run))
    return editions
