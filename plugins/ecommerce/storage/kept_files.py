"""Permanent files: pictures below PICTURES_URI (`originals/`, `thumbnails/`),
models below MODELS_URI."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ecommerce.core.settings import load_settings
from ecommerce.storage.staging import is_local, storage_errors, storage_path


@dataclass(frozen=True, slots=True)
class Store:
    """The folder `uri`. Names are relative to it, and never taken from data. Every method raises StagingError
    where the storage fails."""

    uri: str

    @classmethod
    def of_models(cls) -> Self:
        """Return the store of `MODELS_URI`."""
        return cls(load_settings().models_uri)

    def uri_of(self, name: str) -> str:
        """Return the URI of a file."""
        return f"{self.uri}/{name}"

    def names(self, folder: str) -> set[str]:
        """List the names of the files in `folder`, without those that are being written."""
        with storage_errors(self.uri):
            path = storage_path(self.uri_of(folder))
            files = path.fs.find(path.path)
        names = (Path(file).name for file in files)
        return {f"{folder}/{name}" for name in names if not name.startswith(".")}

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None where it does not exist."""
        with storage_errors(self.uri):
            try:
                return storage_path(self.uri_of(name)).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file atomically."""
        with storage_errors(self.uri):
            final = storage_path(self.uri_of(name))
            if not is_local(self.uri):
                final.write_bytes(data)
                return
            final.parent.mkdir(parents=True, exist_ok=True)
            part = Path(final.path).with_name(
                f".{final.name}.{uuid.uuid4().hex}.partial"
            )
            try:
                part.write_bytes(data)
                part.replace(final.path)
            finally:
                part.unlink(missing_ok=True)
