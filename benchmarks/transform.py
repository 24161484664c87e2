"""How fast one business day is transformed: the pipeline's SQL against a plain copy, Polars and pandas.

    python -m benchmarks.transform                          # 2 million typed lines of the sales database
    python -m benchmarks.transform --source partner_files   # as text, with repetitions and bad lines
    python -m benchmarks.transform --lines 200000 --rounds 3# smaller

The limit reads the files that the pipeline wrote and writes them again, with DuckDB under the same memory
limit. Polars and pandas make the same orders and lines (checked: same counts and amount), hash the same
customers, and leave out what else the pipeline does (text checks, rejected rows, refunds, accounting).
They need the environment `.bench/venv` (see requirements.txt in this folder).
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
    "polars": "Polars",
    "pandas": "pandas",
}
OTHER_ENVIRONMENT = ("polars", "pandas")


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
    if not BENCHMARK_PYTHON.exists() or arguments.source != "sales_db":
        wanted = [name for name in wanted if name not in OTHER_ENVIRONMENT]
    # In a process of its own: a child's peak memory begins with its parent's.
    subprocess.run(_command("make_day", arguments), check=True, cwd=REPOSITORY)
    contenders = [
        Contender(CONTENDERS[name], _command(name, arguments)) for name in wanted
    ]
    results = compare(contenders, CONTENDERS[LIMIT], arguments.rounds)
    amounts = {str(one.facts.get("amount")) for one in results if "amount" in one.facts}
    if len(amounts) > 1:
        sys.exit(f"the contenders do not agree about the amount: {sorted(amounts)}")
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
