"""The folder of a shell script that fetches with curl: environment, failure, files in staging."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ecommerce.core import errors
from ecommerce.core.business_day import BusinessDay
from ecommerce.storage import staging
from ecommerce.storage.staging import Manifest

_KINDS: dict[str, type[errors.PipelineError]] = {
    "configuration": errors.ConfigurationError,
    "contract": errors.ContractError,
    "credentials": errors.CredentialsError,
    "limited": errors.RateLimitedError,
    "transient": errors.TransientError,
}


@dataclass(frozen=True, slots=True)
class ScriptFolder:
    """The folder `path` of this machine in which a script works. Its `environment` contains the password.
    `files` is the pattern of the files that it leaves, `companions` that of further ones; the read began at
    `begun_at` (UTC)."""

    connection: str
    path: Path
    begun_at: datetime
    environment: dict[str, str] = field(repr=False)
    files: str
    companions: str

    def problem(self) -> errors.PipelineError:
        """Return why the script failed: its file `problem` has the kind of error in the first line, and the
        message in the second."""
        try:
            kind, sentence, *_ = (self.path / "problem").read_text().splitlines()
        except (OSError, ValueError):
            kind, sentence = (
                "",
                "the script was stopped, or failed without a message: see the log above",
            )
        return _KINDS.get(kind, errors.PipelineError)(f"{self.connection}: {sentence}")

    def publish(self, folder: str, source: str, day: BusinessDay) -> Manifest:
        """Copy the script's files into the staging folder `folder`; StagingError where that fails. The
        manifest's `rows` counts the files."""
        files = sorted(self.path.glob(self.files))
        with staging.publish(folder) as draft:
            for file in (*files, *self.path.glob(self.companions)):
                shutil.copyfile(file, draft.path / file.name)
            draft.seal(
                source=source,
                business_date=day.date,
                rows=len(files),
                columns={file.name: [] for file in files},
                read_at=self.begun_at,
                window_start=self.begun_at,
                window_end=self.begun_at,
            )
        return staging.read_manifest(folder)


def curl_option(name: str, value: str) -> str:
    """Return a line of a curl configuration; ConfigurationError for a control character: a line break would
    begin another option."""
    if not value.isprintable():
        raise errors.ConfigurationError(
            f"`{name}` for curl has a character that cannot be sent"
        )
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} = "{quoted}"'
