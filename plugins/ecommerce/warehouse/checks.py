"""The checks after a load: the `checks.sql` of every table of its domain, on the days it touched."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecommerce.core.errors import CheckFailed, ContractError
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.load import LoadResult
from ecommerce.warehouse.rendering import has_checks, render
from ecommerce.warehouse.spec import LoadSpec

log = logging.getLogger(__name__)

SEVERITIES = ("error", "warn")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `failing_rows` is 0 when the run's day is sound; `found` describes them,
    `meaning` what this does to the figures, `action` what to do about it, `weight` how bad it is (3: figures
    are wrong or lack something, 2: they may, 1: they do not); `sample` describes one of them. `other_rows`,
    with an `other_sample`, are what the run loaded of the `other_days` (ISO dates, separated by blanks)."""

    check: str
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
        """Whether it found anything, on any day."""
        return bool(self.failing_rows or self.other_rows)

    def __str__(self) -> str:
        if self.failing_rows or not self.other_rows:
            return f"{_counted(self.failing_rows, self.found)}: {self.meaning}{_example(self.sample)}"
        return f"{_counted(self.other_rows, self.found)}: {self.meaning}{_example(self.other_sample)}"

    def remarks(self) -> list[dict[str, Any]]:
        """The finding in parts, as plain JSON: found, meaning, action, weight; apart, with their `days`, what
        the run loaded of other days."""
        known = {"meaning": self.meaning, "action": self.action, "weight": self.weight}
        remarks = []
        if self.failing_rows:
            remarks.append(
                {"found": _counted(self.failing_rows, self.found) + _example(self.sample), **known}
            )
        if self.other_rows:
            found = _counted(self.other_rows, self.found) + _example(self.other_sample)
            remarks.append({"found": found, **known, "days": sorted((self.other_days or "").split())})
        return remarks


def _counted(rows: int, found: str) -> str:
    form = 1 if rows == 1 else 2
    return f"{rows:,} " + re.sub(r"\{([^|}]*)\|([^}]*)\}", rf"\{form}", found)


def _example(sample: str | None) -> str:
    return f" (for example {sample})" if sample else ""


def check_load(run: DagRun, loaded: LoadResult, spec: LoadSpec) -> list[str]:
    """Check the days that a run's load touched; the sentences to warn people with, its inputs' first.

    Raises:
        CheckFailed: a check of severity `error` found something; nothing must be mailed or announced.
        PipelineError: the warehouse cannot be asked.
    """
    return [*loaded.warnings, *map(str, failing(run, loaded, spec))]


def failing(run: DagRun, loaded: LoadResult, spec: LoadSpec) -> list[CheckResult]:
    """As `check_load`, what the checks alone found, the worst first."""
    results = run_checks(
        loaded.touched_days,
        spec=spec,
        business_date=loaded.business_date,
        run_id=run.run_id,
        warehouse=connect(dag=run.dag_id, step="checks"),
    )
    return sorted((each for each in results if each.is_failing), key=lambda each: -each.weight)


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
        PipelineError: as `Warehouse.run`.
    """
    warehouse = warehouse or connect(step="checks")
    columns = (
        *("check_name", "severity", "failing_rows", "found", "meaning", "sample", "action", "weight"),
        *("other_rows", "other_sample", "other_days"),
    )
    statements = {}
    for table in filter(has_checks, sorted(spec.tables)):
        # Every file gets what any of them may ask for.
        sql = render(
            f"warehouse/tables/{table}/checks.sql",
            days=days,
            spec=spec,
            settings=warehouse.settings,
            business_date=business_date,
        )
        own = sql.strip().removesuffix(";")
        statements[table] = f"SELECT '{table}' AS checked, {', '.join(columns)} FROM (\n{own}\n)"  # noqa: S608
    # One job for all: each costs BigQuery a second. A parameter that no statement names does no harm.
    together = "\nUNION ALL\n".join(statements.values())
    rows = warehouse.run(together, "checks", {"run_id": run_id}) if statements else []
    results: list[CheckResult] = []
    for table in statements:
        found = [CheckResult(*(row[column] for column in columns)) for row in rows if row["checked"] == table]
        if not found or not all(map(_is_whole, found)):
            raise ContractError(
                f"include/sql/warehouse/tables/{table}/checks.sql must give {', '.join(columns)} for each "
                "check: write it with the macro check"
            )
        results += found
    failed = [each for each in results if each.is_failing]
    for each in failed:
        level = logging.ERROR if each.severity == "error" else logging.WARNING
        log.log(level, '%s [check "%s"]', each, each.check)
    errors = [str(each) for each in failed if each.severity == "error"]
    if errors:
        raise CheckFailed("; ".join(errors))
    log.info("%d checks, %d warnings", len(results), len(failed))
    return results


def _is_whole(result: CheckResult) -> bool:
    words = result.found and result.meaning and (result.action or result.severity == "error")
    return bool(words) and result.severity in SEVERITIES and result.failing_rows is not None
