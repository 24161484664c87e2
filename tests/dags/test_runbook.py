"""What the runbook tells people to type and to look for exists under that name."""

import re

import pytest

from ecommerce.core import names
from ecommerce.core.parts import exists
from ecommerce.sources import SOURCES
from tests.dags.conftest import DAG_FILES, REPOSITORY

RUNBOOK = (REPOSITORY / "docs" / "RUNBOOK.md").read_text()
MAKEFILE = (REPOSITORY / "Makefile").read_text()
CODE = sorted(set(re.findall(r"`([^`]+)`", RUNBOOK)))
REMOVED = {each for name, each in vars(names).items() if name.startswith("DAG_")}
REMOVED -= {path.stem for path in DAG_FILES}
"""The DAGs of a part that a shop has removed (docs/RECIPES.md)."""
TASKS = [text for text in CODE if re.fullmatch(r"\w+(?:\.[\w*]+)+", text)]
TASKS = [
    task
    for task in TASKS
    if task.partition(".")[0] not in REMOVED
    and (exists("forecast") or task != "report_watch.week_complete")
]
COMMANDS = sorted(set(re.findall(r"make [a-z-]+[^`\"…|]*", RUNBOOK)))


@pytest.fixture(scope="module")
def task_ids(dag_bag):
    """Every task as `dag.group.task`."""
    return {
        f"{dag.dag_id}.{task_id}"
        for dag in dag_bag.dags.values()
        for task_id in dag.task_ids
    }


def test_there_is_something_to_look_at():
    assert len(TASKS) > 10
    assert len(COMMANDS) >= 5


def pattern_of(name):
    """The pattern of a name in the runbook: `*` for any rest, `X` for any source."""
    pattern = re.escape(name).replace(r"\*", r"[\w.]+")
    return re.sub(r"\bX$", f"(?:{'|'.join(SOURCES)})", pattern)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_exists(name, task_ids):
    assert [
        task for task in task_ids if re.search(rf"(?:^|\.){pattern_of(name)}$", task)
    ]


def test_every_task_whose_failure_is_mailed_has_a_row(dag_bag):
    mailed = {
        f"{dag.dag_id}.{task.task_id}"
        for dag in dag_bag.dags.values()
        for task in dag.tasks
        if task.on_failure_callback
    }
    assert len(mailed) > 40
    mails = RUNBOOK.partition("\n## Mails\n")[2].partition("\n## ")[0]
    rows = "".join(re.findall(r"^\| ([^|]+)\|", mails, re.MULTILINE))
    named = "|".join(map(pattern_of, re.findall(r"`([^`]+)`", rows)))
    without = [task for task in sorted(mailed) if not re.fullmatch(named, task)]
    assert not without, without


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists_with_its_arguments(command):
    target, *arguments = command.removeprefix("make ").split()
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    assert recipe, f"the Makefile has no target {target}"
    for argument in arguments:
        assert f"$({argument.partition('=')[0]})" in recipe[0]
