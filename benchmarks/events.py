"""How fast a day of web events is read, and transformed: each step against its limit.

    python -m benchmarks.events                         # a day of 20 million events
    python -m benchmarks.events --events 2000000        # smaller

The limit of the extract is DuckDB, which reads the day's answers from files (NDJSON with known columns) and
writes them as Parquet; the extract also downloads them, from a server on the same cores. The limit of the
transform is DuckDB, which reads and writes the extracted Parquet again.
"""

import json
import shutil

from benchmarks.runner import (
    RESULTS,
    Contender,
    compare,
    module_command,
    read_options,
    report,
    run_once,
    serving,
)

FOLDER = RESULTS / "events"
STEPS = {
    "extract": {"limit": "limit", "extract": "pipeline"},
    "transform": {"rewrite": "limit", "transform": "pipeline"},
}


def main() -> None:
    arguments = read_options(__doc__, events=20_000_000, rounds=1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with serving("benchmarks.events_server", str(arguments.events)) as port:
        host = {"conn_type": "http", "host": f"http://127.0.0.1:{port}"}
        environment = {
            "AIRFLOW_CONN_WEB_EVENTS_API": json.dumps(host),
            "STAGING_URI": FOLDER.as_uri(),
        }

        def contender(step: str, name: str) -> Contender:
            command = module_command("benchmarks.events_stages", step)
            return Contender(name, command, environment)

        run_once(contender("prepare", "prepare"))
        for step, names in STEPS.items():
            contenders = [contender(*each) for each in names.items()]
            results = compare(contenders, arguments.rounds)
            report(
                f"Events {step}",
                results,
                {"events": arguments.events},
            )
    shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    main()
