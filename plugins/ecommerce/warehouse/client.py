"""BigQuery through the Google provider's connection `bigquery`, real or emulated.

Every job has labels, and every query a limit of the bytes it may bill.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tenacity

from ecommerce.core.connections import AIRFLOW_IMPORT
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import (
    ConcurrentUpdateError,
    ConfigurationError,
    TimedOutError,
)
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.settings import NO_NEW_COLUMN, Settings, load_settings
from ecommerce.core.values import Row, Values
from ecommerce.runtime import lineage, metrics
from ecommerce.storage.staging import storage_errors
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.query_response import note_end
from ecommerce.warehouse.rendering import columns, render

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery
    from google.cloud.bigquery.table import RowIterator

log = logging.getLogger(__name__)

RETRY_SECONDS = 30
"""How long the client itself repeats a failed request. Beyond that, Airflow retries the task."""
REQUEST_SECONDS = 60
"""The timeout of one request."""
MAX_POLL_INTERVAL = 5.0
"""Seconds between two requests for a job's state."""
CANCEL_SECONDS = 10
"""The timeout of the request to cancel a job, which is not repeated."""

CONFLICT_ATTEMPTS = 12
"""Attempts of a transaction that conflicts with others, with three minutes of pauses on average. Then Airflow
retries the task."""

DATA_FRAMES = {"pandas", "pandas_gbq", "db_dtypes"}
"""Libraries that BigQuery's client can do without."""

retry_conflicts = tenacity.retry(
    retry=tenacity.retry_if_exception_type(ConcurrentUpdateError),
    stop=tenacity.stop_after_attempt(CONFLICT_ATTEMPTS),
    wait=tenacity.wait_random_exponential(max=60),
    before_sleep=tenacity.before_sleep_log(log, logging.INFO),
    reraise=True,
)
"""Repeats a function that BigQuery cancels in favour of another transaction."""


@dataclass
class Warehouse:
    """One deployment's warehouse and a client for it; not thread-safe."""

    client: bigquery.Client
    settings: Settings
    labels: dict[str, str]
    bytes_billed: int = 0

    def request_options(self) -> Values:
        """Return the retry and timeout of every request. The emulator answers some mistakes with 500, which
        the library's default repeats for ten minutes."""
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        return {
            "retry": DEFAULT_RETRY.with_timeout(RETRY_SECONDS),
            "timeout": REQUEST_SECONDS,
        }

    def query(self, path: str, **values: Any) -> list[Row]:
        """Return the rows of the statement `include/sql/<path>`: amounts are Decimal, instants aware
        datetimes in UTC. `values` are the arguments of `rendering.render`, and `parameters`, the statement's
        `@names`: texts, instants and lists of texts. Raise PipelineError if BigQuery refuses the statement,
        or cannot be reached."""
        with bigquery_errors(path):
            return _plain(self._read(path, **values))

    @retry_conflicts
    def transact(self, path: str, **template: Any) -> list[Row]:
        """Run the transaction `include/sql/<path>`, which begins with `lock.sql`, and return the rows of its
        last SELECT. It has no parameters: `template` has the arguments and values of `rendering.render`.
        Raise ConcurrentUpdateError if other transactions won `CONFLICT_ATTEMPTS` times, PipelineError if
        BigQuery refuses a statement, or cannot be reached."""
        return self.run(render(path, settings=self.settings, **template), path)

    def table_rows(
        self, table: str, fields: Sequence[bigquery.SchemaField] | None = None
    ) -> list[Row]:
        """Return the rows of a small table, `dataset.table`, without a job, which would cost a second, and
        with `fields`, its columns, also without a request for these. Raise PipelineError if BigQuery refuses
        the request, or cannot be reached."""
        with bigquery_errors(f"read {table}"):
            rows = self.client.list_rows(
                table, selected_fields=fields, **self.request_options()
            )
            return _plain(rows)

    def arrow(self, path: str, **values: Any) -> pa.Table:
        """Return what `query` returns as an Arrow table, for many rows."""
        with bigquery_errors(path):
            rows = self._read(path, **values)
            # The Storage API would be another service to enable, with a permission of its own.
            return rows.to_arrow(create_bqstorage_client=False)

    def _read(
        self, path: str, *, parameters: Values | None = None, **template: Any
    ) -> RowIterator:
        sql = render(path, settings=self.settings, **template)
        named = [_parameter(*item) for item in (parameters or {}).items()]
        # One request begins the job, waits for it and returns its rows.
        job = self.begin_query(sql, api_method="QUERY", query_parameters=named)
        note_end(job)
        return self.rows(job, path)

    def run(
        self,
        sql: str,
        what: str,
        job_stem: str | None = None,
    ) -> list[Row]:
        """Run a statement or script and return the rows of its last SELECT.

        Args:
            sql: GoogleSQL.
            what: Name of the statement in logs and errors.
            job_stem: Beginning of the id of a job that changes data; see `start`.

        Raises:
            ConcurrentUpdateError: another transaction won; this one is rolled back.
            TimedOutError: the job has not ended within BIGQUERY_JOB_TIMEOUT_SECONDS, and is cancelled.
            TransientError, CredentialsError, ConfigurationError, ContractError: see `bigquery_errors`.
        """
        begin = partial(self.begin_query, sql)
        with bigquery_errors(what):
            if job_stem:
                job = self.start(begin, job_stem, reuse_finished=False)
            else:
                job = begin()
            return _plain(self.rows(job, what))

    def begin_query(
        self,
        sql: str,
        job_id: str | None = None,
        *,
        api_method: str = "INSERT",
        **config: Any,
    ) -> bigquery.QueryJob:
        """Begin a query job and return it; raise GoogleAPICallError if BigQuery refuses it.

        Args:
            sql: GoogleSQL.
            job_id: Id of the job; by default BigQuery chooses one.
            api_method: `INSERT` returns at once, `QUERY` when the job is done or after `REQUEST_SECONDS`; of
                `google.cloud.bigquery.enums.QueryApiMethod`.
            config: Further fields of its `QueryJobConfig`.
        """
        from google.cloud import bigquery

        job_config = bigquery.QueryJobConfig(
            labels=self.labels,
            maximum_bytes_billed=self.settings.maximum_bytes_billed,
            **config,
        )
        return self.client.query(
            sql,
            job_config=job_config,
            job_id=job_id,
            api_method=api_method,
            # A job that failed may have failed for good: Airflow's retry decides.
            job_retry=None,
            **self.request_options(),
        )

    def begin_load(
        self,
        source: Path | list[str],
        table: str,
        schema: Sequence[bigquery.SchemaField],
        job_id: str | None = None,
    ) -> bigquery.LoadJob:
        """Begin a load job that replaces the rows of `table`, `dataset.table`, which it creates if it is
        missing, by those of a Parquet file, which is uploaded, or of files in Google Cloud Storage, which
        BigQuery reads itself; raise GoogleAPICallError if BigQuery refuses it."""
        from google.cloud import bigquery

        lists = bigquery.ParquetOptions()
        # Otherwise BigQuery reads a Parquet list as a record `list.element`.
        lists.enable_list_inference = True
        options: Values = {
            "destination": table,
            "job_id": job_id,
            "job_config": bigquery.LoadJobConfig(
                source_format="PARQUET",
                parquet_options=lists,
                schema=schema,
                write_disposition="WRITE_TRUNCATE",
                labels=self.labels,
            ),
        }
        if isinstance(source, list):
            return self.client.load_table_from_uri(
                source, **options, **self.request_options()
            )
        with storage_errors(str(source)):
            stream = source.open("rb")
        with stream:
            return self.client.load_table_from_file(
                stream, timeout=REQUEST_SECONDS, **options
            )

    def rows(self, job: bigquery.QueryJob, what: str, **options: Any) -> RowIterator:
        """Return the rows of a query job, and count the bytes it billed; see `result`."""
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
            GoogleAPICallError: the job failed.
            google.api_core.exceptions.RetryError: its state is unknown. It continues, and the next attempt
                re-attaches to it.
        """
        seconds = self.settings.bigquery_job_timeout_seconds
        wait_until_done = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda is_done: not is_done),
            stop=tenacity.stop_after_delay(seconds),
            wait=tenacity.wait_exponential(
                multiplier=0.1, max=MAX_POLL_INTERVAL, exp_base=1.5
            ),
        )
        try:
            wait_until_done(job.done, **self.request_options())
        except tenacity.RetryError:
            _cancel(job)
            raise TimedOutError(
                f"{what}: BigQuery has not finished job {job.job_id} within {seconds:g} seconds "
                "(BIGQUERY_JOB_TIMEOUT_SECONDS); the job is cancelled"
            ) from None
        except BaseException as error:
            # The task timed out, or the command was interrupted.
            if not isinstance(error, Exception):
                _cancel(job)
            raise
        return job.result(**self.request_options(), **options)

    def start(
        self,
        begin: Callable[[str], Any],
        job_stem: str,
        *,
        reuse_finished: bool = True,
    ) -> Any:
        """Begin a job with an id made of `job_stem`, or re-attach to an existing one.

        A job outlives its worker. The retry computes the same id, which BigQuery refuses, and waits for that
        job. A job that failed has no effect, so the next number is used. (The emulator accepts an id again:
        there the work is repeated, with the same result.)

        Args:
            begin: Function that begins the job with an id.
            job_stem: Beginning of the id, made of the run and the content.
            reuse_finished: Whether to re-attach to a job that has succeeded. False for what changes the
                warehouse's tables: the change may have been undone since.
        """
        from google.api_core.exceptions import Conflict

        attempt = 0
        while True:
            attempt += 1
            job_id = f"{job_stem}-{attempt}"
            try:
                return begin(job_id)
            except Conflict:
                job = self.client.get_job(job_id, **self.request_options())
                is_running = not job.done(reload=False)
                if is_running or (reuse_finished and not job.error_result):
                    log.info("Re-attached to job %s of an earlier attempt", job_id)
                    return job


def connect(
    settings: Settings | None = None,
    *,
    extra: Values | None = None,
    **labels: str,
) -> Warehouse:
    """Open this deployment's warehouse. Every job has `labels`, such as `dag="daily_sales_pipeline"`.

    A command that knows the `extra` of the connection `bigquery` passes it: with the fields of `.env.example`
    the client needs no import of Airflow, which would take most of the command's time.

    Raises:
        ConfigurationError: the connection `bigquery` does not exist or is invalid, or an attribute of orders
            has the name of a column.
        CredentialsError: its credentials are invalid.
    """
    settings = settings or load_settings()
    taken = {column.name for column in columns("orders")}
    for name in settings.order_attributes:
        if name.lower() in taken:
            raise ConfigurationError(f"ORDER_ATTRIBUTES: {name!r} {NO_NEW_COLUMN}")
    location = settings.bigquery_location
    what = f"connection {CONNECTION_WAREHOUSE}"
    try:
        with bigquery_errors(what):
            client = _plain_client(extra or {}, location) or _hook_client(location)
    except OSError as error:  # a key file that cannot be read
        raise ConfigurationError(f"{what}: {mask_e_mails(str(error))}") from None
    except (JSONDecodeError, UnicodeDecodeError):
        raise ConfigurationError(f"{what}: the file of key_path is not JSON") from None
    fit = {"application": "ecommerce-sales"}
    for name, value in labels.items():
        # A label has no capitals and no dots.
        fit[name] = re.sub("[^a-z0-9_-]", "_", value.lower())[:63]
    return Warehouse(client, settings, fit)


def _plain_client(extra: Values, location: str) -> bigquery.Client | None:
    """Return the client of a connection that has a project, and a key file or no credentials, as in
    `.env.example`; None for any other."""
    key_file = str(extra.get("key_path"))
    has_key_file = key_file.endswith(".json")
    expected = {"project", "key_path" if has_key_file else "is_anonymous"}
    if extra.keys() != expected or not all(extra.values()):
        return None
    bigquery = _import_without_pandas()
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.service_account import Credentials

    if has_key_file:
        credentials = Credentials.from_service_account_file(key_file)
    else:
        credentials = AnonymousCredentials()
    return bigquery.Client(extra["project"], credentials, location=location)


def _hook_client(location: str) -> bigquery.Client:
    """Return the client of Airflow's connection, of any kind."""
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


def _import_without_pandas() -> Any:
    """Import BigQuery's client as where pandas is not installed. The client needs it for data frames only,
    but would import it at once, which takes longer than the client itself."""
    hidden: Values = dict.fromkeys(DATA_FRAMES - sys.modules.keys())
    sys.modules.update(hidden)
    try:
        from google.cloud import bigquery
    finally:
        for name in hidden:
            del sys.modules[name]
    return bigquery


def _cancel(job: Any) -> None:
    log.warning("Cancelling job %s", job.job_id)
    # BigQuery may be out of reach; the error that led here is the one to report.
    with suppress(Exception):
        job.cancel(retry=None, timeout=CANCEL_SECONDS)


def _plain(rows: RowIterator) -> list[Row]:
    return [dict(row.items()) for row in rows]


def _parameter(name: str, value: Any) -> Any:
    from google.cloud import bigquery

    if isinstance(value, datetime):
        return bigquery.ScalarQueryParameter(name, "TIMESTAMP", value)
    if isinstance(value, str):
        return bigquery.ScalarQueryParameter(name, "STRING", value)
    return bigquery.ArrayQueryParameter(name, "STRING", list(value))
