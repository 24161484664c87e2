"""Checks after a load: the `checks.sql` of every table of its domain, for the days it touched."""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date

from ecommerce.core.data_warnings import CHECK, DataWarning
from ecommerce.core.errors import CheckFailed, ContractError
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.load import LoadResult
from ecommerce.warehouse.rendering import render, tables
from ecommerce.warehouse.spec import LoadSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `failing_rows` counts those of the run's day: `found` describes them, `sample`
    is one of them, `meaning` is their effect on the figures, `action` the fix, `weight` the severity (3:
    figures are wrong or incomplete, 2: they may be, 1: they are not). `other_rows`, with an `other_sample`,
    are those of `other_days` (ISO dates, separated by blanks) that the run loaded."""

    check_name: str
    severity: str
    failing_rows: int
    found: str
    meaning: str
    sample: str | None
    action: str = ""
    weight: int = 2
    other_rows: int = 0
    other_sample: str | None = None
    other_days: str | None = None

    @property
    def is_failing(self) -> bool:
        """Whether any row failed, on any day."""
        return bool(self.failing_rows or self.other_rows)

    def __str__(self) -> str:
        rows, sample = self.failing_rows, self.sample
        if self.other_rows and not rows:
            rows, sample = self.other_rows, self.other_sample
        return f"{_counted(rows, self.found)}: {self.meaning}{_example(sample)}"

    def warnings(self) -> list[DataWarning]:
        """Return the result as warnings: one of the run's day; one, with its `days`, of other loaded days."""
        known = {
            "kind": CHECK,
            "meaning": self.meaning,
            "action": self.action,
            "weight": self.weight,
        }
        warnings = []
        if self.failing_rows:
            found = _counted(self.failing_rows, self.found) + _example(self.sample)
            warnings.append(known | {"found": found})
        if self.other_rows:
            found = _counted(self.other_rows, self.found) + _example(self.other_sample)
            warnings.append(
                known
                | {"found": found, "days": sorted((self.other_days or "").split())}
            )
        return warnings


def _counted(rows: int, found: str) -> str:
    form = 1 if rows == 1 else 2
    return f"{rows:,} " + re.sub(r"\{([^|}]*)\|([^}]*)\}", rf"\{form}", found)


def _example(sample: str | None) -> str:
    return f" (for example {sample})" if sample else ""


def check_load(run: DagRun, loaded: LoadResult, spec: LoadSpec) -> list[DataWarning]:
    """Check the days that a run's load touched, and return warnings, those of its extracts first; raises as
    `run_checks`."""
    results = run_checks(
        loaded.touched_days,
        spec=spec,
        business_date=loaded.business_date,
        run_id=run.run_id,
        warehouse=connect(dag=run.dag_id, step="checks"),
    )
    results.sort(key=lambda each: -each.weight)
    return [
        *loaded.warnings,
        *(warning for each in results for warning in each.warnings()),
    ]


def run_checks(
    days: Collection[date],
    *,
    spec: LoadSpec,
    business_date: date,
    run_id: str,
    warehouse: Warehouse | None = None,
) -> list[CheckResult]:
    """Run every check of the domain's tables for `days`, those that the load touched, and return all results.
    The audit of the run's `business_date` is checked.

    Raises:
        CheckFailed: a check of severity `error` failed: nothing must be mailed or announced. Names each such
            check and an example.
        ContractError: a file has no check, or one of another severity.
        PipelineError: as `Warehouse.run`.
    """
    warehouse = warehouse or connect(step="checks")
    columns = ", ".join(each.name for each in fields(CheckResult))
    statements, checked = [], []
    for table in tables("checks.sql"):
        if table in spec.tables:
            sql = render(
                f"warehouse/tables/{table}/checks.sql",
                days=days,
                spec=spec,
                settings=warehouse.settings,
                business_date=business_date,
            )
            own = sql.strip().removesuffix(";")
            checked.append(table)
            statement = f"SELECT '{table}' AS checked, {columns} FROM (\n{own}\n)"  # noqa: S608 - the SQL is of this repository
            statements.append(statement)
    # One job for all, because each costs BigQuery a second.
    together = "\nUNION ALL\n".join(statements)
    rows = warehouse.run(together, "checks", {"run_id": run_id}) if statements else []
    every = []
    if silent := set(checked) - {row["checked"] for row in rows}:
        raise ContractError(
            f"no check in {_file(min(silent))} returns a row: write it with the macro check"
        )
    for row in rows:
        file, result = _file(row.pop("checked")), CheckResult(**row)
        if result.severity not in ("error", "warn") or result.failing_rows is None:
            raise ContractError(
                f'the check "{result.check_name}" in {file} needs the severity error or warn, and '
                "failing_rows: write it with the macro check"
            )
        every.append(result)
    failed = [each for each in every if each.is_failing]
    for each in failed:
        level = logging.ERROR if each.severity == "error" else logging.WARNING
        log.log(level, '%s [check "%s"]', each, each.check_name)
    if errors := [str(each) for each in failed if each.severity == "error"]:
        raise CheckFailed("; ".join(errors))
    log.info("%d checks, %d warnings", len(every), len(failed))
    return every


def _file(table: str) -> str:
    return f"include/sql/warehouse/tables/{table}/checks.sql"
