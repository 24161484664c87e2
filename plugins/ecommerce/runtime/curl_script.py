"""Shell scripts of include/scripts that fetch files with curl.

A script runs in an empty folder and ends with curl's exit code. Secrets reach it in its environment, never
as arguments, and in no field of the operator, because Airflow stores and shows those.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk.exceptions import AirflowException

from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from ecommerce.core.paths import INCLUDE
from ecommerce.core.values import Values
from ecommerce.storage import staging
from ecommerce.storage.plain import to_plain
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

NO_TLS = "no trusted TLS connection could be established: use a host name of the server's certificate"
TOO_LARGE = "a file is larger than 50 MiB, or the disk is full"
REASONS: dict[type[PipelineError], dict[int, str]] = {
    TransientError: {
        6: "the name of the host cannot be resolved (DNS): is it right?",
        7: "nothing answers: does the server run, is the port right?",
        8: "the server is busy, or is no FTP server",
        28: "the server timed out or is unavailable",
        # The partner may be replacing it.
        78: "a file is not on the server, or the login may not read it",
        100: "a file does not match its published checksum",
    },
    ContractError: {
        9: "the login may not enter the folder: check `path` in the extra",
        22: "the server has no such page, or redirects: check the host",
        23: TOO_LARGE,
        35: NO_TLS,
        60: NO_TLS,
        64: "the server offers no TLS, and `tls` in the extra of the connection does not allow that",
        77: "the file `cacert` in the extra cannot be read",
        153: TOO_LARGE,
    },
    CredentialsError: {
        67: "the server refuses the login: check login and password",
    },
    ConfigurationError: {
        127: "curl or sha256sum is not installed on this worker",
    },
}
"""What each exit code of a script means: those of curl, 100 of fetch_partner_files.sh, and 127 and 153 of the
shell. Any other is a connection that broke."""


def script_error(
    connection: str,
    exit_code: int,
    place: str = "the task's log names the file",
) -> PipelineError:
    """Return the error for a script that failed; `place` shows at which file."""
    for kind, reasons in REASONS.items():
        if exit_code in reasons:
            return kind(f"{connection}: {reasons[exit_code]} ({place})")
    return TransientError(
        f"{connection}: the connection broke (curl: {exit_code}) ({place})"
    )


def command(script: str, *arguments: str) -> str:
    """Return the command that runs a script of include/scripts."""
    return " ".join(["exec bash", f'"{INCLUDE}/scripts/{script}"', *arguments])


def curl_option(name: str, value: str) -> str:
    """Return a line of a curl configuration; ConfigurationError for a control character: a line break would
    begin another option."""
    if not value.isprintable():
        raise ConfigurationError(
            f"`{name}` for curl has a character that cannot be sent, such as a line break: correct the "
            "connection"
        )
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} = "{quoted}"'


def publish_files(
    path: Path,
    folder: str,
    source: str,
    business_date: date,
    *,
    files: Sequence[str],
    read_at: datetime,
) -> Manifest:
    """Copy everything in `path` into the staging folder `folder`.

    `columns` of the manifest names `files`, and `rows` counts them; the others are companions. The read began
    at `read_at` (UTC).
    """
    with staging.publish(folder) as draft:
        shutil.copytree(path, draft.path, dirs_exist_ok=True)
        draft.seal(
            source=source,
            business_date=business_date,
            rows=len(files),
            columns={name: [] for name in files},
            read_at=read_at,
            window_start=read_at,
            window_end=read_at,
        )
    return staging.read_manifest(folder)


class FetchWithCurl(BashOperator):
    """Runs a script that fetches files, and returns the manifest of the folder that they are published to."""

    def __init__(
        self,
        *,
        connection: str,
        environment: Callable[[], dict[str, str]],
        publish: Callable[[Path, Any, datetime], Manifest],
        **arguments: Any,
    ) -> None:
        """`environment` returns the variables of the script, with its secrets. `publish` publishes what the
        script has left in a folder, for the run of Airflow's context; the read began at an instant (UTC)."""
        # By default a task is skipped after the exit code 99, which is an error of curl.
        super().__init__(skip_on_exit_code=None, **arguments)
        self.connection = connection
        self.environment = environment
        self.publish = publish

    def execute(self, context: Any) -> Values:
        """Run the script and publish its files; a failure is a PipelineError, whose type decides about
        retries."""
        read_at = datetime.now(UTC)
        with scratch_folder() as path:
            self.cwd = str(path)
            self._secrets = self.environment()
            try:
                super().execute(context)
            except AirflowException as error:
                exit_code = re.findall(r"-?\d+", str(error))[-1]
                raise script_error(self.connection, int(exit_code)) from None
            return to_plain(self.publish(path, context, read_at))

    def get_env(self, context: Any) -> dict[str, str]:
        """Return the environment of the script, with its secrets."""
        return super().get_env(context) | self._secrets
