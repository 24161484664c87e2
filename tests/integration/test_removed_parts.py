"""Without every part (docs/RECIPES.md, Remove a part) the rest passes its tests and runs a day."""

import json
import subprocess
from datetime import date

import pytest

from demo.ledger import Ledger
from tests.integration.airflow_process import code_in
from tests.integration.airflow_process import copy as copy_home
from tests.integration.daily_run import morning_after
from tests.integration.mailbox import open_mailbox
from tests.recipes import copy_repository, in_copy, removals
from tests.rows import column_of

pytestmark = pytest.mark.nightly

DAY = date(2026, 9, 1)
REFERRING = ("googlesql", "mail_samples", "DAG_")
"""What unit tests name that look for parts, or refer to one by name. Others are only collected."""


@pytest.fixture
def copy(tmp_path):
    """A copy without all parts at once."""
    target = copy_repository(tmp_path / "copy")
    commit = "git init -q && git add -A && git -c user.name=me -c user.email=me commit -qm all"
    for commands in (commit, *removals()):
        subprocess.run(
            ["bash", "-ec", commands],
            cwd=target,
            check=True,
        )
    return target


def test_the_rest_passes_its_tests(copy):
    files = (copy / "tests" / "unit").rglob("test_*.py")
    names = [path.name for path in files if is_referring(path)]
    assert names
    # Without the forecast, report_watch has one task less than the reviewed one; the documents stay.
    named = " or ".join(["dags", *names])
    selected = f"({named}) and not reviewed[report_watch] and not runbook"
    tests = ("tests/dags", "tests/unit", "-k", selected)
    in_copy(
        copy,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *tests,
    )


def is_referring(path):
    text = path.read_text()
    return any(each in text for each in REFERRING)


def test_a_day_runs_and_its_report_is_mailed(
    copy, start_company, migrated_airflow, tmp_path
):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=5).as_of(morning_after(DAY)))
    own = copy_home(migrated_airflow, tmp_path / "airflow", {}).own()
    conf = json.dumps({"business_date": str(DAY), "send_mail": True})
    test = ("-m", "airflow", "dags", "test", "daily_sales_pipeline", "-c", conf)
    with open_mailbox(tmp_path / "mail") as mailbox:
        environment = company.environment | mailbox.environment()
        in_copy(
            copy,
            *test,
            **own | environment | code_in(copy),
        )
        assert column_of(mailbox.messages(), "X-Sales-Mail") == ["report"]
