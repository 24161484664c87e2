"""Files that are kept for good."""

from pathlib import Path

import pytest

from ecommerce.core.errors import StagingError
from ecommerce.storage.kept_files import Store


def test_a_write_that_breaks_off_leaves_the_former_file(tmp_path, monkeypatch):
    store = Store(f"file://{tmp_path}")
    store.write("models/1.json", b"one")

    def write_half(path, data):
        with path.open("wb") as stream:
            stream.write(data[:1])
            raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(StagingError):
        store.write("models/1.json", b"two")
    assert store.read("models/1.json") == b"one"
    assert store.names("models") == {"models/1.json"}


def test_a_file_that_is_being_written_is_not_listed(tmp_path, monkeypatch):
    store = Store(f"file://{tmp_path}")
    write = Path.write_bytes
    listed = []

    def write_and_list(path, data):
        write(path, data)
        listed.append(store.names("models"))

    monkeypatch.setattr(Path, "write_bytes", write_and_list)
    store.write("models/1.json", b"one")
    assert listed == [set()]
    assert store.names("models") == {"models/1.json"}
