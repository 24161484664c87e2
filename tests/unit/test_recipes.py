"""The recipes of docs/RECIPES.md fit the files they name; tests/integration/test_recipes.py runs them."""

import shutil
from itertools import chain

import pytest

from tests.recipes import REPOSITORY, copy_repository, in_copy, steps

RECIPES = (
    "A column of your own",
    "Another schema",
    "A typed column",
    "A marketplace in ten minutes",
    "A partner with another layout",
    "A source",
    "An API source",
    "Retries of one source",
    "A figure",
    "A section",
    "A check",
    "A DAG",
    "Ad spend",
)
PRINT_SOURCES = """
from ecommerce.sources import live_sources
for source in live_sources().values():
    print(source.name, type(source).__name__, source.platform.retries)
import ecommerce.assortment.tasks
"""


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_can_be_carried_out(recipe, tmp_path):
    recipe_steps = steps(recipe)
    assert recipe_steps
    for step in recipe_steps:
        file = tmp_path / step.path
        original = REPOSITORY / step.path
        if original.exists() and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(original, file)
        step.carry_out(tmp_path)
    for file in tmp_path.rglob("*.py"):
        compile(file.read_text(), file, "exec")


def test_sources_and_tasks_of_the_recipes_can_be_imported(tmp_path):
    recipes = ("A source", "An API source", "Retries of one source", "A DAG")
    shutil.copytree(REPOSITORY / "plugins", tmp_path / "plugins")
    for step in chain.from_iterable(map(steps, recipes)):
        if step.path.startswith("plugins/"):
            step.carry_out(tmp_path)
    printed = in_copy(tmp_path, "-c", PRINT_SOURCES).splitlines()
    assert printed[-1] == "exchange_rates Source 5"
    assert {"till Source 5", "agora Source 5", "storefront Source 8"} <= {*printed}


@pytest.mark.slow
def test_a_figure_and_a_section_leave_the_tests_of_reports_green(tmp_path):
    copy = copy_repository(tmp_path / "copy")
    tests = ("tests/unit/sales/report", "tests/unit/pages")
    for recipe, options in (("A figure", ()), ("A section", ("--snapshot-update",))):
        for step in steps(recipe):
            step.carry_out(copy)
        in_copy(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests)
