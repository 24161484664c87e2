"""The delivery of reports to subscriptions.

A week or a month that was mailed before is mailed again where its net sales have moved by more than 0.5 %, as
a correction, at most one a day; a day is corrected on request. The tasks mail only the newest period that has
ended, unless a mail is requested.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial

from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.periods import SPANS, Period, newest_period, period_of
from ecommerce.core.settings import shop_timezone
from ecommerce.core.text import counted, in_locale, plural
from ecommerce.core.values import Row
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery_log
from ecommerce.sales.delivery import not_the_newest
from ecommerce.sales.periods.archive import ArchivedPeriod
from ecommerce.sales.periods.build import build_reports
from ecommerce.sales.periods.reader import read_net_sales
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.sales.report.texts.corrected import with_corrections
from ecommerce.sales.report_mail import Report, ReportMail, read_mail
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscribed import sending
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscribed.figure_alerts import send_alerts
from ecommerce.sales.subscribed.sending import Composed, Outgoing, send_once
from ecommerce.sales.subscriptions import Subscription, load_subscriptions
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)

CORRECTED_FROM = Decimal("0.005")
"""The part of the net sales as mailed that a correction differs by more than."""


def compose(
    subscription: Subscription,
    period: Period,
    net_sales: Decimal,
    last: Row | None,
    mail_of: Callable[[Slice, str], ReportMail],
) -> Composed:
    """Return the mail of a report for a subscription, and its headline for chats. `last`: the row of its
    latest mail of the period; `mail_of` returns the mail of a slice in a locale."""
    report_mail = mail_of(subscription.only, subscription.locale)
    has_pdf = subscription.format == "pdf"
    texts = report_mail.texts | {
        "subscription": subscription.name,
        "has_pdf": has_pdf,
    }
    with in_locale(subscription.locale):
        texts = with_corrections(texts, {"net_sales": net_sales}, last)
    file_name = ""
    if has_pdf:
        file_name = f"sales-report-{period}-{subscription.name}.pdf"
    message = report_mail.compose(texts, file_name)
    return message, report_mail.chat_text(texts), report_mail.picture


def deliver_period(
    period: Period,
    reports: Mapping[Slice, ArchivedPeriod],
    run: DagRun,
    *,
    send_mail: bool = False,
    only_name: str | None = None,
    late: bool = False,
) -> list[str]:
    """Mail the reports of a period to its subscriptions, or to `only_name`; log and return a sentence about
    each. `send_mail`: mail them although the period was mailed before, or some of its days are not complete;
    `late`: mail them in the latter case only.

    Raises:
        PipelineError: some were not delivered, or the warehouse is unavailable; TransientError where each may
            succeed later.
    """
    failures = Failures()
    subscriptions = load_subscriptions().to(period.kind)
    if only_name:
        subscriptions = [each for each in subscriptions if each.name == only_name]
    sentences = deliver(
        period,
        subscriptions,
        reports,
        run,
        failures,
        send_mail=send_mail,
        late=late,
    )
    return concluded(sentences, failures)


def deliver_day(
    day: BusinessDay,
    report: ArchivedReport,
    run: DagRun,
    *,
    send_mail: bool,
) -> list[str]:
    """Mail the report of a day, or of its slices, to its subscriptions, then send alerts on its figures, and
    corrections of the newest week and month; log and return a sentence about each. Invalid subscriptions are
    alerted: the task does not fail with them, because a retry would find the same.

    Raises:
        PipelineError: some were not delivered; see `deliver_period`.
    """
    failures = Failures()
    old = not_the_newest(day)
    if old and not send_mail:
        return concluded([old], failures)
    sentences = []
    subscriptions = load_subscriptions()
    with failures.collected("reports of the day"):
        period = period_of("day", day.date)
        reports: dict[Slice, Report] = {WHOLE: report}
        daily = subscriptions.to("day")
        slices = [each.only for each in daily if not each.only.is_whole]
        if slices:
            reports |= build_reports(period, slices, run)
        sentences += deliver(
            period,
            daily,
            reports,
            run,
            failures,
            send_mail=send_mail,
        )
    with failures.collected("alerts"):
        sentences += send_alerts(day, subscriptions.alerts, run, failures)
    for kind in SPANS:
        with failures.collected(f"corrections of the {kind}"):
            newest = newest_period(kind)
            sentences += correct(newest, subscriptions.to(kind), run, failures)
    with failures.collected("alert about invalid subscriptions"):
        alert_problems(day, subscriptions.problems)
    return concluded(sentences, failures)


def concluded(sentences: list[str], failures: Failures) -> list[str]:
    """Raise the failures; without any, log the sentences and return them."""
    failures.raise_all()
    for sentence in sentences:
        log.info("%s", sentence)
    return sentences


def alert_problems(day: BusinessDay, problems: Sequence[str]) -> None:
    """Send an alert about invalid subscriptions, by mail and chat; on a day, the same problems have the same
    Message-ID."""
    if problems:
        subject = f"Invalid subscriptions: {len(problems)}"
        message = mail.compose(subject, "subscriptions_mail", {"problems": problems})
        mail.send_alert(message, f"subscriptions.{day}", problems)


def deliver(
    period: Period,
    subscriptions: Sequence[Subscription],
    reports: Mapping[Slice, Report],
    run: DagRun,
    failures: Failures,
    *,
    send_mail: bool = False,
    late: bool = True,
) -> list[str]:
    """Claim, send and mark the mails that are due; return a sentence about each subscription, which are of
    use only where none is in `failures`. `send_mail` and `late`: see `deliver_period`. Only a first mail of a
    week or a month waits for its days: that of a day has a badge where the day is not complete."""
    if not subscriptions:
        return []
    # A day is corrected on request only, so its claim needs no look at earlier mails.
    only_first = period.kind == "day" and not send_mail
    mailed = {} if only_first else mails_of(period)
    not_claimed = "a report with the same figures was mailed before"
    if only_first:
        not_claimed = f"an earlier report of {period} was mailed"

    @cache
    def mail_of(only: Slice, locale: str) -> ReportMail:
        return read_mail(reports[only], locale)

    due = []
    outcomes = {}
    for subscription in subscriptions:
        name = subscription.name
        sent = mailed.get(name, [])
        report = reports.get(subscription.only)
        reason = "the report of its slice is not built"
        if report:
            reason = reason_not_to_mail(period, report, sent, late=late)
        if report and (send_mail or not reason):
            reason = not_claimed
            digest = report.figures_hash
            stem = f"{period.kind}.{period}.{name}.{digest[:16]}"
            last = next(iter(sent), None)
            message = Outgoing(
                digest,
                sending.message_id(subscription, stem),
                report.figures_at,
                name,
                report.net_sales,
                to=subscription,
                compose=partial(
                    compose, subscription, period, report.net_sales, last, mail_of
                ),
            )
            due.append(message)
        outcomes[name] = f"not mailed: {reason}"
    claimed = send_once(
        period.last,
        due,
        run,
        failures,
        only_first=only_first,
    )
    outcomes |= dict.fromkeys(claimed, "mailed")
    return [f"{name}: {outcome}" for name, outcome in outcomes.items()]


def correct(
    period: Period,
    subscriptions: Sequence[Subscription],
    run: DagRun,
    failures: Failures,
) -> list[str]:
    """Build and mail the reports of a period again whose net sales have moved since they were mailed; return
    a sentence about each."""
    mailed = mails_of(period) if subscriptions else {}
    subscriptions = [each for each in subscriptions if each.name in mailed]
    if not subscriptions:
        return []
    warehouse = connect(dag=run.dag_id, step="report")
    slices = [subscription.only for subscription in subscriptions]
    net_sales = read_net_sales(warehouse, period, slices)
    moved = []
    for subscription in subscriptions:
        last = mailed[subscription.name][0]
        if has_moved(last["net_sales"], net_sales[subscription.only]):
            moved.append(subscription)
    if not moved:
        return []
    reports = build_reports(period, [each.only for each in moved], run)
    return deliver(period, moved, reports, run, failures)


def mails_of(period: Period) -> dict[str, list[Row]]:
    """Return the rows of the mails that subscriptions got of a period, by name, the latest first."""
    mails = defaultdict(list)
    for row in delivery_log.subscribed_deliveries(period.last):
        # A week and a month may end on the same day.
        is_of_kind = row["message_id"].startswith(f"<{period.kind}.")
        if is_of_kind and row["state"] == "sent":
            mails[row["subscription"]].append(row)
    return mails


def reason_not_to_mail(
    period: Period,
    report: Report,
    sent: Sequence[Row],
    *,
    late: bool,
) -> str:
    """Return why a report is mailed on request only, after the mails of the rows `sent`; empty where it is
    due."""
    if not late and isinstance(report, ArchivedPeriod) and report.figures.unfinished:
        days = len(report.figures.unfinished)
        verb = plural(days, "is", "are")
        return f"{counted(days, 'day')} of {period} {verb} not complete"
    if not sent:
        return ""
    timezone = shop_timezone()
    today = shop_day(datetime.now(UTC), timezone)
    # The first mail is no correction.
    is_corrected = len(sent) > 1 and shop_day(sent[0]["sent_at"], timezone) == today
    if has_moved(sent[0]["net_sales"], report.net_sales) and not is_corrected:
        return ""
    return f"an earlier report of {period} was mailed"


def has_moved(mailed: Decimal, now: Decimal) -> bool:
    """Return whether net sales differ from those that were mailed by more than a correction needs."""
    return abs(now - mailed) > CORRECTED_FROM * abs(mailed)
