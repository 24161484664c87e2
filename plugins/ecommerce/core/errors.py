"""The kinds of failure of a task, by which `runtime.retries` decides whether to retry. Sources and the
warehouse raise them instead of a library's exception, with the invalid file, row or response."""

from random import uniform


class PipelineError(Exception):
    """Base of all errors that this package raises. The text is for users, and holds no secret and no e-mail
    address of a customer."""


class ConfigurationError(PipelineError):
    """A setting, Variable or connection is missing or invalid; not retried. Of several settings, each has a
    line."""


class InvalidRunError(ConfigurationError):
    """A run was started with an unknown param, or for a day that cannot be run: every task fails in the same
    way, and the run's own alert names the cause once."""


def wrong_variable(name: str, problem: str, example: str) -> ConfigurationError:
    """Return the error of the Airflow Variable `name`: `problem` is a clause, `example` a valid value."""
    return ConfigurationError(
        f"the Variable {name} {problem}; valid: {example}, in the UI (Admin, Variables) or as "
        f"AIRFLOW_VAR_{name.upper()} in the environment"
    )


class AlertedError(PipelineError):
    """A task fails for a reason that another task of the run alerts about; not retried."""


class CredentialsError(PipelineError):
    """Credentials or permissions are refused; not retried, which could lock the account."""


class ContractError(PipelineError):
    """A response or file violates its contract (missing column, malformed page)."""


class StagingError(PipelineError):
    """A staged file is missing, incomplete or not visible from this worker."""


class CheckFailed(PipelineError):
    """A data check of severity `error` failed; nothing has been mailed."""


class TransientError(PipelineError):
    """A service is unavailable (timeout, lost connection, 5xx); retried with growing pauses. A client that
    repeats requests itself waits `retry_after` seconds before the next one."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimitedError(TransientError):
    """A service limits the rate of requests (429, 503 with `Retry-After`); retried after at least
    `retry_after` seconds."""


def jitter() -> float:
    """Return a random factor of pauses, 1 to 1.25, because shops that one API has limited would return at the
    same second."""
    return uniform(1, 1.25)  # noqa: S311


class TimedOutError(PipelineError):
    """A job or run exceeded its timeout and was stopped; not retried, which would take as long."""


class ConcurrentUpdateError(TransientError):
    """BigQuery cancelled this transaction in favour of a concurrent one; retried."""
