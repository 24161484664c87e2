"""Checks of settings, folders, the pool of loads, mail, chat, and connections in the environment."""

import os
import re
import uuid
from pathlib import Path

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
    settings = load_settings().model_dump(exclude={"customer_hash_key"})
    shown = [f"{name.upper()}={value}" for name, value in settings.items()]
    yield OK, ", ".join([*shown, "CUSTOMER_HASH_KEY is set"])


def check_source_policy() -> Lines:
    """Show the policy of each source."""
    policies = [f"{source} {policy}" for source, policy in source_policy().items()]
    yield OK, ", ".join(policies)


def check_folder(name: str) -> Lines:
    """Write a file to the folder of the setting `name` and remove it again. A missing folder is not created:
    the tasks may run as another user."""
    uri = str(getattr(load_settings(), name.lower()))
    if not is_local(uri):
        yield _write_to(name, uri)
        return
    folder = Path(local_or_uri(uri))
    existing = folder
    while not os.access(existing, os.F_OK):
        existing = existing.parent
    if existing == folder:
        yield _write_to(name, uri)
    elif existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        yield OK, f"{uri} does not exist yet; the first run creates it in {existing}"
    else:
        raise ConfigurationError(
            f"{uri} does not exist, and this user cannot create it in {existing}: set {name} in .env to a "
            "folder that tasks may write to (/opt/airflow/data exists in containers)"
        )
    if is_unshared(existing):
        yield (
            FAIL,
            f"{uri} is on this container's own disk: mount a volume in every worker, or use a bucket",
        )


def _write_to(name: str, uri: str) -> tuple[str, str]:
    try:
        probe = storage_path(uri) / f".check-{uuid.uuid4().hex}"
        probe.write_text("written by make check")
        probe.unlink()
    except Exception as error:
        # The libraries of object stores raise their own types.
        unknown = "check its credentials; supported are file://, gs:// and s3://"
        reason = reason_of(error, otherwise=unknown)
        raise ConfigurationError(f"{name}={uri} is not writable: {reason}") from None
    return OK, f"{uri} is writable"


def is_unshared(folder: Path) -> bool:
    """Return whether `folder` is on a container's own disk, and tasks run in several containers."""
    from airflow.sdk.configuration import conf

    executor = conf.get("core", "executor", fallback="")
    if "Celery" not in executor and "Kubernetes" not in executor:
        return False
    is_pod = "KUBERNETES_SERVICE_HOST" in os.environ
    if not is_pod and not Path("/.dockerenv").exists():
        return False
    return folder.stat().st_dev == Path("/").stat().st_dev


def check_pool() -> Lines:
    """Look for the pool of the loads in Airflow's metadata database."""
    if not has_metadata():
        yield (
            HINT,
            "Airflow has no metadata database yet: make airflow creates the pool",
        )
    elif has_pool(names.POOL_LOADS):
        yield OK, "the pool of all loads exists"
    else:
        fix = "airflow pools import include/pools.json"
        yield FAIL, f"this pool is missing, and Airflow starts no load: {fix}"


def has_pool(name: str) -> bool:
    """Return whether Airflow's metadata database has a pool of this name; ConfigurationError where it cannot
    be read."""
    from airflow.models.pool import Pool

    try:
        return Pool.get_pool(name) is not None
    except Exception:
        # The driver's text may show a secret.
        raise ConfigurationError(
            "Airflow's metadata database is unavailable, or of another version (airflow db migrate)"
        ) from None


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
    services = [str(service.service_name) for service in chat.configured() or ()]
    if not services:
        yield OK, "not set: alerts and the headline are only mailed"
        return
    names_of_services = ", ".join(services)
    yield (
        OK,
        f"alerts and the headline are posted to {names_of_services} (nothing was posted now)",
    )


def has_recipients() -> bool:
    """Return whether the Variables have any recipient; otherwise the pipeline needs no mail server."""
    try:
        reports = transport.recipients(names.VARIABLE_REPORT_RECIPIENTS)
        alerts = transport.recipients(names.VARIABLE_ALERT_RECIPIENTS)
    except PipelineError:
        # The check of the Variable reports it.
        return True
    return bool(reports or alerts)


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
    parse = Connection.from_json if text.startswith("{") else Connection.from_uri
    try:
        conn_type = parse(text, conn_id=connection).conn_type
    except Exception:
        # Its text may show the password.
        conn_type = ""
    if not conn_type.isidentifier():
        raise ConfigurationError(
            f"{name} is neither JSON nor a URI that Airflow can read: compare it with .env.example; in a "
            "URI, encode special characters, such as # as %23"
        )
    return PLACEHOLDER.search(text) is not None
