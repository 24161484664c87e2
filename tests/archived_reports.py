"""An archived report, as the task `report` hands it to the tasks that mail it."""

from datetime import UTC, date, datetime

from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.storage.staging import DagRun

REPORT = ArchivedReport(
    "",
    business_date=date(2026, 11, 19),
    figures_hash="a" * 64,
    figures_at=datetime(2026, 11, 20, 11, tzinfo=UTC),
    complete=True,
    alarms=[],
    headline={},
)
"""Of an ordinary day; without a file and figures."""
MAILING_RUN = DagRun("daily_sales_pipeline", "test__mailing")
"""The run that mails the reports of tests."""
