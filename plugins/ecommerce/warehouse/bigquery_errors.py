"""Errors of the Google libraries as errors of this package."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ecommerce.core import errors
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.error_messages import reason_of
from ecommerce.core.names import CONNECTION_WAREHOUSE

CONCURRENT = "due to concurrent update"
"""In BigQuery's message for a transaction that lost to another, and in that of the load's own SQL."""
_LATER = re.compile(
    r"not found: job|upload_id=.*not found|too many dml statements outstanding",
    re.IGNORECASE | re.DOTALL,
)
"""Of a job or an upload that BigQuery accepted and no longer knows, and of a queue that is full: the next
attempt sends it again."""
_UNKNOWN_NAME = re.compile(
    r"unrecognized name|name \S+ not found|column \S+ (is )?not (found|present)",
    re.IGNORECASE,
)
"""In BigQuery's messages for a column that a table lacks."""
_PASSING_CODES = (429, 500, 502, 503, 504)
_PASSING = {
    "quotaExceeded",
    "rateLimitExceeded",
    "jobRateLimitExceeded",
    "backendError",
    "internalError",
    "stopped",  # the job was cancelled, and not by this task
    "tableUnavailable",
}


@contextmanager
def bigquery_errors(what: str) -> Iterator[None]:
    """Raise errors of this package in place of the Google libraries'. Refusals have no cause, because a cause
    would show the account's address in the log.

    Raises:
        ConcurrentUpdateError: BigQuery cancelled the transaction or statement in favour of another, or
            another has created the same table.
        CredentialsError: 401, 403, or invalid credentials.
        TransientError: quota and rate limits, 5xx, lost connections, timeouts, lost or cancelled jobs.
        ConfigurationError: a job that would bill more than MAXIMUM_BYTES_BILLED, or a project without
            billing.
        ContractError: everything else BigQuery refuses: SQL, schemas, missing tables.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth import exceptions as auth
    from requests import exceptions

    try:
        yield
    except GoogleAPICallError as error:
        raise _refusal(what, error) from None
    except (
        RetryError,
        exceptions.ConnectionError,
        exceptions.Timeout,
        TimeoutError,
        auth.TransportError,
    ) as error:
        raise errors.TransientError(
            f"{what}: BigQuery cannot be reached: {reason_of(error)}"
        ) from error
    except auth.GoogleAuthError as error:
        raise errors.CredentialsError(
            f"{what}: invalid credentials of the connection {CONNECTION_WAREHOUSE}: set key_path in its "
            "extra to a valid key of a service account, and check this machine's clock"
        ) from error


def reasons_of(error: Any) -> set[str]:
    """Return the reasons that BigQuery gives, such as `quotaExceeded`."""
    return {detail.get("reason", "") for detail in error.errors}


def refusal_text(error: Any) -> str:
    """Return why BigQuery refused, without the request's URL and the job's id, with the fix for a missing
    dataset."""
    text = error.message.rpartition("prettyPrint=false: ")[2]
    text = " ".join(re.split(r"; reason:|\n\nLocation:|\nLINE ", text)[0].split())
    if text.startswith("Not found: Dataset"):
        text += ": is BIGQUERY_LOCATION right? The first run creates the dataset, and so does make migrate"
    # BigQuery names the service account in refusals.
    return mask_e_mails(text)


def _refusal(what: str, error: Any) -> errors.PipelineError:
    message = str(error)
    hint = ""
    if "must match at most one source row" in message:
        hint = "a table holds copies of a row, which make migrate removes: "
    elif _UNKNOWN_NAME.search(message):
        hint = "a column of this statement is missing; if an update added it, run make migrate: "
    return _kind(error)(f"{what}: {hint}{refusal_text(error)}")


def _kind(error: Any) -> type[errors.PipelineError]:
    reasons = reasons_of(error)
    # 409: another first run has created the table; 412: a load has changed it since it was read.
    if CONCURRENT in str(error).lower() or error.code in (409, 412):
        return errors.ConcurrentUpdateError
    if reasons & {"bytesBilledLimitExceeded", "billingNotEnabled"}:
        return errors.ConfigurationError
    if error.code in _PASSING_CODES or reasons & _PASSING or _LATER.search(str(error)):
        return errors.TransientError
    if error.code in (401, 403):
        return errors.CredentialsError
    return errors.ContractError
