"""The benchmark runner compares each run with the limit's of the same round, and hides no failure."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import runner
from benchmarks.runner import Contender, compare, report

pytestmark = pytest.mark.slow


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def reporting(name: str, log: Path, seconds: str, megabytes: int = 0) -> Contender:
    """A contender that says it took `seconds`, an expression of the number `n` of its runs so far."""
    return Contender(
        name,
        program(
            f"import json; log = open({str(log)!r}, 'a+'); log.seek(0); "
            f"n = log.read().split().count({name!r}); log.write({name!r} + ' '); "
            f"memory = bytearray({megabytes} * 1024**2); memory[::4096] = memory[::4096]; "
            f"print(json.dumps({{'seconds': {seconds}, 'facts': {{'n': n}}}}))"
        ),
    )


def test_ratios_are_of_the_same_round_and_rounds_take_turns(tmp_path: Path) -> None:
    log = tmp_path / "log"
    # The machine is ten times slower in the second round; the ratio does not show it.
    limit = reporting("limit", log, "[9, 1, 10, 2][n]")
    other = reporting("other", log, "[9, 3, 30, 5][n]", megabytes=200)
    one, two = compare([limit, other], "limit", rounds=3)
    assert (one.name, one.seconds, one.ratio, one.runs) == ("limit", 2, 1, [1, 10, 2])
    assert (two.name, two.seconds, two.ratio, two.facts) == ("other", 5, 3, {"n": 3})
    assert log.read_text().split() == [
        "limit",
        "other",
        "limit",
        "other",
        "other",
        "limit",
        "limit",
        "other",
    ]


def test_peak_memory_is_the_contenders_own(tmp_path: Path) -> None:
    # In a process of its own: Linux takes the memory of a big parent, as pytest may be, for its child's peak.
    text = f"""
from pathlib import Path
from benchmarks.runner import compare
from tests.unit.test_benchmark_runner import reporting
log = Path({str(tmp_path / "log")!r})
small, big = reporting("small", log, "1"), reporting("big", log, "1", megabytes=200)
one, two = compare([small, big], "small", rounds=1)
assert two.peak_mb > one.peak_mb + 150, (one, two)
"""
    environment = os.environ | {"PYTHONPATH": str(runner.REPOSITORY)}
    subprocess.run(
        [sys.executable, "-c", text], check=True, env=environment, cwd=tmp_path
    )


def test_tables_are_published_between_their_own_marks(
    tmp_path: Path, monkeypatch
) -> None:
    document = tmp_path / "document.md"
    monkeypatch.setattr(runner, "DOCUMENT", document)
    marks = "<!-- begin: {0} -->\n{1}<!-- end: {0} -->\n"
    document.write_text(
        marks.format("make bench", "old\n") + marks.format("make bench workers", "")
    )
    runner.publish("make bench workers", "| new |\n")
    runner.publish("make bench", r"| \1 |")
    expected = [("make bench", "\n| \\1 |\n"), ("make bench workers", "\n| new |\n\n")]
    assert document.read_text() == "".join(marks.format(*each) for each in expected)


def test_a_benchmark_that_did_not_run_keeps_its_published_table() -> None:
    from benchmarks.__main__ import table, updated

    def document(name: str, seconds: float) -> dict[str, Any]:
        result = {
            "name": "pipeline",
            "ratio": 0,
            "seconds": seconds,
            "peak_mb": 0,
            "facts": {},
        }
        more = {
            "parameters": {},
            "made_at": "2026-11-24T10:00:00",
            "machine": {"cores": 2},
        }
        return {"benchmark": name, "results": [result], **more}

    before = [document(name, 1.0) for name in ("large_day", "extract", "storefront")]
    tables = updated("", [*before, document("history_of_no_goal", 1.0)])
    assert tables == "\n".join(map(table, [before[1], before[2], before[0]]))
    after = document("storefront", 2.0)
    assert updated(tables, [after]) == tables.replace(table(before[2]), table(after))


def test_a_tables_checksum_depends_on_its_rows_but_not_on_their_order() -> None:
    from benchmarks.workers import (
        checksum,
    )  # not above, because it would make the process of a test big

    rows = [{"order_id": "1", "amount": 2}, {"order_id": "2", "amount": 1}]
    assert checksum(rows) == checksum(
        [dict(reversed(row.items())) for row in reversed(rows)]
    )
    assert checksum(rows) != checksum(
        [{"order_id": "1", "amount": 1}, {"order_id": "2", "amount": 2}]
    )


def test_a_contender_that_fails_is_not_a_result() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)^broken failed with 3:\n.*why"):
        compare(
            [Contender("broken", program("print('why'); raise SystemExit(3)"))],
            "broken",
        )


def test_the_report_is_a_table_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "results")
    timed = "from benchmarks.runner import measured\nwith measured() as facts: facts['rows'] = 7"
    environment = {"PYTHONPATH": str(runner.REPOSITORY)}
    results = compare(
        [Contender("a", program(timed), environment)], "a", rounds=2, warm_up=False
    )
    document = json.loads(report("name", results, {"lines": 5}).read_text())
    facts = document["results"][0]["facts"]
    assert (document["parameters"], facts["rows"], set(facts)) == (
        {"lines": 5},
        7,
        {"rows", "processor"},
    )
    assert "| a                            |    1.00 |" in capsys.readouterr().out
