"""The daily pipeline without its work: as many tasks, the same dependencies, results of their kind."""

from typing import Any

from airflow.sdk import DAG, task

from ecommerce.sales.transform import MOST_SHOPS
from ecommerce.sources import PLATFORMS, live_sources


@task
def nothing(*results: Any) -> None: ...


@task
def each_batch(results: list[None]) -> list[int]:
    """Return a number for each transform of a run whose shops are of one platform."""
    own = len(PLATFORMS)
    shops = len(live_sources()) - own
    return list(range(own + shops // MOST_SHOPS))


@task
def transform(number: int) -> None: ...


with DAG(dag_id="empty_tasks", schedule=None, catchup=False) as dag:
    ready = each_batch(
        [nothing.override(task_id=f"extract_{source}")() for source in live_sources()]
    )
    transformed = transform.expand(number=ready)
    report = nothing.override(task_id="report")(
        nothing.override(task_id="checks")(
            nothing.override(task_id="load")(transformed)
        )
    )
    nothing.override(task_id="alarm")(report)
    nothing.override(task_id="send")(report)
