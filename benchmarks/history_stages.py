"""One task of `sales_history_load`, measured; started by `benchmarks.history` with its input in a file."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.history import EXPORT, make_export
from benchmarks.runner import measured

RUN = SimpleNamespace(
    dag_id="sales_history_load",
    run_id="benchmark",
    run_after=datetime(2026, 11, 20, tzinfo=UTC),
)
CONTEXT: dict[str, Any] = {
    "dag_run": RUN,
    "run_id": RUN.run_id,
    "params": {
        "files": f"{EXPORT.as_uri()}/*",
        "source": "old_shop",
        "first_day": None,
        "last_day": None,
        "dry_run": False,
        "most_rejected": 5,
    },
}


def main() -> None:
    name, task_input = sys.argv[1:]
    if name == "make export":
        with measured():
            make_export(*json.loads(task_input))
        return
    # Untimed: a worker has imported them long ago.
    import airflow.sdk
    import duckdb

    from ecommerce.sales.history import reading, tasks

    del airflow, duckdb, reading
    logging.disable(logging.INFO)
    stages = {
        "list files": lambda _: tasks.list_files.function(**CONTEXT),
        "read": tasks.read.function,
        "control totals": lambda reads: tasks.control_totals.function(reads, **CONTEXT),
        "months": tasks.months.function,
        "transform": lambda month: tasks.transform.function(month, **CONTEXT),
    }
    place = Path(task_input)
    argument = json.loads(place.read_text())
    with measured() as facts:
        result = stages[name](argument)
        output = place.with_suffix(".result.json")
        output.write_text(json.dumps(result))
        facts["result"] = str(output)


if __name__ == "__main__":
    main()
