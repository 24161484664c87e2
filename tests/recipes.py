"""Carries out the recipes of docs/RECIPES.md on a copy of the repository, as a reader would by hand."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
RECIPES = REPOSITORY / "docs" / "RECIPES.md"
_BLOCK = re.compile(
    r"(?P<lead>[^\n]*(?:\n(?! *\n)[^\n]+)*?):\n\n(?P<indent> *)```\w*\n(?P<body>.*?)\n(?P=indent)```",
    re.S,
)
_EDIT = re.compile(
    r"in\s+`(?P<path>[^`]+)`,\s+(?P<how>after|before|instead\s+of)\s+(?P<lines>the\s+line|both\s+lines)\s+"
    r"(?P<begins>that\s+begins\s+with\s+)?(?P<quote>``|`)(?P<line>.+?)(?P=quote)$",
    re.S | re.I,
)
_NEW = re.compile(r"new\s+file\s+`(?P<path>[^`]+)`$", re.I)
_COPY = re.compile(r"cp -r (?P<example>docs/examples/\w+)/\. \.")


@dataclass(frozen=True)
class Step:
    """One block of a recipe: text that goes into the file `path`, at each of its `count` anchors or as the
    whole file."""

    path: str
    text: str
    how: str = "new"
    anchor: str = ""
    begins: bool = False
    count: int = 1

    def carry_out(self, root):
        """Do it below `root`.

        Raises:
            AssertionError: the file is not there, or the line not as often as it should be.
        """
        file = root / self.path
        if self.how == "new":
            assert not file.exists(), f"{self.path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{self.text}\n")
            return
        lines = file.read_text().split("\n")
        places = []
        for place, line in enumerate(lines):
            is_anchor = line == self.anchor
            if is_anchor or (self.begins and line.startswith(self.anchor)):
                places.append(place)
        assert len(places) == self.count, (self.path, self.anchor, len(places))
        for place in reversed(places):
            first = place + 1 if self.how == "after" else place
            last = place if self.how == "before" else place + 1
            lines[first:last] = self.text.split("\n")
        file.write_text("\n".join(lines))


def steps(recipe):
    """The steps of the section `## <recipe>`; other blocks, such as queries, are left out."""
    return steps_of(section(recipe))


def section(title):
    """The text of the section `## <title>`."""
    sections = re.findall(
        r"^## (.+?)\n(.*?)(?=^## |\Z)", RECIPES.read_text(), re.S | re.M
    )
    return dict(sections)[title]


def steps_of(text):
    """The steps in a text; as `steps`."""
    found = []
    for block in _BLOCK.finditer(text):
        indent = block["indent"]
        body = "\n".join(
            line.removeprefix(indent) for line in block["body"].split("\n")
        )
        lead = block["lead"].strip()
        if copy := _COPY.fullmatch(body):
            found += files_of(REPOSITORY / copy["example"])
        elif edit := _EDIT.search(lead):
            how = edit["how"].split()[0].replace("instead", "replace")
            count = 2 if edit["lines"].startswith("both") else 1
            begins = bool(edit["begins"])
            found.append(Step(edit["path"], body, how, edit["line"], begins, count))
        elif new := _NEW.search(lead):
            found.append(Step(new["path"], body))
    return found


def files_of(example):
    """A step for each file of an example, which has the folders of the repository."""
    found = []
    for file in sorted(example.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            path = str(file.relative_to(example))
            found.append(Step(path, file.read_text().removesuffix("\n")))
    assert found, example
    return found


def copy_repository(target):
    """A copy of what a commit of all changes would have; the folder `target`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target / name)
    return target


def removals():
    """The commands of the recipe *Remove a part*, one text for each part."""
    scripts = sorted((REPOSITORY / "deploy" / "remove").glob("*.sh"))
    return [script.read_text() for script in scripts]


def in_copy(copy, *command, **environment):
    """What a command prints that runs with the code of the copy."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": f"{copy / 'plugins'}:{copy}"} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return done.stdout
