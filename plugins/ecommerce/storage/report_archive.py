"""The archive of reports below `REPORTS_URI`: one folder per day, the newest report of a day wins.

A folder holds the PDF, a picture of its page one, `figures.json`, `figures.csv`, the charts, and the manifest
of `ecommerce.storage.staging`, which makes it complete.
"""

import mimetypes
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from ecommerce.core.errors import StagingError
from ecommerce.core.paths import code_version
from ecommerce.storage import staging

FIGURES_JSON, FIGURES_CSV, PREVIEW = "figures.json", "figures.csv", "page-1.png"

F = TypeVar("F", bound=BaseModel)


class Provenance(BaseModel):
    """The run and the code version of a report, and the shop's timezone; instants in UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dag_id: str
    run_id: str
    code_version: str
    timezone: str
    generated_at: datetime

    @classmethod
    def of(cls, run: staging.DagRun, timezone: str, **fields: Any) -> Self:
        """Return the provenance of a report that `run` makes now."""
        now, version = datetime.now(UTC), code_version()
        origin = {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "code_version": version,
            "timezone": timezone,
        }
        return cls(**origin, generated_at=now, **fields)


@dataclass(frozen=True, slots=True)
class Archive(Generic[F]):
    """The archive of one kind of report. `model` is the class of its figures, `figures_hash` identifies them,
    `figures_csv` is their table; `write` writes the PDF, the preview and the charts into a local folder;
    `files` are served from a day's folder; `source` names the report in manifests; `folder` is below
    `REPORTS_URI`, or empty."""

    model: type[F]
    figures_hash: Callable[[F], str]
    figures_csv: Callable[[F], str]
    write: Callable[[F, Path], None]
    files: Mapping[str, str]
    source: str
    folder: str = ""

    def folder_of(self, reports_uri: str, day: date) -> str:
        """Return the URI of one day's folder."""
        return "/".join(
            part for part in (reports_uri, self.folder, day.isoformat()) if part
        )

    def publish(self, uri: str, figures: F, **manifest: Any) -> None:
        """Write the report and put it into the archive as `uri`, the day's folder. `manifest`: the business
        date, `read_at` and the window, as in `Draft.seal`.

        Raises:
            StagingError: the archive cannot be written.
        """
        with staging.publish(uri) as draft:
            (draft.path / FIGURES_JSON).write_text(
                figures.model_dump_json(indent=1), encoding="utf-8"
            )
            (draft.path / FIGURES_CSV).write_text(
                self.figures_csv(figures), encoding="utf-8"
            )
            self.write(figures, draft.path)
            columns: dict[str, list[str]] = {
                path.name: [] for path in sorted(draft.path.iterdir())
            }
            draft.seal(source=self.source, rows=1, columns=columns, **manifest)

    def read_figures(self, uri: str, expected_hash: str = "") -> F:
        """Return the figures in a published folder; with `expected_hash`, only figures that have it.

        Raises:
            StagingError: the folder does not exist, another version of this code wrote it, or another run has
                archived other figures since.
        """
        try:
            figures = self.model.model_validate_json(self.read(uri, FIGURES_JSON))
        except ValueError:
            raise StagingError(
                f"another version of this code wrote the figures at {uri}"
            ) from None
        if expected_hash and self.figures_hash(figures) != expected_hash:
            raise StagingError(
                f"the report at {uri} has other figures than this run: a newer run has replaced it"
            )
        return figures

    def read(self, uri: str, name: str) -> bytes:
        """Return one file of a published folder.

        Raises:
            StagingError: it does not exist.
        """
        with staging.storage_errors(uri):
            try:
                return bytes((staging.storage_path(uri) / name).read_bytes())
            except FileNotFoundError:
                raise StagingError(
                    f"no {name} at {uri}: clear the task `report` with downstream"
                ) from None

    def read_file(self, reports_uri: str, day: date, name: str) -> bytes | None:
        """Return one of `files` of an archived day; None where there is no such file."""
        if name in self.files:
            with suppress(FileNotFoundError):
                return bytes(
                    (
                        staging.storage_path(self.folder_of(reports_uri, day)) / name
                    ).read_bytes()
                )
        return None

    def has(self, reports_uri: str, day: date, name: str) -> bool:
        """Return whether a day has the file `name`.

        Raises:
            OSError: the archive cannot be read.
        """
        folder = staging.storage_path(self.folder_of(reports_uri, day))
        try:
            # exists() returns False when the store fails.
            (folder / name).stat()
        except FileNotFoundError:
            return False
        return True

    def days(self, reports_uri: str, months: str = "????-??") -> list[date]:
        """Return the archived days, in order; `months` is a pattern such as `2026-11`.

        Raises:
            StagingError: the archive cannot be read.
        """
        with staging.storage_errors(reports_uri):
            root = staging.storage_path(f"{reports_uri}/{self.folder}")
            paths = root.fs.glob(f"{root.path.rstrip('/')}/{months}-??")
        days = []
        for path in paths:
            with suppress(ValueError):  # a folder of another name
                days.append(
                    date.fromisoformat(str(path).rstrip("/").rpartition("/")[2])
                )
        return sorted(days)


def media_types(*names: str) -> dict[str, str]:
    """Return the media types of the files that pages serve: `names`, the preview and the figures."""
    files = (*names, PREVIEW, FIGURES_JSON, FIGURES_CSV)
    return {name: mimetypes.guess_type(name)[0] or "" for name in files}
