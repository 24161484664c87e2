import os
import tempfile
import time

import pytest

from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import LEFT_SECONDS, PREFIX, scratch_folder


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(folder, seconds):
    then = time.time() - seconds
    os.utime(folder, (then, then))


def test_a_folder_is_private_and_gone_after_its_block(place):
    with scratch_folder() as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "rows").write_text("x")
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed_a_day_later(place):
    folder, theirs = place / f"{PREFIX}left", place / "ecommerce-sales-airflow"
    for each in (folder, theirs):
        each.mkdir()
        (each / "rows").write_text("jane@example.com")
        age(each, LEFT_SECONDS - 60)
    connect_duckdb().close()
    assert (folder / "rows").exists()
    for each in (folder, theirs):
        age(each, LEFT_SECONDS + 60)
    connect_duckdb().close()
    assert not folder.exists()
    assert theirs.exists()


def test_a_folder_stays_as_long_as_a_task_may_run(place, monkeypatch):
    monkeypatch.setenv("TASK_TIMEOUT_SECONDS", str(LEFT_SECONDS))
    folder = place / f"{PREFIX}in_use"
    folder.mkdir()
    for seconds, stays in ((-60, True), (60, False)):
        age(folder, 4 * LEFT_SECONDS + seconds)
        with scratch_folder():
            assert folder.exists() == stays


def test_a_link_is_not_followed(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("x")
    (place / f"{PREFIX}the_link").symlink_to(elsewhere)
    os.utime(place / f"{PREFIX}the_link", (0, 0), follow_symlinks=False)
    with scratch_folder():
        assert (elsewhere / "kept").exists()
