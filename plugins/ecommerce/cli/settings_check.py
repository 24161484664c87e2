"""What `make check` looks at that belongs to no source: settings, folders, connections in the environment."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import load_settings
from ecommerce.core.text import listed
from ecommerce.storage.staging import is_local, local_or_uri, storage_path

PLACEHOLDER = re.compile(r".*….*|(https?://)?(\w+\.)?example\.com|reports@example\.com|my-project")
"""What `.env.example` has in connections where a value of one's own belongs."""


def check_settings() -> Lines:
    """Every setting but the secret one is shown; the timezone is compared with the transform's."""
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
    read for them."""
    import duckdb

    from ecommerce.storage.duckdb import connect_duckdb

    days = [today.shifted(number) for number in range(-366, 367)]
    instants = [at for day in days for at in (day.start, day.start - timedelta(microseconds=1))]
    query = "SELECT list_transform($1::TIMESTAMPTZ[], lambda each: (each AT TIME ZONE $2)::DATE)"
    with connect_duckdb() as connection:
        try:
            [(dates,)] = connection.execute(query, [instants, timezone]).fetchall()
        except duckdb.Error:
            raise ConfigurationError(f"SHOP_TIMEZONE={timezone!r} is a timezone that DuckDB lacks") from None
    pairs = zip(days, dates[::2], dates[1::2], strict=True)
    return next((day for day, at, before in pairs if not before < day.date <= at), None)


def check_folder(setting: str) -> Lines:
    """A file is written to the folder of `setting`, a field of `Settings`, and removed again. A folder that
    is not there is not made: whoever looks may be another user than the one whose tasks will write to it."""
    name, uri = setting.upper(), str(getattr(load_settings(), setting))
    above = _existing(Path(local_or_uri(uri))) if is_local(uri) else None
    if above and above != Path(local_or_uri(uri)):
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise ConfigurationError(
                f"{uri} does not exist, and this user cannot make it in {above}: let {name} in .env name a "
                "folder that tasks may write to (/opt/airflow/data is the containers')"
            )
        yield OK, f"{uri} does not exist yet; the first run can make it in {above}"
    else:
        try:
            probe = storage_path(uri) / f".check-{uuid.uuid4().hex}"
            probe.write_text("written by make check")
            probe.unlink()
        except Exception as error:  # the libraries of object stores have kinds of their own
            unknown = isinstance(error, ValueError) and not isinstance(error, OSError)
            otherwise = "file://, gs:// and s3:// are known" if unknown else "are its credentials right?"
            raise ConfigurationError(
                f"{name}={uri} cannot be written to: {reason_of(error, otherwise=otherwise)}"
            ) from None
        yield OK, f"{uri} can be written to"
    if warning := unshared(uri, str(above or "")):
        yield warning


def _existing(folder: Path) -> Path:
    """The folder itself, or the nearest above it that exists."""
    return next(each for each in (folder, *folder.parents) if os.access(each, os.F_OK))


def unshared(uri: str, path: str, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """What is wrong with a folder (`path`: where it or what it will be made in is on this machine) when tasks
    run on several machines, which nobody can see from one of them.
    A container's own disk ends with it, and no other container sees it. Elsewhere the workers may all be on
    this machine, or mount the folder where this one has it."""
    from airflow.sdk.configuration import conf

    executor = conf.get("core", "executor", fallback="")
    alone = not any(name in executor for name in ("CeleryExecutor", "KubernetesExecutor"))
    if alone or not is_local(uri) or Path(path).stat().st_dev != Path("/").stat().st_dev:
        return None
    text = f"{uri} is on this machine's own disk, and the {executor} runs tasks on others: "
    if Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in environ:
        return FAIL, text + "mount one volume there in every worker, or use a bucket (gs://, s3://)"
    return HINT, text + "it works only while all workers are on this machine"


def see_that_it_can_be_read(connection: str, environ: Mapping[str, str] = os.environ) -> None:
    """Airflow takes a connection in the environment that it cannot read for one that is not there.

    Raises:
        ConfigurationError: `AIRFLOW_CONN_…` of this name is neither a JSON object nor a URI, or still has
            what `.env.example` says in place of a value.
    """
    if left := _left_of_the_example(connection, environ):
        raise ConfigurationError(
            f"AIRFLOW_CONN_{connection.upper()} in .env is not filled in yet: it still has {listed(left)} "
            "of the example"
        )


def is_set(connection: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a connection is there, in the environment or elsewhere, and is not that of `.env.example`.

    Raises:
        ConfigurationError: `AIRFLOW_CONN_…` of this name is neither a JSON object nor a URI.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    if _left_of_the_example(connection, environ):
        return False
    try:
        Connection.get(connection)
    except AirflowNotFoundException:
        return False
    return True


def _left_of_the_example(connection: str, environ: Mapping[str, str]) -> list[str]:
    """The fields of a connection in the environment that nobody has filled in."""
    from airflow.sdk import Connection

    name = f"AIRFLOW_CONN_{connection.upper()}"
    text = environ.get(name, "").strip()
    if not text:
        return []
    if not text.startswith("{") and "://" not in text:
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI: begin it with a type, such as postgresql://"
        )
    try:
        read = Connection.from_json if text.startswith("{") else Connection.from_uri
        found = read(text, conn_id=connection)
        values = {"host": found.host, "login": found.login, "password": found.password, **found.extra_dejson}
    except Exception as error:  # a library's text may quote the password; a parser's says where only
        parser = isinstance(error.__cause__ or error, json.JSONDecodeError)
        where = f"{error}" if parser else "write its special characters as %23 and the like, or use JSON"
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI that Airflow can read ({where})"
        ) from None
    return [key for key, value in values.items() if PLACEHOLDER.fullmatch(str(value or ""))]
