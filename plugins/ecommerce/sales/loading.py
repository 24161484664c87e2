"""The tasks of the DAG's `load` group, in terms of Airflow's task context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ecommerce.core import metrics
from ecommerce.core.business_day import business_day
from ecommerce.core.staging import Manifest
from ecommerce.sales import source_policy as policy


def load(context: Mapping[str, Any], manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Load what the transforms left for the run's day; what `LoadResult.to_xcom` says of it.

    Raises:
        PipelineError: nothing was loaded; the warehouse is as it was.
    """
    from ecommerce.warehouse import load as warehouse

    run, policies = context["dag_run"], policy.source_policy()
    loadable = [Manifest.from_xcom(manifest) for manifest in manifests]
    day = business_day(context)
    present = {manifest.source for manifest in loadable}
    result = warehouse.load(
        loadable,
        business_date=day.date,
        run_id=run.run_id,
        dag_id=run.dag_id,
        missing_sources=policy.missing_sources(policies, present),
        off_sources=[source for source, given in policies.items() if given == policy.OFF],
    )
    metrics.loaded(run.dag_id, result.audit)
    metrics.business_day_done("load", day.end)
    return result.to_xcom()


def load_reads(
    context: Mapping[str, Any], manifests: Sequence[Mapping[str, Any]], status: str = "success"
) -> dict[str, Any]:
    """Load reads of one business day outside its daily run; what `LoadResult.to_xcom` says of it.

    It says nothing of the sources that were not read: whether a day is complete is for its daily run to say.
    `status` is what the audit says of those that were: `staged.SUCCESS`, or `staged.HISTORY` for an export.

    Raises:
        PipelineError: nothing was loaded; the warehouse is as it was.
    """
    from ecommerce.warehouse import load as warehouse

    run = context["dag_run"]
    loadable = [Manifest.from_xcom(manifest) for manifest in manifests]
    (day,) = {manifest.business_date for manifest in loadable}
    result = warehouse.load(loadable, business_date=day, run_id=run.run_id, dag_id=run.dag_id, status=status)
    if status == "success":  # an export says nothing of when its source was last read
        metrics.loaded(run.dag_id, result.audit)
    return result.to_xcom()


def checks(context: Mapping[str, Any], loaded: Mapping[str, Any]) -> list[str]:
    """Check the days that `load` touched; the sentences the report is to warn with, its inputs' first.

    Raises:
        CheckFailed: a check of severity `error` found something; nothing must be mailed.
        PipelineError: the warehouse cannot be asked.
    """
    from ecommerce.warehouse.checks import run_checks
    from ecommerce.warehouse.client import connect

    run = context["dag_run"]
    results = run_checks(
        [date.fromisoformat(day) for day in loaded["touched_days"]],
        business_date=date.fromisoformat(loaded["business_date"]),
        run_id=run.run_id,
        warehouse=connect(dag=run.dag_id, step="checks"),
    )
    return [*loaded["warnings"], *(str(each) for each in results if each.failing_rows)]
