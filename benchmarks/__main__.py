"""Run the benchmarks, and write their table with its goals into docs/PERFORMANCE.md.

    python -m benchmarks                                # all but `workers` and `large_day`
    python -m benchmarks storefront events              # these; the others' rows stay as last measured
    python -m benchmarks workers                        # has a table of its own
    python -m benchmarks extract --lines 10000000       # options of one: `python -m benchmarks.extract -h`

Each one runs as a process of its own and leaves `.bench/<name>.json`, from which the table is made.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.runner import REPOSITORY, RESULTS, publish, published

SIZES = {
    "extract": "--lines 1000000 --days 5 --rounds 2",
    "transform": "--lines 1000000 --rounds 3",
    "storefront": "--rounds 3",
    "partner_csv": "--rounds 3",
    "events": "--events 2000000 --rounds 3",
    "history": "--lines 1000000 --files 8 --months 12",
    "common_way": "--days 5 --rounds 1",
    "overhead": "--rounds 3",
}
"""The default arguments of each benchmark."""
ON_REQUEST = {"workers": "--days 30", "large_day": "--lines 10000000"}
"""The same for those that take long, and run only if named."""
GOALS = {
    ("extract", "pipeline"): "≤ 1.1, ≤ 300 MB",
    ("transform_sales_db", "pipeline"): "≤ 2.0, ≤ 450 MB",
    ("storefront", "pipeline"): "≤ 1.18",
    ("partner_csv", "pipeline"): "≤ 1.3",
    ("events_extract", "pipeline"): "≤ 2.0",
    ("events_transform", "pipeline"): "≤ 2.2",
    ("history", "end to end"): "≥ 25,000 lines/s",
    ("common_way", "pipeline: load"): "≤ 8 s",
    ("common_way", "pipeline: all"): "≤ 0.20",
    ("overhead", "daily run"): "≤ 2.5",
    ("large_day", "make run"): "≤ 1,000 MB",
}


def main() -> None:
    sizes = SIZES | ON_REQUEST
    names = [name for name in sys.argv[1:] if name in sizes]
    options = [argument for argument in sys.argv[1:] if argument not in sizes]
    if options and not names:
        names = ["extract", "transform"]
    # The files of a removed part are gone.
    for name in names or [
        name for name in SIZES if Path(__file__).with_name(f"{name}.py").exists()
    ]:
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        command += sizes[name].split()
        # The last of a repeated option counts.
        command += options
        subprocess.run(command, cwd=REPOSITORY, check=True)
    tables = updated(
        published("make bench"),
        map(json.loads, map(Path.read_text, RESULTS.glob("*.json"))),
    )
    publish("make bench", tables)
    print(tables)


def updated(tables: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """Return the published `tables`, each replaced by that of its benchmark's result where there is one."""
    known = {}
    for text in re.split(r"(?m)^(?=\*\*)", tables):
        known[text.partition(" (")[0]] = text.strip()
    titles = {name: _title(name) for name, _ in GOALS}
    for document in documents:
        if title := titles.get(document.get("benchmark", "")):
            known[title] = table(document).strip()
    return (
        "\n\n".join(known[title] for title in titles.values() if title in known) + "\n"
    )


def table(document: Mapping[str, Any]) -> str:
    """Return one benchmark's results as Markdown."""
    name, sizes = document["benchmark"], document["parameters"]
    made_on = datetime.fromisoformat(document["made_at"]).date()
    machine = f"{document['machine']['cores']} cores, {made_on}"
    lines = [
        f"{_title(name)} ({_sizes(sizes)}; {machine}):\n",
        "| | × limit | goal | seconds | rows a second | peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in document["results"]:
        ratio = f"{one['ratio']:.2f}" if one["ratio"] else ""
        rows = (
            f"{one['facts']['rows'] / one['seconds']:,.0f}"
            if one["facts"].get("rows")
            else ""
        )
        goal = GOALS.get((name, one["name"]), "")
        peak = f"{one['peak_mb']:.0f}" if one["peak_mb"] else ""
        lines.append(
            f"| {one['name']} | {ratio} | {goal} | {one['seconds']:.2f} | {rows} | {peak} |"
        )
    return "\n".join(lines) + "\n"


def _sizes(sizes: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in sizes.items()
        if value
    )


def _title(benchmark: str) -> str:
    return f"**{benchmark.replace('_', ' ').capitalize()}**"


if __name__ == "__main__":
    main()
