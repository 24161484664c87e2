"""BigQuery through the Google provider's connection `bigquery`, real or emulated.

Every job has labels, and every query a limit of the bytes it may bill.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from ecommerce.core.settings import Settings, load_settings
from ecommerce.runtime import lineage, metrics
from ecommerce.warehouse import jobs
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.credentials import create_client
from ecommerce.warehouse.rendering import Value, render
from ecommerce.warehouse.spec import LoadSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from google.api_core.retry import Retry
    from google.cloud import bigquery

log = logging.getLogger(__name__)

RETRY_SECONDS = 30
"""How long the client itself repeats a failed request; beyond that, Airflow retries the task."""
REQUEST_SECONDS = 60
"""The timeout of one request."""
INTERACTIVE_RETRY_SECONDS, INTERACTIVE_REQUEST_SECONDS = 5, 15
"""The same for commands, whose user waits at the terminal."""

Parameter = str | int | date | datetime | None | Sequence[str]


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
        """Return the options of every request: its retry and timeout."""
        seconds = INTERACTIVE_REQUEST_SECONDS if self.interactive else REQUEST_SECONDS
        return {"retry": self.retry(), "timeout": seconds}

    def retry(self) -> Retry:
        """Return a retry of requests that failed in transit, limited in time: the emulator answers some
        mistakes with 500, which the library's default repeats for ten minutes."""
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(INTERACTIVE_RETRY_SECONDS if self.interactive else RETRY_SECONDS)

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
        """Return the rows of the statement `include/sql/<path>`; raises as `run`. Amounts are Decimal,
        instants aware datetimes in UTC.

        Args:
            path: below include/sql.
            days: as in `rendering.render`, and so are staging, spec and values.
            staging: the suffix of a load's staging tables.
            spec: a domain's load.
            parameters: the statement's `@names`; lists are arrays of strings.
            values: dates and whole numbers, by the name the template uses.
        """
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
        """Return the rows of `query` as an Arrow table, for many rows; arguments as there."""
        sql = render(path, days=days, read_days=(), staging=None, spec=None, settings=self.settings, **values)
        with bigquery_errors(path):
            # The Storage API would be another service to enable, with a permission of its own.
            return self.rows(self.begin_query(sql, parameters), path).to_arrow(create_bqstorage_client=False)

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
        with bigquery_errors(what):
            if job_stem:
                job = self.start(
                    lambda job_id: self.begin_query(sql, parameters, job_id), job_stem, finished=False
                )
            else:
                job = self.begin_query(sql, parameters)
            return [dict(row.items()) for row in self.rows(job, what)]

    def begin_query(
        self,
        sql: str,
        parameters: Mapping[str, Parameter] | None = None,
        job_id: str | None = None,
        timeout: float | None = None,
        **config: Any,
    ) -> Any:
        """Begin a query job and return it.

        Args:
            sql: GoogleSQL.
            parameters: as in `query`.
            job_id: chosen by BigQuery when not given.
            timeout: seconds for the request; as `bounded` when not given.
            config: further fields of its `QueryJobConfig`.

        Raises:
            GoogleAPICallError: as the client.
        """
        from google.cloud import bigquery

        job_config = bigquery.QueryJobConfig(
            labels=dict(self.labels),
            maximum_bytes_billed=self.settings.maximum_bytes_billed,
            query_parameters=[_parameter(name, value) for name, value in (parameters or {}).items()],
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
        lineage.report_query(job.query, namespace=lineage.BIGQUERY, database=job.project, query_id=job.job_id)
        billed = job.total_bytes_billed or 0
        self.bytes_billed += billed
        metrics.bytes_billed(billed, self.labels.get("step", "other"))
        log.info("%s: %d bytes billed", what, billed)
        return rows

    def result(self, job: Any, what: str, **options: Any) -> Any:
        """Return the result of `job`, for which it waits BIGQUERY_JOB_TIMEOUT_SECONDS.

        Args:
            job: a query or load job.
            what: names it in logs and errors.
            options: of the job's `result`.

        Raises:
            TimedOutError: the job has not ended by then, and is cancelled.
        """
        jobs.wait(job, self.settings.bigquery_job_timeout_seconds, what, **self.bounded())
        return job.result(**self.bounded(), **options)

    def start(self, begin: Callable[[str], Any], job_stem: str, *, finished: bool = True) -> Any:
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
                job = self.client.get_job(job_id, location=self.settings.bigquery_location, **self.bounded())
                if not job.done(reload=False) or (finished and not job.error_result):
                    log.info("Re-attached to job %s of an earlier attempt", job_id)
                    return job
        raise AssertionError("count() does not end")


def connect(settings: Settings | None = None, *, interactive: bool = False, **labels: str) -> Warehouse:
    """Open this deployment's warehouse.

    Args:
        settings: read from the environment when not given.
        interactive: see `Warehouse`.
        labels: of every job, in addition to `application`, such as `dag="daily_sales_pipeline"`.

    Raises:
        ConfigurationError: the connection `bigquery` does not exist or is invalid.
        CredentialsError: its credentials are invalid.
    """
    settings = settings or load_settings()
    client = create_client(settings.bigquery_location)
    # BigQuery takes lower case letters, digits, dashes and underscores; 63 at most.
    fit = {name: re.sub(r"[^a-z0-9_-]", "_", value.lower())[:63] for name, value in labels.items()}
    return Warehouse(client, settings, {"application": "ecommerce-sales"} | fit, interactive=interactive)


_PARAMETER_TYPES = ((datetime, "TIMESTAMP"), (date, "DATE"), (int, "INT64"))


def _parameter(name: str, value: Parameter) -> Any:
    from google.cloud import bigquery

    if isinstance(value, (list, tuple)):
        return bigquery.ArrayQueryParameter(name, "STRING", list(value))
    kind = next((sql for python, sql in _PARAMETER_TYPES if isinstance(value, python)), "STRING")
    return bigquery.ScalarQueryParameter(name, kind, value)
