"""BigQuery through the Google provider's connection `bigquery`, real or emulated.

Every job has labels, and every query a limit of the bytes it may bill.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from tenacity import (
    before_sleep_log,
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from ecommerce.core.connections import AIRFLOW_IMPORT
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import (
    ConcurrentUpdateError,
    ConfigurationError,
    TimedOutError,
)
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.settings import Settings, load_settings
from ecommerce.runtime import lineage, metrics
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.rendering import render

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

log = logging.getLogger(__name__)

RETRY_SECONDS, REQUEST_SECONDS = 30, 60
"""How long the client itself repeats a failed request, and the timeout of one request. Beyond that, Airflow
retries the task."""
INTERACTIVE_RETRY_SECONDS, INTERACTIVE_REQUEST_SECONDS = 5, 15
"""The same for commands, whose user waits at the terminal."""
LONGEST_PAUSE = 5.0
"""Seconds between two requests for a job's state."""
CANCEL_SECONDS = 10
"""The timeout of the request to cancel a job, which is not repeated."""

ATTEMPTS = 12
"""Attempts of a transaction that conflicts with others, with three minutes of pauses on average. Then Airflow
retries the task."""

Parameter = str | int | date | datetime | None | Sequence[str]

retry_conflicts = retry(
    retry=retry_if_exception_type(ConcurrentUpdateError),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_random_exponential(max=60),
    before_sleep=before_sleep_log(log, logging.INFO),
    reraise=True,
)
"""Repeats a function that BigQuery cancels in favour of another transaction."""


@dataclass
class Warehouse:
    """One deployment's warehouse and a client for it; not thread-safe. `interactive`: a failed request is
    repeated for a few seconds only."""

    client: bigquery.Client
    settings: Settings
    labels: Mapping[str, str]
    bytes_billed: int = 0
    interactive: bool = False

    def bounded(self) -> dict[str, Any]:
        """Return the retry and timeout of every request. The emulator answers some mistakes with 500, which
        the library's default repeats for ten minutes."""
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        if self.interactive:
            retry, timeout = INTERACTIVE_RETRY_SECONDS, INTERACTIVE_REQUEST_SECONDS
        else:
            retry, timeout = RETRY_SECONDS, REQUEST_SECONDS
        return {"retry": DEFAULT_RETRY.with_timeout(retry), "timeout": timeout}

    def query(
        self,
        path: str,
        *,
        parameters: Mapping[str, Parameter] | None = None,
        **template: Any,
    ) -> list[dict[str, Any]]:
        """Return the rows of the statement `include/sql/<path>`; raises as `run`. Amounts are Decimal,
        instants aware datetimes in UTC. `parameters` are the statement's `@names`, and lists arrays of
        strings; `template` has the arguments of `rendering.render`."""
        return self.run(
            render(path, settings=self.settings, **template), path, parameters
        )

    @retry_conflicts
    def transact(self, path: str, **template: Any) -> list[dict[str, Any]]:
        """Run the transaction `include/sql/<path>`, which begins with `lock.sql`, and return the rows of its
        last SELECT. It has no parameters: `template` has the arguments and values of `rendering.render`.
        Raises as `run`, and ConcurrentUpdateError where other transactions won `ATTEMPTS` times."""
        return self.query(path, **template)

    def arrow(
        self,
        path: str,
        *,
        parameters: Mapping[str, Parameter] | None = None,
        **template: Any,
    ) -> pa.Table:
        """Return the rows of `query` as an Arrow table, for many rows; arguments as there."""
        sql = render(path, settings=self.settings, **template)
        with bigquery_errors(path):
            # The Storage API would be another service to enable, with a permission of its own.
            return self.rows(self.begin_query(sql, parameters), path).to_arrow(
                create_bqstorage_client=False
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
            parameters: as in `query`; a script has none.
            job_stem: of a job that changes data, see `start`.

        Raises:
            ConcurrentUpdateError: another transaction won; this one is rolled back.
            TimedOutError: the job has not ended within BIGQUERY_JOB_TIMEOUT_SECONDS, and is cancelled.
            TransientError, CredentialsError, ConfigurationError, ContractError: see `bigquery_errors`.
        """

        def begin(job_id: str | None = None) -> Any:
            return self.begin_query(sql, parameters, job_id)

        with bigquery_errors(what):
            job = self.start(begin, job_stem, finished=False) if job_stem else begin()
            return [dict(row.items()) for row in self.rows(job, what)]

    def begin_query(
        self,
        sql: str,
        parameters: Mapping[str, Parameter] | None = None,
        job_id: str | None = None,
        timeout: float | None = None,
        **config: Any,
    ) -> Any:
        """Begin a query job and return it; raises as the client.

        Args:
            sql: GoogleSQL.
            parameters: as in `query`.
            job_id: chosen by BigQuery when not given.
            timeout: seconds for the request; as `bounded` when not given.
            config: further fields of its `QueryJobConfig`.
        """
        from google.cloud import bigquery

        job_config = bigquery.QueryJobConfig(
            labels=dict(self.labels),
            maximum_bytes_billed=self.settings.maximum_bytes_billed,
            query_parameters=[
                _parameter(name, value) for name, value in (parameters or {}).items()
            ],
            **config,
        )
        return self.client.query(
            sql,
            job_config=job_config,
            job_id=job_id,
            location=self.settings.bigquery_location,
            job_retry=None,  # a job that failed may have failed for good: Airflow's retry decides
            **self.bounded() | ({"timeout": timeout} if timeout else {}),
        )

    def rows(self, job: Any, what: str, **options: Any) -> Any:
        """Return the rows of a query job, and count the bytes it billed; arguments as `result`."""
        rows = self.result(job, what, **options)
        lineage.report_query(
            job.query,
            namespace=lineage.BIGQUERY,
            database=job.project,
            query_id=job.job_id,
        )
        billed = job.total_bytes_billed or 0
        self.bytes_billed += billed
        metrics.bytes_billed(billed, self.labels.get("step", "other"))
        log.info("%s: %d bytes billed", what, billed)
        return rows

    def result(self, job: Any, what: str, **options: Any) -> Any:
        """Return the result of `job`, which `what` names in errors; `options` are those of its `result`.
        (`job.result(timeout=…)` cancels nothing, and waits two minutes for one response, however short its
        timeout.)

        Raises:
            TimedOutError: the job has not ended within BIGQUERY_JOB_TIMEOUT_SECONDS; it is cancelled.
            GoogleAPICallError, RetryError: the job failed, or its state is unknown: it continues, and the
                next attempt re-attaches to it.
        """
        seconds = self.settings.bigquery_job_timeout_seconds
        end, pause = time.monotonic() + seconds, 0.1
        try:
            while not job.done(**self.bounded()):
                if (left := end - time.monotonic()) <= 0:
                    raise TimedOutError(
                        f"{what}: BigQuery has not finished job {job.job_id} within {seconds:g} seconds "
                        "(BIGQUERY_JOB_TIMEOUT_SECONDS); the job is cancelled"
                    )
                time.sleep(min(pause, left))
                pause = min(1.5 * pause, LONGEST_PAUSE)
        except BaseException as error:
            # The job or the task timed out, or the command was interrupted.
            if isinstance(error, TimedOutError) or not isinstance(error, Exception):
                _cancel(job)
            raise
        return job.result(**self.bounded(), **options)

    def start(
        self, begin: Callable[[str], Any], job_stem: str, *, finished: bool = True
    ) -> Any:
        """Begin a job with an id made of `job_stem`, or re-attach to an existing one.

        A job outlives its worker. The retry computes the same id, which BigQuery refuses, and waits for that
        job. A job that failed has no effect, so the next number is used. (The emulator accepts an id again:
        there the work is repeated, with the same result.)

        Args:
            begin: begins the job with an id.
            job_stem: made of the run and the content.
            finished: whether to re-attach to a job that has succeeded. False for what changes the warehouse's
                tables: the change may have been undone since.
        """
        from google.api_core.exceptions import Conflict

        for attempt in count(1):
            job_id = f"{job_stem}-{attempt}"
            try:
                return begin(job_id)
            except Conflict:
                job = self.client.get_job(
                    job_id, location=self.settings.bigquery_location, **self.bounded()
                )
                if not job.done(reload=False) or (finished and not job.error_result):
                    log.info("Re-attached to job %s of an earlier attempt", job_id)
                    return job
        raise AssertionError("count() does not end")


def connect(
    settings: Settings | None = None, *, interactive: bool = False, **labels: str
) -> Warehouse:
    """Open this deployment's warehouse. Every job has `labels`, such as `dag="daily_sales_pipeline"`.

    Raises:
        ConfigurationError: the connection `bigquery` does not exist or is invalid.
        CredentialsError: its credentials are invalid.
    """
    settings = settings or load_settings()
    try:
        with bigquery_errors(f"connection {CONNECTION_WAREHOUSE}"):
            client = None
            if interactive and "airflow" not in sys.modules:
                client = _client_without_airflow(settings.bigquery_location)
            client = client or _client_of_hook(settings.bigquery_location)
    except (FileNotFoundError, PermissionError) as error:
        raise ConfigurationError(
            f"connection {CONNECTION_WAREHOUSE}: its key file {error.filename} cannot be read "
            f"({error.strerror}): set key_path in its extra to the service account's key on this machine"
        ) from None
    # BigQuery takes lower case letters, digits, dashes and underscores; 63 at most.
    fit = {
        name: re.sub(r"[^a-z0-9_-]", "_", value.lower())[:63]
        for name, value in labels.items()
    }
    return Warehouse(
        client,
        settings,
        {"application": "ecommerce-sales"} | fit,
        interactive=interactive,
    )


def _client_without_airflow(location: str) -> bigquery.Client | None:
    """Return the client of a connection in the environment that has no other fields than those of
    `.env.example`; None for any other. Importing Airflow takes several times as long as the whole query."""
    if (
        "AIRFLOW__SECRETS__BACKEND" in os.environ
    ):  # it takes precedence over the environment
        return None
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery
    from google.oauth2.service_account import Credentials

    try:
        connection = json.loads(
            os.environ.get(f"AIRFLOW_CONN_{CONNECTION_WAREHOUSE.upper()}", "")
        )
    except ValueError:
        return None
    match connection:
        case {"extra": {"project": str(project), "is_anonymous": True, **others}} if (
            not others
        ):
            credentials: Any = AnonymousCredentials()
        case {"extra": {"project": str(project), "key_path": str(path), **others}} if (
            not others
        ):
            credentials = Credentials.from_service_account_file(path)
        case _:
            return None
    return bigquery.Client(project=project, location=location, credentials=credentials)


def _client_of_hook(location: str) -> bigquery.Client:
    with AIRFLOW_IMPORT:
        from airflow.exceptions import AirflowException
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    try:
        hook = BigQueryHook(
            gcp_conn_id=CONNECTION_WAREHOUSE, location=location, use_legacy_sql=False
        )
        return hook.get_client(project_id=hook.project_id, location=location)
    except AirflowException as error:
        raise ConfigurationError(
            f"connection {CONNECTION_WAREHOUSE}: {mask_e_mails(str(error))}"
        ) from None


def _cancel(job: Any) -> None:
    try:
        job.cancel(retry=None, timeout=CANCEL_SECONDS)
        log.warning("Cancelled job %s", job.job_id)
    except Exception as error:
        log.warning("Job %s could not be cancelled: %s", job.job_id, reason_of(error))


def _parameter(name: str, value: Parameter) -> Any:
    from google.cloud import bigquery

    if isinstance(value, (list, tuple)):
        return bigquery.ArrayQueryParameter(name, "STRING", list(value))
    types = {datetime: "TIMESTAMP", date: "DATE", int: "INT64"}
    kind = next(
        (sql for python, sql in types.items() if isinstance(value, python)), "STRING"
    )
    return bigquery.ScalarQueryParameter(name, kind, value)
