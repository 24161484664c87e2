"""Compare programs fairly on a machine that is doing other things as well.

Every run is a subprocess. It does its own untimed set-up (imports, connections) and times its work with
`measured()`, which prints the result as the last line; peak memory is the subprocess's maximum resident set.
Rounds are interleaved (A B C, B C A, …) and each is compared with the limit's run of the *same* round, so a
noisy neighbour slows a whole round and not one contender. Reported are medians.

    contenders = [Contender("limit", [...]), Contender("pipeline", [...])]
    results = compare(contenders, limit="limit", rounds=5)
    report("extract", results, {"lines": 2_000_000})

"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / ".bench"
BENCHMARK_PYTHON = RESULTS / "venv" / "bin" / "python"
DOCUMENT = REPOSITORY / "docs" / "PERFORMANCE.md"

ENVIRONMENT = {
    "AIRFLOW_HOME": str(RESULTS / "airflow"),
    "PYTHONPATH": "plugins:.",
    "CUSTOMER_HASH_KEY": "only-for-measuring-only-for-measuring",
    "SHOP_TIMEZONE": "America/New_York",
}
"""The pipeline's settings in each contender; its own come on top."""


@dataclass(frozen=True)
class Contender:
    """A program to measure; its last line of output is `measured`'s."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """One contender's medians; `ratio`: seconds against the limit's in the same round, 0 without a limit."""

    name: str
    seconds: float
    ratio: float
    peak_mb: float
    facts: Mapping[str, Any]
    runs: Sequence[float]


def option_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser for a benchmark's options, whose help begins with `description`."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def module_command(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module with arguments."""
    return [sys.executable, "-m", module, *map(str, arguments)]


@contextmanager
def measured() -> Iterator[dict[str, Any]]:
    """Time the block and print the result for the runner; put counts to be shown into the dict it gives. The
    fact `processor` is the processor time of all threads, in seconds."""
    facts: dict[str, Any] = {}
    begin, processor = time.perf_counter(), time.process_time()
    yield facts
    seconds, facts["processor"] = (
        time.perf_counter() - begin,
        time.process_time() - processor,
    )
    print(json.dumps({"seconds": seconds, "facts": facts}), flush=True)


def compare(
    contenders: Sequence[Contender],
    limit: str,
    rounds: int = 5,
    warm_up: bool = True,
) -> list[Result]:
    """Run every contender once per round, after a run of the limit that fills the caches.

    Raises:
        RuntimeError: a contender failed; the text ends with its output.
    """
    runs: dict[str, list[tuple[float, float, dict[str, Any]]]] = {
        one.name: [] for one in contenders
    }
    if warm_up:
        [warming] = [one for one in contenders if one.name == limit]
        _run_and_print(warming, "warm-up")
    for number in range(rounds):
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            run = _run_and_print(contender, f"round {number + 1}/{rounds}")
            runs[contender.name].append(run)
    results = []
    for name, of_contender in runs.items():
        seconds = []
        ratios = []
        peaks = []
        for run, limit_run in zip(of_contender, runs[limit], strict=True):
            seconds.append(run[0])
            ratios.append(run[0] / limit_run[0])
            peaks.append(run[1])
        result = Result(
            name=name,
            seconds=statistics.median(seconds),
            ratio=statistics.median(ratios),
            peak_mb=statistics.median(peaks),
            facts=of_contender[-1][2],
            runs=[round(each, 3) for each in seconds],
        )
        results.append(result)
    return results


def report(
    benchmark: str, results: Sequence[Result], parameters: Mapping[str, Any]
) -> Path:
    """Print the table and write `.bench/<benchmark>.json`; returns that path."""
    print(
        f"\n{benchmark}: {', '.join(f'{name} {value}' for name, value in parameters.items())}\n"
    )
    print(
        f"| {'':<28} | x limit | seconds | peak MB |\n|{'-' * 30}|--------:|--------:|--------:|"
    )
    for one in results:
        print(
            f"| {one.name:<28} | {one.ratio:7.2f} | {one.seconds:7.2f} | {one.peak_mb:7.0f} |"
        )
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{benchmark}.json"
    document = {
        "benchmark": benchmark,
        "parameters": dict(parameters),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "results": [asdict(one) for one in results],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def publish(name: str, tables: str) -> None:
    """Replace what is between the marks of `name` in docs/PERFORMANCE.md."""
    before, _, after = _parts(name)
    DOCUMENT.write_text(f"{before}\n{tables}\n{after}", encoding="utf-8")


def published(name: str) -> str:
    """Return what is between the marks of `name` in docs/PERFORMANCE.md."""
    return _parts(name)[1]


def _parts(name: str) -> tuple[str, str, str]:
    """The document until the mark of `name`, between the marks, and from the second on."""
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
    start, stop = text.index(begin) + len(begin), text.index(end)
    return text[:start], text[start:stop], text[stop:]


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[int]:
    """Run a server as a process of its own; give the port that it prints first."""
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


def _run_and_print(
    contender: Contender, label: str
) -> tuple[float, float, dict[str, Any]]:
    """Run a contender, print its seconds and memory, and return them with its facts."""
    run = run_once(contender)
    seconds, peak_mb, _ = run
    print(
        f"{label}: {contender.name:<28} {seconds:7.2f} s {peak_mb:6.0f} MB",
        file=sys.stderr,
    )
    return run


def run_once(contender: Contender) -> tuple[float, float, dict[str, Any]]:
    """Seconds, peak megabytes and facts of one run."""
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
    _, status, usage = os.wait4(
        process.pid, 0
    )  # the only call that returns the peak memory of one child
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(
            f"{contender.name} failed with {process.returncode}:\n{output[-3000:]}"
        )
    answer = json.loads(output.strip().splitlines()[-1])
    unit = (
        1024**2 if sys.platform == "darwin" else 1024
    )  # ru_maxrss: bytes on macOS, kilobytes elsewhere
    return answer["seconds"], usage.ru_maxrss / unit, answer["facts"]
