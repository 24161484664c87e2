"""The checks after a load: the `checks.sql` of every table of its domain, on the days it touched."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from ecommerce.core.errors import CheckFailed, ContractError
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import has_checks
from ecommerce.warehouse.spec import LoadSpec

log = logging.getLogger(__name__)

SEVERITIES = ("error", "warn")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `failing_rows` is 0 when all is well; `sample` describes one of them."""

    check: str
    severity: str
    failing_rows: int
    sample: str | None

    def __str__(self) -> str:
        exceptions = "1 exception" if self.failing_rows == 1 else f"{self.failing_rows} exceptions"
        return f"{self.check}: {exceptions}" + (f", such as {self.sample}" if self.sample else "")


def run_checks(
    days: Collection[date],
    *,
    spec: LoadSpec,
    business_date: date,
    run_id: str,
    warehouse: Warehouse | None = None,
) -> list[CheckResult]:
    """Run every check of the domain's tables and return what each found, the good news too.

    `days` are the touched days of the `LoadResult`; the audit is checked of `business_date`, the run's day.
    `warehouse` is opened from the connection when not given. Tables of other domains are no reason to stop.

    Raises:
        CheckFailed: a check of severity `error` found something; names each such check and an example.
        PipelineError: as `Warehouse.query`.
    """
    warehouse = warehouse or connect(step="checks")
    results: list[CheckResult] = []
    for table in filter(has_checks, sorted(spec.tables)):
        name = f"warehouse/tables/{table}/checks.sql"
        # Every file gets what any of them may ask for; a parameter a statement does not name does no harm.
        parameters = {"run_id": run_id}
        rows = warehouse.query(name, days=days, spec=spec, parameters=parameters, business_date=business_date)
        columns = ("check_name", "severity", "failing_rows", "sample")
        found = [CheckResult(*(row[column] for column in columns)) for row in rows]
        if not found or any(each.severity not in SEVERITIES or each.failing_rows is None for each in found):
            raise ContractError(f"{name} must give ({', '.join(columns)}) for each check")
        results += found
    failed = [each for each in results if each.failing_rows]
    for each in failed:
        log.log(logging.ERROR if each.severity == "error" else logging.WARNING, "%s", each)
    errors = [str(each) for each in failed if each.severity == "error"]
    if errors:
        raise CheckFailed("; ".join(errors))
    log.info("%d checks, %d warnings", len(results), len(failed))
    return results
