"""The three steps that make a report: figures, document, archive.

Each leaves its files in the run's staging folder and returns where they are. Somebody who clears the group
`report` builds the report again: from the figures as they are then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.settings import load_settings
from ecommerce.core.staging import DagRun
from ecommerce.core.text import in_report_locale
from ecommerce.core.versions import code_version
from ecommerce.sales.report import archive as store
from ecommerce.sales.report import quality
from ecommerce.sales.report.figures import Provenance, figures_hash
from ecommerce.sales.report.queries import read_figures
from ecommerce.sales.source_policy import REQUIRED, source_policy
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)


@in_report_locale
def figures(day: BusinessDay, run: DagRun, warnings: Sequence[str | Mapping[str, Any]] = ()) -> str:
    """Ask the warehouse for the figures of `day`; returns the staging folder with figures.json and .csv. The
    id of `run` selects the data quality figures; `warnings` of the steps before go to the same page.

    Raises:
        PipelineError: the warehouse cannot be asked, or the folder cannot be written.
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
    found = read_figures(connect(dag=run.dag_id, step="report"), day.date, origin, warnings, required)
    uri = run.folder(day.date, "report/figures")
    store.write_figures(uri, found)
    return uri


@in_report_locale
def document(figures_uri: str) -> str:
    """Draw the charts and lay out the PDF; returns the staging folder beside the figures that holds them.

    Raises:
        StagingError: the figures are gone, or the folder cannot be written.
    """
    uri = f"{figures_uri.rpartition('/')[0]}/document"
    store.write_document(uri, store.read_figures(figures_uri))
    return uri


@in_report_locale
def archive(figures_uri: str, document_uri: str) -> dict[str, Any]:
    """Put the report into the archive, in place of an older one of the same day.

    Returns plain JSON for the mail: `uri` of the archived folder, `business_date`, `figures_hash`,
    `figures_at` (ISO 8601), `complete`, `alarms` (sentences), and `headline` (decimal texts by the names of
    `figures.HEADLINE`).

    Raises:
        StagingError: a staged file is gone, or the archive cannot be written.
    """
    found = store.read_figures(figures_uri)
    uri = store.publish(load_settings().reports_uri, found, [figures_uri, document_uri])
    log.info("the report of %s is at %s", found.business_date, uri)
    return {
        "uri": uri,
        "business_date": found.business_date.isoformat(),
        "figures_hash": figures_hash(found),
        "figures_at": found.provenance.generated_at.isoformat(),
        "complete": found.quality.complete,
        "alarms": quality.alarms(found),
        "headline": {
            name: None if figure.value is None else str(figure.value)
            for name, figure in found.headline.items()
        },
    }
