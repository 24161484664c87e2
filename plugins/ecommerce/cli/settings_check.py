"""Checks of settings, folders, the pool of loads, and connections in the environment, for `make check`."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from ecommerce.cli import environment
from ecommerce.core import names
from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import load_settings
from ecommerce.storage.staging import is_local, local_or_uri, storage_path

PLACEHOLDER = re.compile(r".*….*|(https?://)?(\w+\.)?example\.com|reports@example\.com|my-project")
"""Placeholders in the connections of `.env.example`."""


def check_settings() -> Lines:
    """Show every setting except the secret one."""
    settings = load_settings()
    shown = [
        f"{field.name.upper()}={getattr(settings, field.name)}"
        for field in fields(settings)
        if field.name != "customer_hash_key"
    ]
    yield OK, ", ".join([*shown, "CUSTOMER_HASH_KEY is set"])


def check_folder(setting: str) -> Lines:
    """Write a file to the folder of `setting`, a field of `Settings`, and remove it again.

    A missing folder is not created: the tasks may run as another user.
    """
    name, uri = setting.upper(), str(getattr(load_settings(), setting))
    above = _existing(Path(local_or_uri(uri))) if is_local(uri) else None
    if above and above != Path(local_or_uri(uri)):
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise ConfigurationError(
                f"{uri} does not exist, and this user cannot create it in {above}: set {name} in .env to a "
                "folder that tasks may write to (/opt/airflow/data exists in containers)"
            )
        yield OK, f"{uri} does not exist yet; the first run creates it in {above}"
    else:
        try:
            probe = storage_path(uri) / f".check-{uuid.uuid4().hex}"
            probe.write_text("written by make check")
            probe.unlink()
        except Exception as error:  # the libraries of object stores raise their own types
            unknown = isinstance(error, ValueError) and not isinstance(error, OSError)
            otherwise = "supported are file://, gs:// and s3://" if unknown else "check its credentials"
            raise ConfigurationError(
                f"{name}={uri} is not writable: {reason_of(error, otherwise=otherwise)}"
            ) from None
        yield OK, f"{uri} is writable"
    if warning := unshared(uri, str(above or "")):
        yield warning


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest existing one above it."""
    return next(each for each in (folder, *folder.parents) if os.access(each, os.F_OK))


def unshared(uri: str, path: str, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Return a finding where workers on other machines may not see a folder of this machine's disk.

    Args:
        uri: the folder.
        path: the folder, or its nearest existing parent, on this machine.
        environ: the environment, which shows whether this is a pod.
    """
    from airflow.sdk.configuration import conf

    executor = conf.get("core", "executor", fallback="")
    alone = not any(name in executor for name in ("CeleryExecutor", "KubernetesExecutor"))
    if alone or not is_local(uri) or Path(path).stat().st_dev != Path("/").stat().st_dev:
        return None
    text = f"{uri} is on this machine's own disk, and the {executor} runs tasks on other machines: "
    if Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in environ:
        return FAIL, text + "mount one volume there in every worker, or use a bucket (gs://, s3://)"
    return HINT, text + "this works only while all workers are on this machine"


def check_pool() -> Lines:
    """Look for the pool of the loads in Airflow's metadata database."""
    name = names.POOL_LOADS
    if not environment.has_ui():
        yield HINT, "Airflow has no metadata database yet: make airflow creates the pool"
    elif environment.has_pool(name):
        yield OK, "the pool of all loads exists"
    else:
        yield (
            FAIL,
            "this pool is missing, and Airflow starts no load: airflow pools import include/pools.json",
        )


def refuse_unreadable(connection: str, environ: Mapping[str, str] = os.environ) -> None:
    """Raise for a connection in the environment that Airflow would treat as missing.

    Raises:
        ConfigurationError: `AIRFLOW_CONN_…` of this name is neither a JSON object nor a URI, or still has
            placeholders of `.env.example`.
    """
    if fields := _placeholders(connection, environ):
        raise ConfigurationError(
            f"AIRFLOW_CONN_{connection.upper()} in .env is not filled in: {', '.join(fields)} still "
            f"{'has the value' if len(fields) == 1 else 'have the values'} of the example"
        )


def is_set(connection: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether a connection exists, and is not that of `.env.example`.

    Raises:
        ConfigurationError: `AIRFLOW_CONN_…` of this name is neither a JSON object nor a URI.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    if _placeholders(connection, environ):
        return False
    try:
        Connection.get(connection)
    except AirflowNotFoundException:
        return False
    return True


def _placeholders(connection: str, environ: Mapping[str, str]) -> list[str]:
    """Return the fields of a connection in the environment that have the example's value."""
    from airflow.sdk import Connection

    name = f"AIRFLOW_CONN_{connection.upper()}"
    text = environ.get(name, "").strip()
    if not text:
        return []
    if not text.startswith("{") and "://" not in text:
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI: start it with a type, such as postgresql://"
        )
    try:
        parse = Connection.from_json if text.startswith("{") else Connection.from_uri
        parsed = parse(text, conn_id=connection)
        values = {name: getattr(parsed, name) for name in ("host", "login", "password")} | parsed.extra_dejson
    except Exception as error:  # its text may show the password, except that of the JSON parser
        parser = isinstance(error.__cause__ or error, json.JSONDecodeError)
        where = f"{error}" if parser else "encode special characters, such as # as %23, or use JSON"
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI that Airflow can read ({where})"
        ) from None
    return [key for key, value in values.items() if PLACEHOLDER.fullmatch(str(value or ""))]
