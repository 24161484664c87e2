"""BigQuery through the Google provider's connection `bigquery`; real or emulated, the code is the same.

Every job carries labels, queries a ceiling on the bytes they may bill. Library exceptions become
`ecommerce.core.errors` here and nowhere else.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from ecommerce.core import errors
from ecommerce.core.connections import Connection, connection
from ecommerce.core.error_messages import reason_of
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.settings import Settings, load_settings
from ecommerce.runtime import metrics
from ecommerce.warehouse import jobs
from ecommerce.warehouse.rendering import Value, render
from ecommerce.warehouse.spec import LoadSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from google.api_core.retry import Retry
    from google.cloud import bigquery

log = logging.getLogger(__name__)

CONNECTION = CONNECTION_WAREHOUSE
RETRY_SECONDS = 30
"""How long the client itself repeats a failed request; beyond that, Airflow retries the task."""
REQUEST_SECONDS = 60
"""How long one try of a request may take."""
INTERACTIVE_RETRY_SECONDS, INTERACTIVE_REQUEST_SECONDS = 5, 15
"""The same for commands, whose user waits at the terminal."""

CONCURRENT = "due to concurrent update"
"""BigQuery's words for a transaction that lost to another ("Transaction is aborted …"), and of a single
statement that did ("Could not serialize access to table …"); load's own SQL says the same."""

Parameter = str | int | date | datetime | None | Sequence[str]


@dataclass
class Warehouse:
    """One deployment's warehouse and a client for it. Not safe to share between threads. `interactive`: a
    request that fails is repeated for a few seconds only."""

    client: bigquery.Client
    settings: Settings
    labels: Mapping[str, str]
    bytes_billed: int = 0
    interactive: bool = False

    def bounded(self) -> dict[str, Any]:
        """The options of every request: how long it is repeated, and how long one try may take."""
        seconds = INTERACTIVE_REQUEST_SECONDS if self.interactive else REQUEST_SECONDS
        return {"retry": self.retry(), "timeout": seconds}

    def retry(self) -> Retry:
        """Repeat requests that failed in transit, for a short while only: the emulator answers some mistakes
        with 500, which the library's default repeats for ten minutes."""
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(INTERACTIVE_RETRY_SECONDS if self.interactive else RETRY_SECONDS)

    def result(self, job: Any, what: str, **options: Any) -> Any:
        """The result of `job`, which is given BIGQUERY_JOB_TIMEOUT_SECONDS. `options`: of the job's `result`.

        Raises:
            TimedOutError: it has not ended by then, and is cancelled.
        """
        jobs.wait(job, self.settings.bigquery_job_timeout_seconds, what, **self.bounded())
        return job.result(**self.bounded(), **options)

    def query(
        self,
        path: str,
        *,
        days: Collection[date] = (),
        staging: str | None = None,
        spec: LoadSpec | None = None,
        parameters: Mapping[str, Parameter] | None = None,
        **values: Value,
    ) -> list[dict[str, Any]]:
        """The rows of the statement `include/sql/<path>`, as `rendering.render` makes it; raises as `run`.
        Amounts are Decimal, instants aware datetimes in UTC. `parameters` are the statement's `@names`; lists
        are arrays of strings."""
        sql = render(
            path, days=days, read_days=(), staging=staging, spec=spec, settings=self.settings, **values
        )
        return self.run(sql, path, parameters)

    def arrow(
        self,
        path: str,
        *,
        days: Collection[date] = (),
        parameters: Mapping[str, Parameter] | None = None,
        **values: Value,
    ) -> pa.Table:
        """As `query`, the rows as an Arrow table: for questions with many rows."""
        sql = render(path, days=days, read_days=(), staging=None, spec=None, settings=self.settings, **values)
        # The Storage API would need another service, and a permission of its own.
        return self._asked(
            sql, path, parameters, None, lambda rows: rows.to_arrow(create_bqstorage_client=False)
        )

    def run(
        self,
        sql: str,
        what: str,
        parameters: Mapping[str, Parameter] | None = None,
        job_stem: str | None = None,
    ) -> list[dict[str, Any]]:
        """Run a statement or script and return the rows of its last SELECT.

        Args:
            sql: GoogleSQL.
            what: names the statement in logs and errors.
            parameters: as in `query`; a script takes none.
            job_stem: for what changes data, see `start`.

        Raises:
            ConcurrentUpdateError: another transaction won; everything of this one is undone.
            TimedOutError: the job has not ended within BIGQUERY_JOB_TIMEOUT_SECONDS, and is cancelled.
            TransientError, CredentialsError, ConfigurationError, ContractError: see `bigquery_errors`.
        """
        return self._asked(sql, what, parameters, job_stem, lambda rows: [dict(row.items()) for row in rows])

    def _asked(
        self,
        sql: str,
        what: str,
        parameters: Mapping[str, Parameter] | None,
        job_stem: str | None,
        shaped: Callable[[Any], Any],
    ) -> Any:
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            labels=dict(self.labels),
            maximum_bytes_billed=self.settings.maximum_bytes_billed,
            query_parameters=[_parameter(name, value) for name, value in (parameters or {}).items()],
        )
        options = self.bounded() | {
            "job_config": config,
            "location": self.settings.bigquery_location,
            "job_retry": None,  # a job that failed may have failed for good: Airflow's retry decides
        }
        with bigquery_errors(what):
            if job_stem:
                job = self.start(
                    lambda job_id: self.client.query(sql, job_id=job_id, **options), job_stem, finished=False
                )
            else:
                job = self.client.query(sql, **options)
            rows = shaped(self.result(job, what))
        billed = job.total_bytes_billed or 0
        self.bytes_billed += billed
        metrics.bytes_billed(billed, self.labels.get("step", "other"))
        log.info("%s: %d bytes billed", what, billed)
        return rows

    def start(self, begin: Callable[[str], Any], job_stem: str, *, finished: bool = True) -> Any:
        """Begin a job under an id made of `job_stem`, or re-attach to the one that is there already.

        A worker killed while its job ran leaves the job running; the retry comes to the same stem, finds the
        id taken, and waits for that job. A job that failed leaves no effect, so the next number is tried.
        (The emulator does not refuse a taken id: there the work is done again, with the same result.)

        `finished`: whether a job that has succeeded is taken for this one too. False for what changes the
        warehouse's tables: it may have been taken back since, and somebody runs it again.
        """
        from google.api_core.exceptions import Conflict

        for attempt in count(1):
            job_id = f"{job_stem}-{attempt}"
            try:
                return begin(job_id)
            except Conflict:
                job = self.client.get_job(job_id, location=self.settings.bigquery_location, **self.bounded())
                if not job.done(reload=False) or (finished and not job.error_result):
                    log.info("Re-attached to job %s, which an earlier try of this task began", job_id)
                    return job
        raise AssertionError("count() does not end")


def connect(settings: Settings | None = None, *, interactive: bool = False, **labels: str) -> Warehouse:
    """The warehouse of this deployment, through the connection `bigquery`. `labels` (such as
    `dag="daily_sales_pipeline"`) are put on every job beside `application`. `interactive`: see `Warehouse`.

    Raises:
        ConfigurationError: the connection does not exist or is unusable.
        CredentialsError: Google refuses its credentials.
    """
    settings = settings or load_settings()
    try:
        with bigquery_errors(f"connection {CONNECTION}"):
            client = _client(connection(CONNECTION), settings.bigquery_location)
    except (FileNotFoundError, PermissionError) as error:
        raise errors.ConfigurationError(
            f"connection {CONNECTION}: its key file {error.filename} cannot be read ({error.strerror}): set "
            "key_path in its extra to the service account's key on this machine"
        ) from None
    # BigQuery takes lower case letters, digits, dashes and underscores; 63 at most.
    fit = {name: re.sub(r"[^a-z0-9_-]", "_", value.lower())[:63] for name, value in labels.items()}
    return Warehouse(client, settings, {"application": "ecommerce-sales"} | fit, interactive=interactive)


_PREFIX = "extra__google_cloud_platform__"
"""Before the names of fields of connections that an older Airflow wrote."""
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEYS = ("key_path", "keyfile_dict", "is_anonymous")
_FIELDS = {*_KEYS, "project", "scope", "impersonation_chain", "num_retries"}


def _client(found: Connection, location: str) -> bigquery.Client:
    """The client that the Google provider's hook would make. Importing the hook takes seconds, so it makes
    only those of a connection with fields beyond `_FIELDS`, or with a key that it would refuse."""
    short = {name.removeprefix(_PREFIX): value for name, value in found.extra.items()} | found.extra
    fields = {
        name: value for name, value in short.items() if not (name.startswith(_PREFIX) or value in ("", None))
    }
    from google.cloud import bigquery

    try:
        credentials, project = _credentials(fields)
    except _UnusualError:
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        hook = BigQueryHook(gcp_conn_id=CONNECTION, location=location, use_legacy_sql=False)
        return hook.get_client(project_id=hook.project_id, location=location)
    return bigquery.Client(project=project or None, location=location, credentials=credentials)


class _UnusualError(Exception):
    """A connection that the hook shall read, or refuse in its own words."""


def _credentials(fields: Mapping[str, Any]) -> tuple[Any, str | None]:
    """The credentials and the project that the fields of a connection name."""
    import google.auth
    from google.auth import impersonated_credentials
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.service_account import Credentials

    key_path, keyfile_dict, is_anonymous = keys = [fields.get(name) for name in _KEYS]
    if not fields.keys() <= _FIELDS or sum(map(bool, keys)) > 1:
        raise _UnusualError
    if is_anonymous:
        return AnonymousCredentials(), fields.get("project")
    scopes = [each.strip() for each in fields.get("scope", _SCOPE).split(",")]
    if key_path:
        if not key_path.endswith(".json"):
            raise _UnusualError
        credentials = Credentials.from_service_account_file(key_path, scopes=scopes)
        own = credentials.project_id
    elif keyfile_dict:
        try:
            info = dict(json.loads(keyfile_dict) if isinstance(keyfile_dict, str) else keyfile_dict)
            info["private_key"] = info["private_key"].replace("\\n", "\n")
        except (ValueError, TypeError, LookupError, AttributeError):
            raise _UnusualError from None
        credentials = Credentials.from_service_account_info(info, scopes=scopes)
        own = credentials.project_id
    else:
        credentials, own = google.auth.default(scopes=scopes)
    if chain := fields.get("impersonation_chain"):
        if isinstance(chain, str):
            chain = [each.strip() for each in chain.split(",")] if "," in chain else [chain]
        if "@" not in chain[-1]:
            raise _UnusualError
        credentials = impersonated_credentials.Credentials(
            source_credentials=credentials,
            target_principal=chain[-1],
            delegates=list(chain[:-1]) or None,
            target_scopes=scopes,
        )
        own = chain[-1].split("@")[1].split(".")[0]
    return credentials, fields.get("project") or own


@contextmanager
def bigquery_errors(what: str) -> Iterator[None]:
    """Turn what the Google libraries raise into errors of this package; refusals without cause, as causes
    quote the account's address in the log.

    Raises:
        ConcurrentUpdateError: BigQuery cancelled the transaction or statement in favour of another.
        CredentialsError: 401, 403, or credentials that cannot be used.
        TransientError: quota and rate limits, 5xx, lost connections, timeouts.
        ConfigurationError: the connection is missing, or a job would bill more than MAXIMUM_BYTES_BILLED.
        ContractError: everything else BigQuery refuses: SQL, schemas, missing tables.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import (
        DefaultCredentialsError,
        GoogleAuthError,
        MalformedError,
        RefreshError,
        TransportError,
    )
    from requests import exceptions

    unusable = (
        (MalformedError, "its key file is no service account's key"),
        (RefreshError, "Google refuses them: is the key still valid, is this machine's clock right?"),
        (DefaultCredentialsError, "there are none: set key_path in its extra to a service account's key"),
    )

    try:
        yield
    except GoogleAPICallError as error:
        raise _refusal(what, error) from None
    except (
        RetryError,
        exceptions.ConnectionError,
        exceptions.Timeout,
        TimeoutError,
        TransportError,
    ) as error:
        if isinstance(error, RetryError) and isinstance(error.cause, GoogleAPICallError):
            raise _refusal(what, error.cause) from None  # it was reached, and refused each attempt
        raise errors.TransientError(f"{what}: BigQuery cannot be reached: {reason_of(error)}") from error
    except GoogleAuthError as error:
        why = next((words for kind, words in unusable if isinstance(error, kind)), "they cannot be read")
        raise errors.CredentialsError(
            f"{what}: the credentials of connection `{CONNECTION}` cannot be used: {why}"
        ) from error
    except _of_airflow() as error:
        raise errors.ConfigurationError(f"{what}: {_without_addresses(str(error))}") from None


def _refusal(what: str, error: Any) -> errors.PipelineError:
    text = _without_addresses(words_of(error) if _NO_DATASET in str(error) else error.message or str(error))
    return _kind_of(error)(f"{what}: {_OLDER_TABLE if _INVALID in str(error) else ''}{text}")


def words_of(error: Any) -> str:
    """Return why BigQuery refused, without the request's address and the job's ids, with the remedy for a
    missing dataset."""
    text = (error.message or str(error)).rpartition("prettyPrint=false: ")[2]
    text = " ".join(re.split(r"; reason:|\n\nLocation:|\nLINE ", text)[0].split())
    if text.startswith(_NO_DATASET):
        text += ": is BIGQUERY_LOCATION right? The first run creates the dataset, and so does make migrate"
    return text


def _of_airflow() -> tuple[type[Exception], ...]:
    """The class of what Airflow raises, where it has been imported."""
    if "airflow" not in sys.modules:
        return ()
    from airflow.exceptions import AirflowException

    return (AirflowException,)


_NO_DATASET = "Not found: Dataset"
_INVALID = "invalidQuery"  # the reason BigQuery gives; its text names the column in one of many ways
_OLDER_TABLE = "the tables and this statement do not fit; if a column is missing, run make migrate: "
_PASSING = {"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded", "backendError", "internalError"}


def _kind_of(error: Any) -> type[errors.PipelineError]:
    text = str(error).lower()
    reasons = {detail.get("reason") for detail in error.errors or () if isinstance(detail, dict)}
    if CONCURRENT in text:
        return errors.ConcurrentUpdateError
    if "bytesBilledLimitExceeded" in reasons:
        return errors.ConfigurationError
    if error.code in (429, 500, 502, 503, 504) or reasons & _PASSING:
        return errors.TransientError
    return errors.CredentialsError if error.code in (401, 403) else errors.ContractError


def _without_addresses(text: str) -> str:
    # BigQuery names the service account in refusals; addresses do not belong in logs.
    return re.sub(r"[\w.+-]+@[\w.-]+", "<address>", text.strip())


def _parameter(name: str, value: Parameter) -> Any:
    from google.cloud import bigquery

    if isinstance(value, (list, tuple)):
        return bigquery.ArrayQueryParameter(name, "STRING", list(value))
    kind = next((sql for python, sql in _PARAMETER_TYPES if isinstance(value, python)), "STRING")
    return bigquery.ScalarQueryParameter(name, kind, value)


_PARAMETER_TYPES = ((datetime, "TIMESTAMP"), (date, "DATE"), (int, "INT64"))
