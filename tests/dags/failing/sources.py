"""
# Sources

**When it fails:** that is what it is for: some sources a run can do without, others it cannot.

The extracts and the gate of `daily_sales_pipeline`, and a load behind transforms; the run's conf `failing`
names the source that fails, or with `transform ` before it the one whose transform fails.
"""

from datetime import UTC, datetime
from itertools import chain
from typing import Any

from airflow.sdk import DAG, TaskGroup

from ecommerce.core.errors import ContractError
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.run_context import skip_if
from ecommerce.runtime.typed_task import typed_task
from ecommerce.sales import source_policy, tasks
from ecommerce.sources import live_sources
from ecommerce.storage.staging import Manifest

with DAG(
    dag_id="sources",
    schedule=None,
    params={"failing": ""},
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
) as dag:
    with TaskGroup("extract"):

        @typed_task(**NETWORK_RETRIES)
        def extract(source: str, *, dag_run: Any) -> Manifest:
            skip_if(source_policy.reason_to_skip(source))
            if dag_run.conf["failing"] == source:
                raise ContractError(f"{source} is not what was agreed")
            instant = datetime.now(UTC)
            return Manifest(
                source=source,
                business_date=instant.date(),
                uri="",
                rows=0,
                bytes=0,
                sha256="",
                columns={},
                read_at=instant,
                window_start=instant,
                window_end=instant,
            )

        ready = tasks.sources_ready(
            [extract.override(task_id=source)(source) for source in live_sources()]
        )

    @typed_task()
    def transform(manifests: list[Manifest], *, dag_run: Any) -> list[Manifest]:
        for manifest in manifests:
            if dag_run.conf["failing"] == f"transform {manifest.source}":
                raise ContractError(f"{manifest.source} cannot be transformed")
        return manifests

    @typed_task(trigger_rule=tasks.load.kwargs["trigger_rule"])
    def load(batches: list[list[Manifest]]) -> list[str]:
        policies = source_policy.read_policies()
        usable = source_policy.usable_manifests(policies, chain.from_iterable(batches))
        return [manifest.source for manifest in usable]

    load(transform.expand(manifests=ready))
