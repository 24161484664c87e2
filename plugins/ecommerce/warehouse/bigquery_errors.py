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
_NO_DATASET = "Not found: Dataset"
_LOST = re.compile(r"not found: job|upload_id=.*not found", re.IGNORECASE | re.DOTALL)
"""Of a job or an upload that BigQuery accepted and no longer knows: the next attempt sends it again."""
_INVALID = "invalidQuery"  # the reason BigQuery gives; its text names the column in one of many ways
_COPIES = "must match at most one source row"
_COPIES_HINT = "a table holds copies of a row, which make migrate removes: "
_OLDER_TABLE = "the tables and this statement do not match; if a column is missing, run make migrate: "
_PASSING = {
    "quotaExceeded",
    "rateLimitExceeded",
    "jobRateLimitExceeded",
    "backendError",
    "internalError",
}


@contextmanager
def bigquery_errors(what: str) -> Iterator[None]:
    """Raise errors of this package in place of the Google libraries'. Refusals have no cause, because a cause
    would show the account's address in the log.

    Raises:
        ConcurrentUpdateError: BigQuery cancelled the transaction or statement in favour of another, or
            another has created the same table.
        CredentialsError: 401, 403, or invalid credentials.
        TransientError: quota and rate limits, 5xx, lost connections, timeouts, lost jobs.
        ConfigurationError: a job that would bill more than MAXIMUM_BYTES_BILLED.
        ContractError: everything else BigQuery refuses: SQL, schemas, missing tables.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth import exceptions as auth
    from requests import exceptions

    lost = (
        RetryError,
        exceptions.ConnectionError,
        exceptions.Timeout,
        TimeoutError,
        auth.TransportError,
    )
    try:
        yield
    except GoogleAPICallError as error:
        raise _refusal(what, error) from None
    except lost as error:
        if isinstance(error, RetryError) and isinstance(
            error.cause, GoogleAPICallError
        ):
            raise _refusal(
                what, error.cause
            ) from None  # it was reached, and refused each attempt
        raise errors.TransientError(
            f"{what}: BigQuery cannot be reached: {reason_of(error)}"
        ) from error
    except auth.GoogleAuthError as error:
        raise errors.CredentialsError(
            f"{what}: invalid credentials of the connection {CONNECTION_WAREHOUSE}: set key_path in its "
            "extra to a valid key of a service account, and check this machine's clock"
        ) from error


def refusal_text(error: Any) -> str:
    """Return why BigQuery refused, without the request's URL and the job's id, with the fix for a missing
    dataset."""
    text = (error.message or str(error)).rpartition("prettyPrint=false: ")[2]
    text = " ".join(re.split(r"; reason:|\n\nLocation:|\nLINE ", text)[0].split())
    if text.startswith(_NO_DATASET):
        text += ": is BIGQUERY_LOCATION right? The first run creates the dataset, and so does make migrate"
    return text


def _refusal(what: str, error: Any) -> errors.PipelineError:
    text = (
        refusal_text(error)
        if _NO_DATASET in str(error)
        else error.message or str(error)
    )
    hint = _OLDER_TABLE if _INVALID in str(error) else ""
    if _COPIES in str(error):
        hint = _COPIES_HINT
    reasons = {
        detail.get("reason")
        for detail in error.errors or ()
        if isinstance(detail, dict)
    }
    # 409: another first run has created the table; 412: a load has changed it since it was read.
    if CONCURRENT in str(error).lower() or error.code in (409, 412):
        kind: type[errors.PipelineError] = errors.ConcurrentUpdateError
    elif "bytesBilledLimitExceeded" in reasons:
        kind = errors.ConfigurationError
    elif (
        error.code in (429, 500, 502, 503, 504)
        or reasons & _PASSING
        or _LOST.search(str(error))
    ):
        kind = errors.TransientError
    else:
        kind = (
            errors.CredentialsError
            if error.code in (401, 403)
            else errors.ContractError
        )
    # BigQuery names the service account in refusals.
    return kind(f"{what}: {hint}{mask_e_mails(text.strip())}")
