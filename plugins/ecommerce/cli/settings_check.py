"""Checks of settings, folders, the pool of loads, mail, chat, and connections in the environment."""

import json
import os
import re
import uuid
from pathlib import Path

from ecommerce.cli import environment
from ecommerce.cli.environment import has_metadata
from ecommerce.core import names
from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.mail import chat, transport
from ecommerce.sales.source_policy import source_policy
from ecommerce.storage.staging import is_local, local_or_uri, storage_path

PLACEHOLDER = re.compile(
    r'…|[/@"]\w+\.example\.com\b|"reports@example\.com"|"my-project"'
)
"""Placeholders in the connections of `.env.example`."""


def check_settings() -> Lines:
    """Show every setting except the secret one."""
    values = {
        name.upper(): value for name, value in load_settings().model_dump().items()
    }
    del values["CUSTOMER_HASH_KEY"]
    yield (
        OK,
        ", ".join(
            [
                *(f"{name}={value}" for name, value in values.items()),
                "CUSTOMER_HASH_KEY is set",
            ]
        ),
    )


def check_source_policy() -> Lines:
    """Show the policy of each source."""
    yield (
        OK,
        ", ".join(f"{source} {policy}" for source, policy in source_policy().items()),
    )


def check_folder(name: str) -> Lines:
    """Write a file to the folder of the setting `name` and remove it again. A missing folder is not created:
    the tasks may run as another user."""
    uri = str(getattr(load_settings(), name.lower()))
    folder = Path(local_or_uri(uri)) if is_local(uri) else None
    above = folder
    while above and not os.access(above, os.F_OK):
        above = above.parent
    if above != folder:
        if not (above and above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
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
        except (
            Exception
        ) as error:  # the libraries of object stores raise their own types
            unknown = isinstance(error, ValueError) and not isinstance(error, OSError)
            otherwise = (
                "supported are file://, gs:// and s3://"
                if unknown
                else "check its credentials"
            )
            reason = reason_of(error, otherwise=otherwise)
            raise ConfigurationError(
                f"{name}={uri} is not writable: {reason}"
            ) from None
        yield OK, f"{uri} is writable"
    if above and is_unshared(above):
        yield (
            FAIL,
            f"{uri} is on this container's own disk: mount a volume in every worker, or use a bucket",
        )


def is_unshared(folder: Path) -> bool:
    """Return whether `folder` is on a container's own disk, and tasks run in several containers."""
    from airflow.sdk.configuration import conf

    executor = conf.get("core", "executor", fallback="")
    distributed = any(
        name in executor for name in ("CeleryExecutor", "KubernetesExecutor")
    )
    in_container = (
        Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in os.environ
    )
    return (
        distributed and in_container and folder.stat().st_dev == Path("/").stat().st_dev
    )


def check_pool() -> Lines:
    """Look for the pool of the loads in Airflow's metadata database."""
    if not has_metadata():
        yield (
            HINT,
            "Airflow has no metadata database yet: make airflow creates the pool",
        )
    elif environment.has_pool(names.POOL_LOADS):
        yield OK, "the pool of all loads exists"
    else:
        fix = "airflow pools import include/pools.json"
        yield FAIL, f"this pool is missing, and Airflow starts no load: {fix}"


def check_mail_server() -> Lines:
    """Connect and sign in to the server, without sending anything."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    transport.sender()  # raises without a sender
    with transport.smtp_errors(), SmtpHook(smtp_conn_id=transport.CONNECTION):
        yield (
            OK,
            "the mail server accepts the connection, and the login if there is one",
        )


def check_chat() -> Lines:
    """Parse the URLs of the chat's connection, without posting anything."""
    called = ", ".join(str(service.service_name) for service in chat.configured() or ())
    posted = f"alerts and the headline are posted to {called} (nothing was posted now)"
    yield OK, posted if called else "not set: alerts and the headline are only mailed"


def has_recipients() -> bool:
    """Return whether the Variables have any recipient; otherwise the pipeline needs no mail server."""
    try:
        variables = (names.VARIABLE_REPORT_RECIPIENTS, names.VARIABLE_ALERT_RECIPIENTS)
        return any(transport.recipients(each) for each in variables)
    except PipelineError:  # the check of the Variable reports it
        return True


def check_recipients(variable: str, without: str) -> Lines:
    """Count the addresses of a Variable; `without` is the consequence of having none."""
    count = len(transport.recipients(variable))
    if count:
        yield OK, counted(count, "address", "addresses")
    else:
        yield HINT, f"the Variable is empty: {without}"


def is_placeholder(connection: str) -> bool:
    """Return whether a connection in the environment still has a value of the example. Raises
    ConfigurationError: `AIRFLOW_CONN_…` of this name is neither a JSON object nor a URI."""
    from airflow.sdk import Connection

    name = f"AIRFLOW_CONN_{connection.upper()}"
    text = os.environ.get(name, "").strip()
    if not text:
        return False
    is_json = text.startswith("{")
    if not is_json and "://" not in text:
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI: start it with a type, such as postgresql://"
        )
    parse = Connection.from_json if is_json else Connection.from_uri
    try:
        _ = parse(text, conn_id=connection).extra_dejson
    except (
        Exception
    ) as error:  # its text may show the password, except that of the JSON parser
        parser = isinstance(error.__cause__ or error, json.JSONDecodeError)
        where = (
            f"{error}"
            if parser
            else "encode special characters, such as # as %23, or use JSON"
        )
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI that Airflow can read ({where})"
        ) from None
    return PLACEHOLDER.search(text) is not None
