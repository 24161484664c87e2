"""A disk that is full while staging is written: no task may write a file beyond a limit."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from demo.ledger import Ledger
from tests.integration.daily_run import morning_after

REPOSITORY = Path(__file__).resolve().parents[2]
DAY = date(2026, 9, 1)
SAYS = {
    "extract sales_db": r"\w+\.parquet could not be written: ",
    "extract": r"folder file://\S+/cramped/SOURCE could not be written: ",
    "transform": r"SOURCE: \w+\.sql: IO Error: ",
}
PROGRAM = """
import json, resource, sys
from datetime import date
from ecommerce.storage import staging
from ecommerce.sales.transform import transform
from tests.integration.daily_run import extract, sources_on

day, said = date.fromisoformat(sys.argv[1]), {}
raw = [extract(source, day, "spacious") for source in sources_on()]
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
for number, source in enumerate(sources_on()):
    for step, work in (
        ("extract", lambda: extract(source, day, "cramped")),
        ("transform", lambda: transform(raw[number], run_id="cramped")),
    ):
        try:
            said[f"{step} {source}"] = f"no error, {work().bytes} bytes"
        except Exception as error:
            said[f"{step} {source}"] = f"{type(error).__name__}: {error}"
json.dump(said, sys.stdout)
"""


@pytest.mark.slow
def test_a_full_disk_is_said_in_one_sentence_and_leaves_nothing_half_written(
    start_company,
):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    # Pipes have no limit; a log in a file would.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, DAY.isoformat()],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["plugins", "."])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said) == 10
    for step, text in said.items():
        task, source = step.split()
        sentence = SAYS.get(step) or SAYS[task]
        assert re.fullmatch(
            f"StagingError: {sentence}.*File too large.*",
            text.replace(source, "SOURCE"),
        ), step
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://"))
    runs = {
        run.name: run for run in (staging / "daily_sales_pipeline" / str(DAY)).iterdir()
    }
    assert list(runs["cramped"].iterdir()) == []
    assert len(list(runs["spacious"].glob("*/manifest.json"))) == 5
    assert not list(staging.rglob("*.partial"))
