"""The start of the BigQuery emulator."""

import os

import pytest

from demo.services.emulator import remove_old_statements


@pytest.mark.parametrize(("most", "kept"), [(5, "abcde"), (4, "cde")])
def test_the_older_half_of_too_many_cached_results_is_removed(tmp_path, most, kept):
    for age, name in enumerate("edcba"):
        file = tmp_path / name
        file.touch()
        os.utime(file, (1000 - age, 1000 - age))
    remove_old_statements(tmp_path, most)
    assert sorted(file.name for file in tmp_path.iterdir()) == list(kept)


def test_the_first_emulator_has_no_cached_results(tmp_path):
    remove_old_statements(tmp_path / "statements", 1)
