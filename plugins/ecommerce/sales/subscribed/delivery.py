"""The delivery of reports to subscriptions.

Only the newest period that has ended is mailed, unless a mail is requested. A week or a month that was
mailed before is mailed again where its net sales have moved by more than 0.5 %, as a correction, at most one
a day; a day is corrected on request.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.periods import Period, PeriodKind, newest_closed, period_of
from ecommerce.core.settings import shop_timezone
from ecommerce.core.templates import render
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
from ecommerce.sales.subscribed import sending
from ecommerce.sales.subscribed.editions import (
    Edition,
    Rendered,
    compose,
    edition_of_day,
    edition_of_period,
    render_mail,
)
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscribed.figure_alerts import send_alerts
from ecommerce.sales.subscribed.sending import send_once
from ecommerce.sales.subscriptions import Subscription, load_subscriptions
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect

CORRECTED_FROM = Decimal("0.005")
"""The part of the net sales as mailed that a correction differs by more than."""
CORRECTED: tuple[PeriodKind, ...] = ("week", "month")
"""The kinds of periods that are corrected without a request."""


Renderings = dict[tuple[str, str], Rendered]
"""The mails of editions by the hash of their figures and their locale: subscriptions share them."""


@dataclass(frozen=True, slots=True)
class Order:
    """The report of a period for a subscription. `rows`: of its mails of the period, the latest first."""

    period: Period
    subscription: Subscription
    edition: Edition
    rows: list[Row]
    renderings: Renderings

    @property
    def sent(self) -> list[Row]:
        """The rows of the mails that were sent."""
        return [row for row in self.rows if row["state"] == "sent"]

    @property
    def is_claimed(self) -> bool:
        """Whether an attempt has claimed the mail of these figures, and not sent it."""
        hashes = []
        for row in self.rows:
            if row["state"] != "sent":
                hashes.append(row["figures_hash"])
        return self.edition.figures_hash in hashes

    @property
    def mail(self) -> Mail:
        """What is claimed."""
        edition = self.edition
        name = self.subscription.name
        stem = f"{self.period.kind}.{self.period}.{name}.{edition.figures_hash[:16]}"
        message_id = sending.message_id(self.subscription, stem)
        return Mail(
            edition.figures_hash,
            message_id,
            edition.figures_at,
            name,
            edition.net_sales,
        )

    def send(self, message_id: str) -> bool:
        """Mail the report, and post its headline to the chats."""
        subscription = self.subscription
        key = (self.edition.figures_hash, subscription.locale)
        if key not in self.renderings:
            self.renderings[key] = render_mail(self.edition, subscription.locale)
        rendered = self.renderings[key]
        file_name = ""
        if subscription.format == "pdf":
            file_name = f"sales-report-{self.period}-{subscription.name}.pdf"
        added = {"subscription": subscription.name, "has_pdf": bool(file_name)}
        texts = self._corrected(rendered.texts) | added
        words = render(f"{rendered.template}_chat.txt", texts)
        message = compose(rendered, texts, file_name)
        message["Message-ID"] = message_id
        sending.send(subscription, message, words, rendered.picture)
        return True

    def _corrected(self, texts: Values) -> Values:
        """Return the texts of the mail, with old and new net sales where another one was sent before."""
        if not self.sent:
            return texts
        before = {"net_sales": self.sent[0]["net_sales"]}
        now = {"net_sales": self.edition.net_sales}
        with in_locale(self.subscription.locale):
            return with_corrections(texts, now, before)


def slices_of(kind: PeriodKind) -> list[Slice]:
    """Return the slices, each once, whose reports subscriptions need, without that of the daily report."""
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
    with failures.collected("alerts"):
        sentences += send_alerts(day, run, failures)
    for kind in CORRECTED:
        with failures.collected(f"corrections of the {kind}"):
            newest = newest_closed(kind, now, day.timezone)
            # A period may have been mailed although days of it were not complete.
            sentences += Delivery(newest, run, failures, late=True).correct()
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

    def deliver(
        self, subscriptions: Sequence[Subscription], editions: Mapping[Slice, Edition]
    ) -> list[str]:
        """Claim, send and mark the mails that are due; return a sentence about each subscription, which are
        of use only where none is in `failures`."""
        if not subscriptions:
            return []
        # A day is corrected on request only, so its claim needs no look at earlier mails.
        only_first = self.period.kind == "day" and not self.send_mail
        rows: Mapping[str, list[Row]] = defaultdict(list)
        if not only_first:
            rows = self.rows_by_subscription()
        renderings: Renderings = {}
        due = []
        reasons = {}
        for subscription in subscriptions:
            name = subscription.name
            edition = editions.get(subscription.only)
            if edition is None:
                reasons[name] = "the report of its slice is not built"
                continue
            order = Order(self.period, subscription, edition, rows[name], renderings)
            reasons[name] = self.not_due(order)
            if not reasons[name]:
                reasons[name] = "a report with the same figures was mailed before"
                if only_first:
                    reasons[name] = f"an earlier report of {self.period} was mailed"
                due.append(order)
        sent = set()
        if due:
            sent = send_once(
                self.period.last, due, self.run, self.failures, only_first=only_first
            )
        sentences = []
        for name, reason in reasons.items():
            if name in sent:
                sentences.append(f"{name}: mailed")
            else:
                sentences.append(f"{name}: not mailed: {reason}")
        return sentences

    def correct(self) -> list[str]:
        """Build and mail the reports again whose net sales have moved since they were mailed; return a
        sentence about each."""
        subscriptions = _subscriptions_to(self.period.kind)
        if not subscriptions:
            return []
        rows = self.rows_by_subscription()
        mailed: dict[Subscription, Decimal] = {}
        for subscription in subscriptions:
            for row in rows[subscription.name]:
                if row["state"] == "sent":
                    mailed.setdefault(subscription, row["net_sales"])
        if not mailed:
            return []
        warehouse = connect(dag=self.run.dag_id, step="report")
        slices = {subscription.only for subscription in mailed}
        net_sales = read_net_sales(warehouse, self.period, slices)
        moved = []
        for subscription, before in mailed.items():
            if has_moved(before, net_sales[subscription.only]):
                moved.append(subscription)
        if not moved:
            return []
        slices = {subscription.only for subscription in moved}
        reports = build_reports(self.period, slices, self.run)
        return self.deliver(moved, _editions(reports))

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
        if is_moved and not _is_corrected_today(order.sent):
            return ""
        return f"an earlier report of {period} was mailed"


def has_moved(mailed: Decimal, now: Decimal) -> bool:
    """Return whether net sales differ from those that were mailed by more than a correction needs."""
    return abs(now - mailed) > CORRECTED_FROM * abs(mailed)


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
