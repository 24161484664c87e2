"""Compare programs fairly on a machine that is doing other things as well.

Each run is a subprocess. It does its own untimed set-up (imports, connections) and times its work with
`measured()`, which prints the result as the last line. Peak memory is the subprocess's maximum resident set.
Rounds are interleaved (A B C, B C A, …) and each run is compared with the limit's run of the *same* round, so
a noisy neighbour slows a whole round and not one contender. The table has medians.

    results = compare([Contender("limit", […]), Contender("pipeline", […])], rounds=5)
    report("extract", results, {"lines": 2_000_000})

"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / ".bench"
ENVIRONMENT = {
    "AIRFLOW_HOME": str(RESULTS / "airflow"),
    "PYTHONPATH": "plugins:.",
    "CUSTOMER_HASH_KEY": "only-for-measuring-only-for-measuring",
    "SHOP_TIMEZONE": "America/New_York",
}
"""The pipeline's settings in each contender, which adds its own."""


@dataclass(frozen=True)
class Contender:
    """A program to measure; its last line of output is `measured`'s."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One run of a contender."""

    seconds: float
    peak_mb: float
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """A line of a table. `ratio` divides the seconds by the limit's of the same round; 0 means unknown."""

    name: str
    seconds: float
    ratio: float = 0
    peak_mb: float = 0
    rows: int = 0


def read_options(description: str | None, **defaults: int) -> argparse.Namespace:
    """Return the options of the command line, each a number; their help begins with `description`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in defaults.items():
        parser.add_argument(
            f"--{name}",
            type=int,
            default=default,
        )
    return parser.parse_args()


def module_command(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module with arguments."""
    return [
        sys.executable,
        "-m",
        module,
        *map(str, arguments),
    ]


def run_program(
    programs: Mapping[str, Callable[[int], None]], main: Callable[[], None]
) -> None:
    """Run the program that the command line names, with the size after it, or else `main`."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in programs:
        programs[arguments[0]](int(arguments[1]))
    else:
        main()


@contextmanager
def measured() -> Iterator[dict[str, Any]]:
    """Time the block and print the result for the runner, with the facts put into the dict it yields."""
    facts: dict[str, Any] = {}
    begin = time.perf_counter()
    yield facts
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "facts": facts}), flush=True)


def prepare(module: str, size: int) -> None:
    """Run the program `prepare` of a module in a process of its own.

    A child's peak memory begins with its parent's.
    """
    command = module_command(module, "prepare", size)
    subprocess.run(
        command,
        check=True,
        cwd=REPOSITORY,
        env=os.environ | ENVIRONMENT,
    )


def compare_programs(
    module: str,
    size: int,
    rounds: int,
    environment: Mapping[str, str] | None = None,
    names: Sequence[str] = ("limit", "pipeline"),
) -> list[Result]:
    """Compare the programs of a module that have these names."""
    contenders = []
    for name in names:
        command = module_command(module, name, size)
        contenders.append(Contender(name, command, environment or {}))
    return compare(contenders, rounds)


def compare(contenders: Sequence[Contender], rounds: int) -> list[Result]:
    """Run every contender once per round. The first one is the limit; its warm-up fills the caches.

    Raises:
        RuntimeError: a contender failed; the text ends with its output.
    """
    limit = contenders[0]
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    run_once(limit)
    for number in range(rounds):
        first = number % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            runs[contender.name].append(run_once(contender))
    results = []
    for name, of_contender in runs.items():
        results.append(_median(name, of_contender, runs[limit.name]))
    return results


def _median(name: str, runs: Sequence[Run], of_limit: Sequence[Run]) -> Result:
    ratios = []
    for run, limit in zip(runs, of_limit, strict=True):
        ratios.append(run.seconds / limit.seconds)
    return Result(
        name,
        seconds=statistics.median(run.seconds for run in runs),
        ratio=statistics.median(ratios),
        peak_mb=statistics.median(run.peak_mb for run in runs),
        rows=runs[-1].facts.get("rows", 0),
    )


def report(title: str, results: Sequence[Result], sizes: Mapping[str, int]) -> None:
    """Print the results as a table in Markdown."""
    stated = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
    print(f"\n{title} ({stated}; {os.cpu_count()} cores):\n")
    print("| | × limit | seconds | rows a second | peak MB |")
    print("|---|---:|---:|---:|---:|")
    for result in results:
        ratio = f"{result.ratio:.2f}" if result.ratio else ""
        speed = f"{result.rows / result.seconds:,.0f}" if result.rows else ""
        peak = f"{result.peak_mb:.0f}" if result.peak_mb else ""
        print(f"| {result.name} | {ratio} | {result.seconds:.2f} | {speed} | {peak} |")


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[int]:
    """Run a server as a process of its own; yield the port that it prints first."""
    with subprocess.Popen(
        module_command(module, *arguments),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def run_once(contender: Contender) -> Run:
    """Run a contender, and print its seconds and memory."""
    process = subprocess.Popen(
        list(contender.command),
        env=os.environ | ENVIRONMENT | dict(contender.environment),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    # The only call that returns the peak memory of one child.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = output[-3000:]
        raise RuntimeError(f"{contender.name} failed:\n{end}")
    answer = json.loads(output.strip().splitlines()[-1])
    # Bytes on macOS, kilobytes elsewhere.
    unit = 1024**2 if sys.platform == "darwin" else 1024
    peak_mb = usage.ru_maxrss / unit
    run = Run(answer["seconds"], peak_mb, answer["facts"])
    print(f"{contender.name}: {run.seconds:.2f} s {peak_mb:.0f} MB", file=sys.stderr)
    return run
