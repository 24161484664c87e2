"""The kinds of failure a task can meet, told apart by what retrying would do.

`retries.NETWORK_RETRIES` decides by these classes, so a source or the warehouse raises one of them (naming
the file, row or response at fault) instead of a library's own exception.
"""

from __future__ import annotations

from collections.abc import Sequence


class PipelineError(Exception):
    """Base of every error this package raises on purpose; its text is fit for a person to read. The text
    never holds a secret or a customer's e-mail address."""


class ConfigurationError(PipelineError):
    """A setting, variable or connection is missing or unusable. Retrying cannot help."""


class WrongSettingsError(ConfigurationError):
    """Settings are malformed; `problems` has a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def problems_of(error: PipelineError) -> Sequence[str]:
    """Return the text of `error`, or a sentence for each wrong setting."""
    return error.problems if isinstance(error, WrongSettingsError) else (str(error),)


def wrong_variable(name: str, problem: str, example: str) -> ConfigurationError:
    """Return the error of an Airflow Variable: its problem, a right value, and where to set it."""
    return ConfigurationError(
        f"the Variable {name} {problem}; right is {example}, in the UI (Admin, Variables) or as "
        f"AIRFLOW_VAR_{name.upper()} in the environment"
    )


class AlertedError(PipelineError):
    """A task ends because others have failed, which have sent their mails."""


class CredentialsError(PipelineError):
    """The other side refuses our credentials or permissions. Retrying could lock the account."""


class ContractError(PipelineError):
    """The other side answered something its contract excludes (missing column, malformed page)."""


class StagingError(PipelineError):
    """A staged file is missing, incomplete or cannot be seen from this worker."""


class CheckFailed(PipelineError):
    """A data check of severity `error` found rows; nothing has been mailed."""


class TransientError(PipelineError):
    """The other side is unwell now (timeout, lost connection, 5xx): later is likely to work."""


class RateLimitedError(TransientError):
    """The other side asked us to slow down (429, 503 with `Retry-After`). `retry_after`: for how many
    seconds, None where it did not say."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TimedOutError(PipelineError):
    """A job or a run took longer than its setting allows, and was stopped. Another attempt would take as
    long, and delay the mail."""


class ConcurrentUpdateError(TransientError):
    """BigQuery cancelled this transaction in favour of a concurrent one."""
