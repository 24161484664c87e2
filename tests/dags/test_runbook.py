"""The tasks and commands that the runbook names exist, and each failure mail has a row."""

import re

import pytest

from ecommerce.core import names
from ecommerce.core.parts import exists
from ecommerce.sources import SOURCES
from tests.dags.conftest import DAG_FILES, REPOSITORY

RUNBOOK = (REPOSITORY / "docs" / "RUNBOOK.md").read_text()
MAKEFILE = (REPOSITORY / "Makefile").read_text()
REMOVED = {each for name, each in vars(names).items() if name.startswith("DAG_")}
REMOVED -= {path.stem for path in DAG_FILES}
"""The DAGs of a part that a shop has removed (docs/RECIPES.md)."""


@pytest.fixture(scope="module")
def tasks(dag_bag):
    """Every task by `dag.group.task`."""
    return {
        f"{dag.dag_id}.{task.task_id}": task
        for dag in dag_bag.dags.values()
        for task in dag.tasks
    }


def pattern_of(name: str) -> str:
    """The pattern of a name in the runbook: `*` for any rest, `X` for any source."""
    pattern = re.escape(name).replace(r"\*", r"[\w.]+")
    return re.sub(r"\bX$", f"(?:{'|'.join(SOURCES)})", pattern)


def test_every_task_that_is_named_exists(tasks):
    named = set(re.findall(r"`(\w+(?:\.[\w*]+)+)`", RUNBOOK))
    named = {name for name in named if name.partition(".")[0] not in REMOVED}
    if not exists("forecast"):
        named -= {"report_watch.week_complete"}
    assert len(named) > 10
    for name in named:
        pattern = re.compile(rf"(?:^|\.){pattern_of(name)}$")
        assert any(pattern.search(task) for task in tasks), name


def test_every_task_whose_failure_is_mailed_has_a_row(tasks):
    mailed = [name for name, task in tasks.items() if task.on_failure_callback]
    assert len(mailed) > 40
    mails = RUNBOOK.partition("\n## Mails\n")[2].partition("\n## ")[0]
    rows = "".join(re.findall(r"^\| ([^|]+)\|", mails, re.MULTILINE))
    named = "|".join(map(pattern_of, re.findall(r"`([^`]+)`", rows)))
    assert [name for name in mailed if not re.fullmatch(named, name)] == []


def test_every_command_exists_with_its_arguments():
    commands = set(re.findall(r"`make ([a-z-]+[^`\"…|]*)", RUNBOOK))
    assert len(commands) >= 5
    for command in commands:
        target, *arguments = command.split()
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
        assert recipe, f"the Makefile has no target {target}"
        for argument in arguments:
            assert f"$({argument.partition('=')[0]})" in recipe[0]
