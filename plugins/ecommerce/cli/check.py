"""`make check` (`python -m ecommerce.cli.check`): is everything there that the pipeline needs?

One line per setting, connection and folder; arguments name those to look at. Nothing is changed, but for a
file written to each folder and removed again, and what the first run would create in a warehouse that exists.
Sources that are `off` in the Variable `source_policy` are not asked.

    ok    sales_db          PostgreSQL 18.4, all queries fit its tables
    hint  sales_db          faster with: CREATE INDEX ON refunds (order_id)
    FAIL  storefront_api    storefront_api: GET /orders (page 1) answered 401 …: check …
"""

from __future__ import annotations

import json
import logging
import os
import smtplib
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from ecommerce.cli.command import see_connections_of_the_ui
from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.errors import (
    ConfigurationError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from ecommerce.core.findings import FAIL, HINT, OFF, OK, Finding, Lines
from ecommerce.core.settings import load_settings
from ecommerce.core.staging import is_local, local_or_uri, storage_path
from ecommerce.mail import transport as mail
from ecommerce.sales.source_policy import source_policy
from ecommerce.sources import SOURCES, module


def _settings() -> Lines:
    settings = load_settings()
    shown = [
        f"{field.name.upper()}={getattr(settings, field.name)}"
        for field in fields(settings)
        if field.name != "customer_hash_key"
    ]
    yield OK, ", ".join([*shown, "CUSTOMER_HASH_KEY is set"])
    zone = settings.shop_timezone
    if day := _disputed_day(zone, shop_day(datetime.now(UTC), zone)):
        yield (
            FAIL,
            f"this machine's timezone files do not have {zone} as DuckDB has it: they disagree when {day} "
            "begins; renew them, or set PYTHONTZPATH= (empty), which takes the locked package tzdata",
        )


def _disputed_day(timezone: str, today: BusinessDay) -> BusinessDay | None:
    """The first day, a year back or ahead, that Python and the transform's DuckDB let begin differently.

    Countries change their clocks at short notice; orders would then lie on other days than those that were
    read for them.
    """
    import duckdb

    from ecommerce.core.duckdb import connect_duckdb

    days = [today.shifted(number) for number in range(-366, 367)]
    instants = [(day.start, day.start - timedelta(microseconds=1)) for day in days]
    with connect_duckdb() as connection:
        try:
            [(dates,)] = connection.execute(
                "SELECT list_transform($1::TIMESTAMPTZ[], lambda each: (each AT TIME ZONE $2)::DATE)",
                [[instant for pair in instants for instant in pair], timezone],
            ).fetchall()
        except duckdb.Error:
            raise ConfigurationError(f"SHOP_TIMEZONE={timezone!r} is a timezone that DuckDB lacks") from None
    pairs = zip(days, dates[::2], dates[1::2], strict=True)
    return next((day for day, at, before in pairs if not before < day.date <= at), None)


def _policy() -> Lines:
    yield OK, ", ".join(f"{source} {policy}" for source, policy in source_policy().items())


def _bigquery() -> Lines:
    from ecommerce.warehouse import client, permissions, schema

    warehouse = client.connect()
    settings = warehouse.settings
    with client.bigquery_errors("bigquery: list of datasets"):
        datasets = {one.dataset_id for one in warehouse.client.list_datasets(timeout=client.REQUEST_SECONDS)}
    warehouse.run("SELECT 1", "bigquery: a query")
    where = f"project {warehouse.client.project}"
    if settings.bigquery_dataset not in datasets:
        yield OK, f"{where}: queries run; the first run creates the dataset {settings.bigquery_dataset}"
        return
    with client.bigquery_errors(f"bigquery: dataset {settings.bigquery_dataset}"):
        location = warehouse.client.get_dataset(settings.bigquery_dataset).location
    if location and location.upper() != settings.bigquery_location.upper():
        raise ConfigurationError(
            f"the dataset {settings.bigquery_dataset} is in {location}: set BIGQUERY_LOCATION={location}"
        )
    schema.prepare(warehouse)
    yield OK, f"{where}: queries run, and the dataset {settings.bigquery_dataset} fits the settings"
    if missing := permissions.lacking(warehouse, "orders"):
        yield (
            FAIL,
            f"the account lacks {', '.join(missing)}: grant roles/bigquery.dataEditor on the dataset "
            f"{settings.bigquery_dataset} (deploy/bigquery_grants.sql)",
        )
    permissions.check_staging(warehouse)


def _mail_server() -> Lines:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    mail.sender()  # raises when nothing could be sent
    try:
        with SmtpHook(smtp_conn_id=mail.CONNECTION):
            yield OK, "the mail server takes the connection, and the login where there is one"
    except smtplib.SMTPAuthenticationError as error:
        raise CredentialsError(
            f"the mail server refuses the login (code {error.smtp_code}): check login and password"
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise TransientError(
            f"the mail server cannot be reached ({type(error).__name__}): check host, port, disable_ssl and "
            "disable_tls of the connection"
        ) from None


def _recipients(variable: str, without: str) -> Lines:
    count = len(mail.recipients(variable))
    found = f"{count} address{'' if count == 1 else 'es'}"
    yield (OK, found) if count else (HINT, f"the Variable is empty: {without}")


def _folder(setting: str) -> Lines:
    uri = str(getattr(load_settings(), setting))
    try:
        folder = storage_path(uri)
        probe = folder / f".check-{uuid.uuid4().hex}"
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("written by make check")
        probe.unlink()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{uri} cannot be written to ({type(error).__name__})") from None
    yield OK, f"{uri} can be written to"
    if warning := unshared(uri, local_or_uri(uri)):
        yield warning


def unshared(uri: str, path: str, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """What is wrong with a folder when tasks run on several machines, which nobody can see from one of them.

    A container's own disk ends with it, and no other container sees it. Elsewhere the workers may all be on
    this machine, or mount the folder where this one has it.
    """
    from airflow.sdk.configuration import conf

    executor = conf.get("core", "executor", fallback="")
    alone = not any(name in executor for name in ("CeleryExecutor", "KubernetesExecutor"))
    if alone or not is_local(uri) or Path(path).stat().st_dev != Path("/").stat().st_dev:
        return None
    text = f"{uri} is on this machine's own disk, and the {executor} runs tasks on others: "
    if Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in environ:
        return FAIL, text + "mount one volume there in every worker, or use a bucket (gs://, s3://)"
    return HINT, text + "it works only while all workers are on this machine"


EXAMINATIONS: dict[str, Callable[[], Lines]] = {
    "settings": _settings,
    "source_policy": _policy,
    **{module(source).SUBJECT: module(source).check for source in SOURCES},
    "bigquery": _bigquery,
    "smtp_default": _mail_server,
    "report_recipients": partial(_recipients, "report_recipients", "no report is mailed"),
    "alert_recipients": partial(_recipients, "alert_recipients", "nobody hears of failures"),
    "STAGING_URI": partial(_folder, "staging_uri"),
    "REPORTS_URI": partial(_folder, "reports_uri"),
    "MODELS_URI": partial(_folder, "models_uri"),
}
_SOURCE_OF = {module(source).SUBJECT: source for source in SOURCES}


def _see_that_it_can_be_read(connection: str, environ: Mapping[str, str] = os.environ) -> None:
    """Airflow takes a connection in the environment that it cannot read for one that is not there.

    Raises:
        ConfigurationError: `AIRFLOW_CONN_…` of this name is neither a JSON object nor a URI.
    """
    from airflow.sdk import Connection

    name = f"AIRFLOW_CONN_{connection.upper()}"
    text = environ.get(name, "").strip()
    try:
        if text.startswith("{"):
            Connection.from_json(text, conn_id=connection)
        elif text:
            Connection.from_uri(text, conn_id=connection)
    except Exception as error:  # a library's text may quote the password; a parser's says where only
        where = f": {error}" if isinstance(error.__cause__ or error, json.JSONDecodeError) else ""
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI that Airflow can read ({type(error).__name__}{where})"
        ) from None
    if text and not text.startswith("{") and "://" not in text:
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI: begin it with a type, such as postgresql://"
        )


def findings(subjects: Iterable[str] = tuple(EXAMINATIONS)) -> Iterator[Finding]:
    """What there is to say of `subjects`, keys of `EXAMINATIONS`, as it is found out."""
    try:
        off = {source for source, policy in source_policy().items() if policy == OFF}
    except ConfigurationError:
        off = set()  # which is a finding of its own
    for subject in subjects:
        source = _SOURCE_OF.get(subject)
        if source in off:
            yield Finding(subject, OFF, f"{source} is off in the Variable source_policy")
            continue
        try:
            if subject not in EXAMINATIONS:
                raise ConfigurationError(
                    f"there is no such thing to look at; there are {', '.join(EXAMINATIONS)}"
                )
            _see_that_it_can_be_read(subject)
            for state, text in EXAMINATIONS[subject]():
                yield Finding(subject, state, text)
        except PipelineError as error:
            yield Finding(subject, FAIL, str(error))
        except OSError as error:
            what = f"{error.filename} cannot be read" if error.filename else "unexpected"
            yield Finding(subject, FAIL, f"{what} ({type(error).__name__})")
        except Exception as error:  # its text might show a secret, its kind does not
            yield Finding(subject, FAIL, f"unexpected {type(error).__module__}.{type(error).__name__}")


def main() -> int:
    """Print the findings; 1 when something fails, else 0."""
    logging.disable(logging.CRITICAL)
    # Airflow's own loggers do not go through `logging`.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    failed = False
    for finding in findings(sys.argv[1:] or EXAMINATIONS):
        print(finding, flush=True)  # noqa: T201 - a command speaks to its user
        failed |= finding.state == FAIL
    return int(failed)


if __name__ == "__main__":
    see_connections_of_the_ui()
    sys.exit(main())
