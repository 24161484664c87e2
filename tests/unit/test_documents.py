"""The documents: their links work, the files and tests that they name exist, and no line is too long."""

import re

import pytest

from tests.recipes import REPOSITORY, removals

FOLDERS = ("demo", "deploy", "docs", "include/sql", "tests")
DOCUMENTS = [*REPOSITORY.glob("*.md")]
for folder in FOLDERS:
    DOCUMENTS += (REPOSITORY / folder).rglob("*.md")
DOCUMENTS.sort()
LONGEST_LINE = 120
MADE_BY_USERS = {"include/targets"}
CODE = re.compile(r"(?ms)^ *```.*?^ *```$|`[^`\n]+`")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def name_of(document):
    return str(document.relative_to(REPOSITORY))


each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


def links(document):
    """The targets of a document's links to files, inline or in its list of references."""
    text = CODE.sub("", document.read_text())
    inline = re.findall(r"\]\(([^)\s]+)\)", text)
    references = re.findall(r"(?m)^\[[^\]]+\]: (\S+)$", text)
    return [link for link in inline + references if "://" not in link]


def anchors(document):
    """The names that GitHub gives to a document's headings: a heading that repeats another gets a number."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", document.read_text())
    names = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"(?m)^#+ (.+)$", text):
        words = re.sub(r"\]\([^)]*\)|[^\w\s-]", "", heading.lower().strip())
        first = words.replace(" ", "-")
        name = first
        number = 0
        while name in names:
            number += 1
            name = f"{first}-{number}"
        names.add(name)
    return names


@each_document
def test_every_link_and_its_anchor_work(document):
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_there_are_links():
    assert sum(len(links(document)) for document in DOCUMENTS) > 100


def test_a_heading_has_the_anchor_of_github(tmp_path):
    document = tmp_path / "made.md"
    document.write_text("# `a_b`: x, (y) / 1.2\n```\n# code\n```\n## Twice\n## Twice\n")
    assert anchors(document) == {"a_b-x-y--12", "twice", "twice-1"}


def test_no_link_is_dead_after_a_part_is_removed():
    commands = " ".join(removals())
    removed = [REPOSITORY / path for path in re.findall(r"(\S+/\S+) ", commands)]
    assert removed
    for document in DOCUMENTS:
        for link in links(document):
            target = (document.parent / link.partition("#")[0]).resolve()
            for folder in removed:
                assert not target.is_relative_to(folder), (document.name, link)


def test_files_that_a_document_names_exist():
    named = 0
    for document in DOCUMENTS:
        # The recipes name files that they create; carrying them out shows that the others exist. The list of
        # changes names files of its time.
        if document.name in ("RECIPES.md", "CHANGELOG.md"):
            continue
        pattern = r"`((?:dags|deploy|include|plugins|tests)/[\w./-]+)`"
        for path in re.findall(pattern, document.read_text()):
            named += 1
            is_there = (REPOSITORY / path).exists() or path in MADE_BY_USERS
            assert is_there, (document.name, path)
    assert named > 50


def test_make_has_every_target_that_a_document_names():
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = set(re.findall(r"(?m)^([a-z-]+):", makefile))
    named = set()
    for document in DOCUMENTS:
        if document.name != "CHANGELOG.md":
            named.update(
                re.findall(r"(?m)(?:`|^ *)make ([a-z-]+)", document.read_text())
            )
    assert len(named) > 20
    assert named <= targets


def test_the_row_that_the_readme_follows_passes_through_existing_files():
    text = (REPOSITORY / "README.md").read_text()
    [section] = re.findall(r"(?ms)^## Follow one row\n(.+?)^## ", text)
    existing = []
    for folder in ("dags", "include", "plugins"):
        existing += [f"{path}/" for path in (REPOSITORY / folder).rglob("*")]
    named = re.findall(r"`([\w./]+(?:/|\.\w+))`", section)
    assert len(named) > 25
    for name in named:
        ending = f"/{name.rstrip('/')}/"
        assert any(path.endswith(ending) for path in existing), name


@each_document
def test_no_line_is_too_long(document):
    lines = document.read_text().splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


def test_every_promise_of_the_readme_names_its_tests():
    text = (REPOSITORY / "README.md").read_text()
    [section] = re.findall(r"(?ms)^## What it does better\n(.+?)^## ", text)
    promises = re.split(r"(?m)^- ", section)[1:]
    assert len(promises) >= 7
    for promise in promises:
        tests = TEST.findall(promise)
        assert tests, promise
        for path, name in tests:
            program = (REPOSITORY / path).read_text()
            assert re.search(rf"(?m)^def {name}\(", program), f"{path}::{name}"
