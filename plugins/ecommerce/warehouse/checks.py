"""Checks after a load: the `checks.sql` of every table of its domain, for the days it touched."""

import logging
from dataclasses import dataclass

from ecommerce.core.data_warnings import CHECK, DataWarning, Wording, wording
from ecommerce.core.errors import CheckFailed
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.load import LoadResult
from ecommerce.warehouse.spec import LoadSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckFailure:
    """What one check found: the number of failing rows and an example, `sample`.

    `severity` is `error` or `warn`. The rows are of the run's day, or of `other_days` that the run loaded
    (ISO dates, separated by blanks).
    """

    check_name: str
    severity: str
    failing_rows: int
    sample: str
    other_days: str | None = None

    @property
    def words(self) -> Wording:
        """Its words in include/data_warnings.csv."""
        return wording({"kind": self.check_name, "rows": self.failing_rows})

    def warning(self) -> DataWarning:
        """Return the failure as a warning, with its words and the `days` other than the run's."""
        words = self.words
        warning = {"kind": CHECK, **words._asdict()}
        warning["found"] = f"{words.found} (for example {self.sample})"
        if self.other_days:
            warning["days"] = sorted(self.other_days.split())
        return warning

    def __str__(self) -> str:
        words = self.words
        text = f"{words.found}: {words.meaning} (for example {self.sample})"
        # A report shows the action of a warning; an error has only this text.
        if self.severity == "error" and words.action:
            text += f". {words.action}"
        return text


def check_load(
    run: DagRun,
    loaded: LoadResult,
    spec: LoadSpec,
) -> list[DataWarning]:
    """Check the days that a run's load touched.

    Return the warnings of its extracts, then those of the checks, the worst first; raise as `run_checks`.
    """
    warehouse = connect(dag=run.dag_id, step="checks")
    failures = run_checks(loaded, spec, run.run_id, warehouse)
    warnings = [failure.warning() for failure in failures]
    warnings.sort(key=lambda warning: -warning["weight"])
    return loaded.warnings + warnings


def run_checks(
    loaded: LoadResult,
    spec: LoadSpec,
    run_id: str,
    warehouse: Warehouse,
) -> list[CheckFailure]:
    """Run every check of the domain's tables and return what failed with the severity `warn`.

    Args:
        loaded: the load; its `touched_days` are checked, and the audit of its day.
        spec: the domain.
        run_id: of the load.
        warehouse: the warehouse.

    Raises:
        CheckFailed: a check of severity `error` failed: nothing must be mailed or announced. Names each such
            check and an example.
        PipelineError: BigQuery refused the query or cannot be reached.
    """
    rows = warehouse.query(
        "warehouse/procedures/failing_checks.sql",
        parameters={"run_id": run_id},
        days=loaded.touched_days,
        spec=spec,
        business_date=loaded.business_date,
    )
    failures = [CheckFailure(**row) for row in rows]
    for failure in failures:
        log.warning('%s [check "%s"]', failure, failure.check_name)
    errors = [str(failure) for failure in failures if failure.severity == "error"]
    if errors:
        raise CheckFailed("; ".join(errors))
    return failures
