"""Every recipe of docs/RECIPES.md fits the files it names; tests/integration/test_recipes.py runs them."""

import compileall

import pytest

from tests.recipes import RECIPES, copy_repository, steps


@pytest.mark.parametrize(
    "recipe",
    [
        *("A column of your own", "Another schema", "A typed column", "A partner with another layout"),
        *("A source", "An API source", "Retries of one source", "A figure", "A DAG"),
    ],
)
def test_a_recipe_can_be_carried_out(recipe, tmp_path):
    copy = copy_repository(tmp_path / "copy")
    found = steps(recipe)
    assert found
    for step in found:
        step.carry_out(copy)
    assert compileall.compile_dir(copy / "plugins", quiet=1)
    assert compileall.compile_dir(copy / "dags", quiet=1)


def test_readme_and_recipes_name_each_other():
    readme = (RECIPES.parents[1] / "README.md").read_text()
    for anchor in (
        "another-schema",
        "a-typed-column",
        "a-partner-with-another-layout",
        "a-source",
        "an-api-source",
        "retries-of-one-source",
        "a-figure",
        "a-dag",
        "remove-a-part",
    ):
        assert f"docs/RECIPES.md#{anchor}" in readme
