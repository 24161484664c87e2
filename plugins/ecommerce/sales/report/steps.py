"""Builds a day's report: reads its figures from the warehouse, typesets and archives them.

Clearing the task `report` builds the report again from the current figures.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.paths import code_version
from ecommerce.core.settings import load_settings
from ecommerce.core.text import in_report_locale
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sales.report.figures.quality import Provenance
from ecommerce.sales.report.queries import read_figures
from ecommerce.sales.report.view import notices
from ecommerce.sales.source_policy import REQUIRED, source_policy
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)


@in_report_locale
def build_report(day: BusinessDay, run: DagRun, warnings: Sequence[DataWarning] = ()) -> dict[str, Any]:
    """Build the report of `day` and archive it in place of an older one. The id of `run` selects the data
    quality figures; `warnings` of the steps before go to the same page.

    Returns plain JSON for the mail: `uri` of the archived folder, `business_date`, `figures_hash`,
    `figures_at` (ISO 8601), `complete`, `alarms` (sentences), and `headline` (decimal texts by the names of
    `model.HEADLINE`).

    Raises:
        PipelineError: the warehouse cannot be queried, or the archive cannot be written.
    """
    origin = Provenance(
        dag_id=run.dag_id,
        run_id=run.run_id,
        code_version=code_version(),
        timezone=day.timezone,
        window_start=day.start,
        window_end=day.end,
        generated_at=datetime.now(UTC),
    )
    required = [each for each, policy in source_policy().items() if policy == REQUIRED]
    figures = read_figures(connect(dag=run.dag_id, step="report"), day.date, origin, warnings, required)
    return archive_report(figures)


@in_report_locale
def archive_report(figures: Figures) -> dict[str, Any]:
    """Archive the report of `figures`; returns and raises as `build_report`."""
    uri = archive.publish(load_settings().reports_uri, figures)
    log.info("the report of %s is at %s", figures.business_date, uri)
    return {
        "uri": uri,
        "business_date": figures.business_date.isoformat(),
        "figures_hash": figures_hash(figures),
        "figures_at": figures.provenance.generated_at.isoformat(),
        "complete": figures.quality.complete,
        "alarms": notices.alarms(figures),
        "headline": {
            name: None if figure.value is None else str(figure.value)
            for name, figure in figures.headline.items()
        },
    }
