"""Building the reports of a period: figures, texts, the document that `include/templates/period.typ`
typesets, and the archive."""

from collections.abc import Collection

from ecommerce.core.periods import Period
from ecommerce.sales.periods.archive import ArchivedPeriod, PeriodMail
from ecommerce.sales.slices import Slice
from ecommerce.storage.staging import DagRun


def build_reports(
    period: Period, slices: Collection[Slice], run: DagRun
) -> dict[Slice, ArchivedPeriod]:
    """Read the figures of all `slices` at once, and archive a report of each in place of an older one, in
    REPORT_LOCALE.

    Raises:
        PipelineError: the warehouse cannot be queried, or the archive cannot be written.
    """
    raise NotImplementedError


def mail_of(report: ArchivedPeriod, locale: str = "") -> PeriodMail:
    """Return the mail of a report in `locale`; empty: that of the archive."""
    raise NotImplementedError
