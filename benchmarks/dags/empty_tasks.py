"""The daily pipeline without its work: as many tasks, the same dependencies, results of their kind."""

from typing import Any

from airflow.sdk import DAG, task

from ecommerce.sources import live_sources


@task
def nothing(*results: Any) -> None: ...


@task
def each_source(results: list[None]) -> list[str]:
    return list(live_sources())


@task
def transform(source: str) -> None: ...


with DAG(dag_id="empty_tasks", schedule=None, catchup=False) as dag:
    ready = each_source(
        [nothing.override(task_id=f"extract_{source}")() for source in live_sources()]
    )
    transformed = transform.expand(source=ready)
    report = nothing.override(task_id="report")(
        nothing.override(task_id="checks")(
            nothing.override(task_id="load")(transformed)
        )
    )
    nothing.override(task_id="alarm")(report)
    nothing.override(task_id="send")(report)
