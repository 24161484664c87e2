import os
import time

import pytest

from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import LEFT_SECONDS, PREFIX, scratch_folder


@pytest.fixture(autouse=True)
def place(temporary_folder):
    return temporary_folder


def age(folder, seconds):
    then = time.time() - seconds
    os.utime(folder, (then, then))


def test_a_folder_is_private_and_gone_after_its_block(place):
    with scratch_folder() as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "rows").write_text("x")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("timeout", "limit"),
    [("", LEFT_SECONDS), (str(LEFT_SECONDS // 2), 2 * LEFT_SECONDS)],
)
def test_what_a_killed_process_left_is_removed_once_no_task_may_use_it(
    place, monkeypatch, timeout, limit
):
    """A day later; a month of history may run four times as long as other tasks."""
    monkeypatch.setenv("TASK_TIMEOUT_SECONDS", timeout)
    folder = place / f"{PREFIX}left"
    theirs = place / "ecommerce-sales-airflow"
    for left in (folder, theirs):
        left.mkdir()
        (left / "rows").write_text("jane@example.com")
        age(left, limit - 60)
    connect_duckdb().close()
    assert (folder / "rows").exists()
    age(folder, limit + 60)
    age(theirs, limit + 60)
    connect_duckdb().close()
    assert not folder.exists()
    assert theirs.exists()
