"""One task of `sales_history_load`, measured; started by `benchmarks.history` with its input in a file."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.runner import RESULTS, measured

RUN = SimpleNamespace(
    dag_id="sales_history_load",
    run_id="benchmark",
    run_after=datetime(
        2026,
        11,
        20,
        tzinfo=UTC,
    ),
)
CONTEXT: dict[str, Any] = {
    "dag_run": RUN,
    "run_id": RUN.run_id,
    "params": {
        "files": f"file://{RESULTS}/history/export/*",
        "source": "old_shop",
        "first_day": None,
        "last_day": None,
        "dry_run": False,
        "most_rejected": 5,
    },
}


def main() -> None:
    # Untimed: a worker has imported them long ago.
    import airflow.sdk
    import duckdb
    from airflow.providers.google.cloud.hooks import bigquery

    from ecommerce.sales.history import monthly_load, reading, tasks
    from ecommerce.sales.tasks import checks

    del airflow, duckdb, bigquery, monthly_load, reading
    logging.disable(logging.INFO)
    stages = {
        "list files": lambda _: tasks.list_files.function(**CONTEXT),
        "read": tasks.read.function,
        "control totals": lambda reads: tasks.control_totals.function(reads, **CONTEXT),
        "months": tasks.months.function,
        "transform": lambda month: tasks.transform.function(month, **CONTEXT),
        "load": lambda manifest: tasks.load.function(manifest, **CONTEXT),
        "checks": lambda loaded: checks.function(loaded, **CONTEXT),
    }
    name, place = sys.argv[1], Path(sys.argv[2])
    given = json.loads(place.read_text())
    with measured() as facts:
        result = stages[name](given)
        facts["result"] = str(place.with_suffix(".result.json"))
        Path(facts["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
