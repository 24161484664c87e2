"""How fast a day of web events is read, and transformed: each step against its limit.

    python -m benchmarks.events                         # a day of 20 million events
    python -m benchmarks.events --events 2000000        # smaller
    python -m benchmarks.events --slice-minutes 15      # other slices than the pipeline's

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
    option_parser,
    report,
    run_once,
    serving,
)

FOLDER = RESULTS / "events"
STEPS = {
    "extract": {
        "limit": "DuckDB, NDJSON to Parquet",
        "extract": "pipeline",
        "download": "download alone",
    },
    "transform": {"rewrite": "DuckDB, read and rewrite", "transform": "pipeline"},
}


def main() -> None:
    parser = option_parser(__doc__)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--slice-minutes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=STEPS)
    arguments = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    with serving("benchmarks.events_server", str(arguments.events)) as port:
        host = {"conn_type": "http", "host": f"http://127.0.0.1:{port}"}
        environment = {
            "AIRFLOW_CONN_WEB_EVENTS_API": json.dumps(host),
            "STAGING_URI": FOLDER.as_uri(),
        }

        def contender(step: str, name: str) -> Contender:
            command = module_command(
                "benchmarks.events_stages", step, arguments.slice_minutes
            )
            return Contender(name, command, environment)

        run_once(contender("prepare", "prepare"))
        for step, names in STEPS.items():
            if arguments.only in (step, None):
                contenders = [contender(*each) for each in names.items()]
                results = compare(
                    contenders,
                    contenders[0].name,
                    arguments.rounds,
                    warm_up=False,
                )
                print(
                    "written to",
                    report(f"events_{step}", results, {"events": arguments.events}),
                )
    shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    main()
