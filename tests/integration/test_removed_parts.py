"""Without the paths of a part (docs/RECIPES.md, Remove a part) the rest passes its tests and runs a day."""

import json
from datetime import date
from pathlib import Path

import pytest

from demo.ledger import Ledger
from tests.integration.airflow_process import copy as copy_home
from tests.integration.conftest import FULL_MATRIX
from tests.integration.daily_run import morning_after
from tests.integration.mailbox import open_mailbox
from tests.recipes import REPOSITORY, copy_without, in_copy, parts

pytestmark = pytest.mark.slow

DAY = date(2026, 9, 1)
PARTS = {
    part: paths for part, paths in parts().items() if (REPOSITORY / paths[0]).exists()
}
REFERRING = ("core.parts", "googlesql", "mail_samples", "DAG_")
"""What unit tests name that look for parts, or refer to one by name. Others are only collected."""


@pytest.fixture(params=PARTS)
def part(request):
    return request.param


@pytest.fixture
def copy(part, tmp_path):
    return copy_without(PARTS[part], tmp_path / "copy")


ALL_PARTS = [path for paths in PARTS.values() for path in paths]
REMOVED = {"all": ALL_PARTS} | (PARTS if FULL_MATRIX else {})


@pytest.mark.parametrize("removed", REMOVED)
def test_the_rest_passes_its_tests(removed, tmp_path):
    """Without all parts at once; with KILL_MATRIX=full also without each of them."""
    copy = copy_without(REMOVED[removed], tmp_path / "copy")
    files = (copy / "tests" / "unit").rglob("test_*.py")
    referring = [
        path.name
        for path in files
        if any(each in path.read_text() for each in REFERRING)
    ]
    assert referring
    selected = " or ".join(["dags", *referring])
    in_copy(
        copy, "-m", "pytest", "-q", "-x", "tests/dags", "tests/unit", "-k", selected
    )


def test_a_day_runs_and_its_report_is_mailed(
    copy, start_company, migrated_airflow, tmp_path
):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=5).as_of(morning_after(DAY)))
    own = copy_home(migrated_airflow, tmp_path / "airflow", {}).own()
    code = {
        f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(copy / name)
        for name in ("dags", "plugins")
    }
    code["PYTHONPATH"] = str(copy / "plugins")
    conf = json.dumps({"business_date": str(DAY), "send_mail": True})
    with open_mailbox(tmp_path / "mail") as mailbox:
        in_copy(
            copy,
            *("-m", "airflow", "dags", "test", "daily_sales_pipeline", "-c", conf),
            **own | company.environment | mailbox.environment() | code,
        )
        assert [mail["X-Sales-Mail"] for mail in mailbox.messages()] == ["report"]


def test_every_path_exists(part):
    assert not [path for path in PARTS[part] if not Path(REPOSITORY, path).exists()]
