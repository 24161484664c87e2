"""The archive of reports below `REPORTS_URI`: one folder per day, the newest report of a day wins.

A folder holds the PDF, a picture of its page one, `figures.json`, `figures.csv`, the charts, the texts of the
mail in `mail.json`, and the manifest of `ecommerce.storage.staging`, which makes it complete.
"""

import json
import mimetypes
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel

from ecommerce.core.errors import StagingError
from ecommerce.core.paths import code_version
from ecommerce.core.values import Json, Values
from ecommerce.storage import staging
from ecommerce.storage.plain import to_plain

FIGURES_JSON, FIGURES_CSV, PREVIEW = "figures.json", "figures.csv", "page-1.png"
MAIL_JSON = "mail.json"

F = TypeVar("F", bound=BaseModel)


class Provenance(BaseModel, frozen=True, extra="forbid"):
    """The run and the code version of a report, and the shop's timezone; instants in UTC."""

    dag_id: str
    run_id: str
    code_version: str
    timezone: str
    generated_at: datetime

    @classmethod
    def of(cls, run: staging.DagRun, timezone: str, **fields: Any) -> Self:
        """Return the provenance of a report that `run` makes now."""
        return cls(
            dag_id=run.dag_id,
            run_id=run.run_id,
            code_version=code_version(),
            timezone=timezone,
            generated_at=datetime.now(UTC),
            **fields,
        )


@dataclass(frozen=True, slots=True)
class Archive(Generic[F]):
    """The archive of one kind of report. `model` is the class of its figures; `files` are served from a day's
    folder; `source` names the report in manifests; `folder` is below `REPORTS_URI`, or empty."""

    model: type[F]
    files: Mapping[str, str]
    source: str
    folder: str = ""

    def folder_of(self, reports_uri: str, day: date) -> str:
        """Return the URI of one day's folder."""
        folders = (reports_uri, self.folder, str(day))
        return "/".join(filter(None, folders))

    def publish(
        self,
        uri: str,
        figures: F,
        *,
        csv: str,
        mail: Values,
        write: Callable[[Path], None],
        **manifest: Any,
    ) -> None:
        """Put a report into the archive as `uri`, the day's folder. `csv` is the table of its figures; `mail`
        has their `figures_hash` and the parts of the mail; `write` writes the PDF, the preview and the charts
        into a local folder; `manifest`: the business date, `read_at` and the window, as in `Draft.seal`.

        Raises:
            StagingError: the archive cannot be written.
        """
        texts = {
            FIGURES_JSON: figures.model_dump_json(indent=1),
            FIGURES_CSV: csv,
            MAIL_JSON: json.dumps(to_plain(mail), ensure_ascii=False),
        }
        with staging.publish(uri) as draft:
            for name, content in texts.items():
                (draft.path / name).write_text(content, encoding="utf-8")
            write(draft.path)
            draft.seal(
                source=self.source,
                rows=1,
                columns={path.name: [] for path in sorted(draft.path.iterdir())},
                **manifest,
            )

    def read_figures(self, uri: str) -> F:
        """Return the figures in a published folder.

        Raises:
            StagingError: the folder does not exist, or another version of this code wrote it.
        """
        try:
            return self.model.model_validate_json(self.read(uri, FIGURES_JSON))
        except ValueError:
            raise StagingError(
                f"another version of this code wrote the figures at {uri}: clear the task `report` with "
                "downstream"
            ) from None

    def read_mail(self, uri: str, figures_hash: str) -> Json:
        """Return the parts of the mail of a published folder.

        Raises:
            StagingError: there are none, or another run has archived other figures since.
        """
        mail = json.loads(self.read(uri, MAIL_JSON))
        if mail.pop("figures_hash") != figures_hash:
            raise StagingError(
                f"the report at {uri} has other figures than this run: a newer run has replaced it"
            )
        return mail

    def read(self, uri: str, name: str) -> bytes:
        """Return one file of a published folder.

        Raises:
            StagingError: it does not exist.
        """
        with staging.storage_errors(uri):
            content = _read(uri, name)
        if content is None:
            raise StagingError(
                f"no {name} at {uri}: clear the task `report` with downstream"
            )
        return content

    def read_file(self, reports_uri: str, day: date, name: str) -> bytes | None:
        """Return one of `files` of an archived day; None where there is no such file.

        Raises:
            OSError: the archive cannot be read.
        """
        if name not in self.files:
            return None
        return _read(self.folder_of(reports_uri, day), name)

    def has(self, reports_uri: str, day: date) -> bool:
        """Return whether there is a report of a day; errors as `read_file`."""
        return self.read_file(reports_uri, day, FIGURES_JSON) is not None

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
                days.append(date.fromisoformat(Path(path).name))
        return sorted(days)


def _read(uri: str, name: str) -> bytes | None:
    """Return a file of a published folder, or None without it; OSError where it cannot be read. A folder that
    is replaced does not exist for an instant, so a reader looks twice."""
    file = staging.storage_path(uri) / name
    with suppress(FileNotFoundError):
        return file.read_bytes()
    time.sleep(0.05)
    with suppress(FileNotFoundError):
        return file.read_bytes()
    return None


def media_types(*names: str) -> dict[str, str]:
    """Return the media types of the files that pages serve: `names`, the preview and the figures."""
    files = (*names, PREVIEW, FIGURES_JSON, FIGURES_CSV)
    return {name: mimetypes.guess_type(name)[0] or "" for name in files}
