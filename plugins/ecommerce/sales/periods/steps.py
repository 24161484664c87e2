"""The steps of the weekly and monthly reports: which period, building its reports, mailing them."""

from collections.abc import Iterable
from datetime import timedelta

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.periods import (
    SPANS,
    Period,
    PeriodKind,
    newest_period,
    period_of,
)
from ecommerce.sales.periods.archive import ArchivedPeriod, archive_of
from ecommerce.sales.periods.build import build_reports
from ecommerce.sales.periods.figures import figures_hash
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscribed import delivery
from ecommerce.sales.subscriptions import load_subscriptions
from ecommerce.storage.staging import DagRun

OLDEST = timedelta(days=60)
"""How long ago a period may have ended whose report is built without a request: a backfill of years is not to
build hundreds of them."""


def reason_not_to_build(period: Period) -> str:
    """Return why no report of a period is built without a request; empty where it is."""
    if newest_period(period.kind).last - period.last <= OLDEST:
        return ""
    return (
        f"{period} ended more than {OLDEST.days} days ago: "
        f"make report {period.kind.upper()}={period} builds its report"
    )


def build(period: Period, run: DagRun, subscription: str | None = None) -> list[str]:
    """Build and archive the reports of a period: that of the whole shop, then those of the slices that
    subscriptions need, or only that of one subscription. Return the URIs of their folders.

    Raises:
        ConfigurationError: there is no such subscription, or it has no report of such periods.
        PipelineError: as `build_reports`.
    """
    by_name = _slices_by_name(period.kind)
    if subscription and subscription not in by_name:
        known = ", ".join(by_name) or "none"
        raise ConfigurationError(
            f"no subscription {subscription} has a report of a {period.kind}; those that have: {known}"
        )
    slices = [by_name[subscription]] if subscription else [WHOLE, *by_name.values()]
    reports = build_reports(period, slices, run)
    return [report.uri for report in reports.values()]


def _slices_by_name(kind: PeriodKind) -> dict[str, Slice]:
    """Return the slices of the subscriptions to reports of one kind of period, by name."""
    return {each.name: each.only for each in load_subscriptions().to(kind)}


def reason_not_to_mail(period: Period, *, send_mail: bool = False) -> str:
    """Return why the reports of a period are mailed to no subscription, or nothing. `send_mail`: mail them
    although the period is not the newest that has ended."""
    if not _slices_by_name(period.kind):
        return f"no subscription has a report of a {period.kind}"
    if send_mail or period == newest_period(period.kind):
        return ""
    return (
        f"{period} is not the newest {period.kind} that has ended: "
        f"make report {period.kind.upper()}={period} MAIL=1 mails it"
    )


def read_reports(uris: Iterable[str]) -> dict[Slice, ArchivedPeriod]:
    """Return archived reports by slice; raises as `Archive.read_figures`."""
    # The archives of all kinds and slices have the same files.
    archive = archive_of("week", WHOLE)
    reports = {}
    for uri in uris:
        figures = archive.read_figures(uri)
        reports[figures.only] = ArchivedPeriod(uri, figures, figures_hash(figures))
    return reports


def mail_late(day: BusinessDay, run: DagRun) -> str:
    """Build the week and the month that ended with `day` again, and mail them to the subscriptions that have
    not got them, even with days that are not complete. Return why not, or nothing."""
    reasons = [_mail_late(period_of(kind, day.date), day, run) for kind in SPANS]
    return "; ".join(reasons) if all(reasons) else ""


def _mail_late(period: Period, day: BusinessDay, run: DagRun) -> str:
    """Mail one of these periods, or return why not."""
    if period.last != day.date:
        return f"no {period.kind} ended on {day}"
    reason = reason_not_to_mail(period)
    if reason:
        return reason
    if _slices_by_name(period.kind).keys() <= delivery.mails_of(period).keys():
        return f"every subscription has got the report of {period}"
    reports = read_reports(build(period, run))
    delivery.deliver_period(period, reports, run, late=True)
    return ""
