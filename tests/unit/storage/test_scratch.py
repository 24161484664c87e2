import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import PREFIX, Scratch, scratch_folder

PROCESS = """
import sys
from ecommerce.storage.scratch import Scratch
folder = Scratch.make().path
(folder / "rows").write_text("jane@example.com")
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def process(place, repository):
    """Another process with a folder, made long ago; and that folder."""
    environment = os.environ | {"TMPDIR": str(place), "PYTHONPATH": str(repository / "plugins")}
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        folder = Path(other.stdout.readline().strip())
        age(folder)
        yield other, folder
        other.kill()


def age(folder):
    then = time.time() - 3600
    os.utime(folder, (then, then))


def test_a_folder_is_private_and_gone_after_its_block(place):
    with scratch_folder() as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "rows").write_text("x")
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_folder(process):
    other, folder = process
    other.kill()
    other.wait()
    assert (folder / "rows").exists()
    connect_duckdb().close()
    assert not folder.exists()


def test_a_folder_of_a_living_process_stays(process):
    _, folder = process
    with scratch_folder():
        assert (folder / "rows").exists()


def test_a_folder_that_was_made_this_moment_stays(place):
    newborn = place / f"{PREFIX}new_born"
    newborn.mkdir()
    Scratch.make().remove()
    assert newborn.exists()
    age(newborn)
    Scratch.make().remove()
    assert not newborn.exists()


@pytest.mark.parametrize("name", ["ecommerce-sales-airflow", "ecommerce-abcd1234", f"{PREFIX}backup-2026"])
def test_what_somebody_else_keeps_there_stays(place, name):
    theirs = place / name
    theirs.mkdir()
    (theirs / "README.md").write_text("mine")
    age(theirs)
    Scratch.make().remove()
    assert (theirs / "README.md").exists()


def test_a_link_is_not_followed(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("x")
    age(elsewhere)
    (place / f"{PREFIX}the_link").symlink_to(elsewhere)
    Scratch.make().remove()
    assert (elsewhere / "kept").exists()
