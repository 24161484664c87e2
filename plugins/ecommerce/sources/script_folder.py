"""The folder of a shell script that fetches with curl: environment, failure, files in staging."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

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
class ScriptFolder(ABC):
    """The folder `path` of this machine in which `SCRIPT` works; the read began at `begun_at` (UTC)."""

    path: Path
    begun_at: datetime

    SCRIPT: ClassVar[str]
    CONNECTION: ClassVar[str]
    SOURCE: ClassVar[str]

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the script's environment, which contains the password."""

    @abstractmethod
    def publish(self, folder: str, day: BusinessDay) -> Manifest:
        """Move the script's files into the staging folder `folder`; StagingError where that fails."""

    def problem(self) -> errors.PipelineError:
        """Return why the script failed: its file `problem` has the kind of error in the first line, and the
        message in the second."""
        try:
            kind, sentence, *_ = (self.path / "problem").read_text().splitlines()
        except (OSError, ValueError):
            kind, sentence = "", f"{self.SCRIPT} was stopped, or failed without a message: see the log above"
        return _KINDS.get(kind, errors.PipelineError)(f"{self.CONNECTION}: {sentence}")

    def _publish(
        self, folder: str, day: BusinessDay, files: Mapping[str, str], control_totals: dict[str, Any]
    ) -> Manifest:
        """Move `files`, each with its companion, into staging; the manifest's `rows` counts the files."""
        with staging.publish(folder) as draft:
            for name in (*files, *files.values()):
                (draft.path / name).write_bytes((self.path / name).read_bytes())
            draft.seal(
                source=self.SOURCE,
                business_date=day.date,
                rows=len(files),
                columns={name: [] for name in files},
                read_at=self.begun_at,
                window_start=self.begun_at,
                window_end=self.begun_at,
                control_totals=control_totals,
            )
        return staging.read_manifest(folder)


def curl_user(connection: str, login: str, password: str) -> str:
    """Return the line of a curl configuration with the login; ConfigurationError for a colon in it."""
    if ":" in login:
        raise errors.ConfigurationError(
            f"the login of the connection {connection} has a colon, at which curl ends a login: change it at "
            "the server"
        )
    return curl_option("user", f"{login}:{password}")


def curl_option(name: str, value: str) -> str:
    """Return a line of a curl configuration; ConfigurationError for a control character: a line break would
    begin another option."""
    if not value.isprintable():
        raise errors.ConfigurationError(f"`{name}` for curl has a character that cannot be sent")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} = "{quoted}"'
