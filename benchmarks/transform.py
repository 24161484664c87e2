"""How fast one business day is transformed: the pipeline's SQL against a plain copy, Polars and pandas.

    python -m benchmarks.transform                          # 2 million typed lines of the sales database
    python -m benchmarks.transform --source partner_files   # as text, with repetitions and bad lines
    python -m benchmarks.transform --lines 200000 --rounds 3# smaller

The limit reads the files that the pipeline wrote and writes them again, with DuckDB under the same memory
limit. Two programs, in DuckDB and in Polars, make the same checks of the same files as the pipeline
(same_checks.sql, same_checks_polars.py): typed values with reasons, repetitions, rejected rows, hashes,
refunds, totals. They know one layout, and neither mask texts nor read text as numbers. The others only make
the same orders and lines and hash the same customers. All must agree about orders, amount and rejected rows.
Polars and pandas need the environment `.bench/venv` (see requirements.txt in this folder).
"""

import argparse
import subprocess
import sys

from benchmarks.runner import (
    BENCHMARK_PYTHON,
    REPOSITORY,
    Contender,
    compare,
    option_parser,
    report,
)

LIMIT = "limit"
CONTENDERS = {
    LIMIT: "DuckDB, read and rewrite",
    "pipeline": "pipeline",
    "duckdb_checks": "DuckDB, the same checks",
    "polars_checks": "Polars, the same checks",
    "polars": "Polars, half of the work",
    "pandas": "pandas, half of the work",
}
OTHER_ENVIRONMENT = ("polars_checks", "polars", "pandas")
ONLY_SALES_DB = (*OTHER_ENVIRONMENT, "duckdb_checks")
COMPARED = ("amount", "orders", "rejected")
"""Facts about which all contenders that have them must agree."""


def main() -> None:
    parser = option_parser(__doc__)
    parser.add_argument(
        "--source", choices=["sales_db", "partner_files"], default="sales_db"
    )
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=list(CONTENDERS),
        help="run only these, and the limit",
    )
    arguments = parser.parse_args()
    wanted = list(CONTENDERS)
    if arguments.only:
        wanted = [LIMIT, *arguments.only]
    if arguments.source != "sales_db":
        wanted = [name for name in wanted if name not in ONLY_SALES_DB]
    if not BENCHMARK_PYTHON.exists():
        wanted = [name for name in wanted if name not in OTHER_ENVIRONMENT]
    # In a process of its own: a child's peak memory begins with its parent's.
    subprocess.run(_command("make_day", arguments), check=True, cwd=REPOSITORY)
    contenders = [
        Contender(CONTENDERS[name], _command(name, arguments)) for name in wanted
    ]
    results = compare(contenders, CONTENDERS[LIMIT], arguments.rounds)
    for fact in COMPARED:
        stated = {str(one.facts[fact]) for one in results if fact in one.facts}
        if len(stated) > 1:
            sys.exit(f"the contenders do not agree about {fact}: {sorted(stated)}")
    print(
        "written to",
        report(f"transform_{arguments.source}", results, {"lines": arguments.lines}),
    )


def _command(name: str, arguments: argparse.Namespace) -> list[str]:
    python = str(BENCHMARK_PYTHON) if name in OTHER_ENVIRONMENT else sys.executable
    return [
        python,
        "-m",
        "benchmarks.transformers",
        name,
        arguments.source,
        str(arguments.lines),
    ]


if __name__ == "__main__":
    main()
