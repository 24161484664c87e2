"""Files that a domain keeps for good: pictures below PICTURES_URI (`originals/`, `thumbnails/`, and `pages/`
of the last fetch), models below MODELS_URI."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from ecommerce.core.settings import load_settings
from ecommerce.storage.staging import is_local, local_or_uri, storage_errors, storage_path


@dataclass(frozen=True, slots=True)
class Store:
    """The folder `uri`. Names are relative to it, and none is made of what others have sent.

    Every method raises StagingError where the storage fails.
    """

    uri: str

    @classmethod
    def of_pictures(cls) -> Store:
        """The store that `PICTURES_URI` names."""
        return cls(load_settings().pictures_uri)

    @classmethod
    def of_models(cls) -> Store:
        """The store that `MODELS_URI` names."""
        return cls(load_settings().models_uri)

    def uri_of(self, name: str) -> str:
        """The URI of a file."""
        return f"{self.uri}/{name}"

    def names(self, folder: str) -> set[str]:
        """The names of the files in `folder`, in one listing."""
        with storage_errors(self.uri):
            path = storage_path(self.uri_of(folder))
            return {f"{folder}/{Path(found).name}" for found in path.fs.find(path.path)}

    def read(self, name: str) -> bytes | None:
        """What is in a file; None where there is none."""
        with storage_errors(self.uri):
            try:
                return bytes(storage_path(self.uri_of(name)).read_bytes())
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file, which others see whole or not at all."""
        with storage_errors(self.uri):
            if not is_local(self.uri):
                storage_path(self.uri_of(name)).write_bytes(data)
                return
            final = Path(local_or_uri(self.uri_of(name)))
            final.parent.mkdir(parents=True, exist_ok=True)
            part = final.with_name(f".{final.name}.{uuid.uuid4().hex}.partial")
            try:
                part.write_bytes(data)
                part.replace(final)
            finally:
                part.unlink(missing_ok=True)
