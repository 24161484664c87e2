"""Every recipe of docs/RECIPES.md fits the files it names; tests/integration/test_recipes.py runs them."""

import compileall
import re
from pathlib import Path

import pytest

from tests.recipes import RECIPES, REPOSITORY, copy_repository, parts, steps


@pytest.mark.parametrize(
    "recipe",
    [
        *(
            "A column of your own",
            "Another schema",
            "A typed column",
            "A partner with another layout",
        ),
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


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("part", ["nothing", *parts()])
def test_no_link_of_a_document_is_dead_after_a_part_is_removed(part):
    removed = [REPOSITORY / path for path in parts().get(part, [])]
    documents = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    links = 0
    dead = []
    for document in documents:
        if document in removed:
            continue
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
            path, _, anchor = link.partition("#")
            if "://" in link:
                continue
            target = (document.parent / path).resolve() if path else document
            links += 1
            is_removed = any(target.is_relative_to(folder) for folder in removed)
            if (
                is_removed
                or not target.exists()
                or (anchor and anchor not in anchors(target))
            ):
                dead.append(f"{document.name}: {link}")
    assert links > 100
    assert dead == []


def test_the_recipe_makes_the_folder_of_its_layout():
    section = RECIPES.read_text().partition("## A partner with another layout")[2]
    assert not (REPOSITORY / "include" / "partners").exists()
    assert (
        "mkdir -p include/partners"
        in section.partition("include/partners/globex.yaml")[0]
    )


def test_every_sql_block_of_the_readme_is_one_statement():
    """`make query` refuses several."""
    blocks = re.findall(
        r"^```sql\n(.+?)^```$", (REPOSITORY / "README.md").read_text(), re.M | re.S
    )
    assert blocks
    assert [block.count(";") for block in blocks] == [1] * len(blocks)


def test_sample_queries_exclude_the_day_that_is_not_over():
    samples = (
        (REPOSITORY / "docs" / "QUERIES.md")
        .read_text()
        .partition("## Tables and columns")[0]
    )
    for block in re.findall(r"^```sql\n(.+?)^```$", samples, re.M | re.S):
        assert "_date < CURRENT_DATE()" in block, block


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
