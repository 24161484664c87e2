"""Checks of settings, folders, the pool of loads, mail, chat, and connections in the environment."""

import os
import re
import uuid
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from ecommerce.cli.environment import SETTINGS, has_metadata
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.connections import connection
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import (
    CONNECTION_WAREHOUSE,
    POOL_LOADS,
    POOL_SHOPS,
    VARIABLE_ALERT_RECIPIENTS,
    VARIABLE_REPORT_RECIPIENTS,
)
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.mail import chat, transport
from ecommerce.runtime.airflow_internals import has_pool
from ecommerce.sales.source_policy import (
    order_sources,
    read_policies,
    required_sources,
    unknown_shops,
)
from ecommerce.sales.subscriptions import load_subscriptions
from ecommerce.sources import live_sources
from ecommerce.storage.staging import is_local, local_or_uri, storage_path

PLACEHOLDER = re.compile(
    r'…|[/@"]\w+\.example\.com\b|"reports@example\.com"|"my-project"'
)
"""Placeholders in the connections of `.env.example`."""


SIMILAR = 0.85
"""Of `difflib`: one or two letters of a setting's name differ."""
SYSTEM = "system"
"""The `sslrootcert` of a server that the machine trusts anyway."""
FILES = ("key_path", "sslrootcert", "sslcert", "sslkey", "cacert")
"""Fields of a connection's extra that name a file."""


def require_connections() -> None:
    """Check, without a request, the connections that a daily run cannot do without.

    Raises ConfigurationError: connections are not defined, have values of `.env.example`, or name a file that
    cannot be read; one line for each.
    """
    problems = []
    subjects = [live_sources()[source].subject for source in required_sources()]
    for subject in [*subjects, CONNECTION_WAREHOUSE]:
        if subject in SETTINGS:  # the folder of partners' files
            continue
        try:
            require_filled_in(subject)
            extra = connection(subject).extra_dejson
        except ConfigurationError as error:
            problems.append(str(error))
            continue
        for name in FILES:
            file = str(extra.get(name) or SYSTEM)
            if file != SYSTEM and not os.access(file, os.R_OK):
                problems.append(
                    f"connection {subject}: the file {file} ({name}) does not exist, or cannot be read"
                )
    if problems:
        raise ConfigurationError("\n".join(problems))


def check_settings(subjects: Iterable[str]) -> Lines:
    """Show every setting except the secret one, and names in the environment that resemble a setting, or the
    connection or Variable of one of `subjects`: nothing reads them."""
    from babel.numbers import is_currency

    settings = load_settings().model_dump(exclude={"customer_hash_key"})
    shown = [f"{name.upper()}={value}" for name, value in settings.items()]
    yield OK, ", ".join([*shown, "CUSTOMER_HASH_KEY is set"])
    currency = settings["reporting_currency"]
    if not is_currency(currency):
        yield HINT, f"REPORTING_CURRENCY={currency} is no currency that is known"
    known = [*SETTINGS]
    for subject in subjects:
        name = subject.upper()
        known += [f"AIRFLOW_CONN_{name}", f"AIRFLOW_VAR_{name}"]
    for name in sorted(os.environ.keys() - known):
        for similar in get_close_matches(name, known, 1, SIMILAR):
            yield HINT, f"{name} is not read: is {similar} meant?"


def check_source_policy() -> Lines:
    """Show the policy of each source. A run needs at least one source of orders."""
    policies = read_policies()
    if not order_sources(policies):
        raise ConfigurationError(
            'no source of orders is on: remove one of its "off" from this Variable, or define the '
            "connection of a source that is off without it"
        )
    shown = [f"{source} {policy}" for source, policy in policies.items()]
    yield OK, ", ".join(shown)
    for name in unknown_shops():
        yield HINT, f"{name} is not used: SHOPS has no such shop"


def check_folder(name: str) -> Lines:
    """Write a file to the folder of the setting `name` and remove it again. A missing folder is not created:
    the tasks may run as another user."""
    uri = str(getattr(load_settings(), name.lower()))
    path = Path(local_or_uri(uri))
    if is_local(uri) and not path.exists():
        above = next(folder for folder in path.parents if folder.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            raise ConfigurationError(
                f"{uri} does not exist, and this user cannot create it in {above}: set {name} in .env to a "
                "folder that tasks may write to (/opt/airflow/data exists in containers)"
            )
        yield HINT, f"{uri} does not exist yet; the first run creates it"
        return
    try:
        probe = storage_path(uri) / f".check-{uuid.uuid4().hex}"
        probe.write_text("written by make check")
        probe.unlink()
    except Exception as error:
        # The libraries of object stores raise their own types.
        unknown = "check its credentials; supported are file://, gs:// and s3://"
        reason = reason_of(error, otherwise=unknown)
        raise ConfigurationError(f"{name}={uri} is not writable: {reason}") from None
    yield OK, f"{uri} is writable"


def check_pool() -> Lines:
    """Look for the pool of the loads in Airflow's metadata database."""
    if not has_metadata():
        yield HINT, "Airflow has no database yet: make airflow creates the pool"
        return
    pools = [POOL_LOADS]
    if load_settings().shop_names:
        pools.append(POOL_SHOPS)
    for pool in pools:
        if not has_pool(pool):
            raise ConfigurationError(
                f"the pool {pool} is missing, and Airflow starts no task in it: airflow pools import "
                "include/pools.json"
            )
    yield OK, "the pool of all loads exists"


def check_mail_server() -> Lines:
    """Connect and sign in to the server, without sending anything."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    transport.sender()  # raises without a sender
    with transport.smtp_errors(), SmtpHook(smtp_conn_id=transport.CONNECTION):
        yield OK, "the mail server accepts the connection and the login"


def check_chat() -> Lines:
    """Parse the URLs of the chat's connection, without posting anything."""
    if chat.configured():
        yield OK, "alerts and the headline are posted to it (nothing was posted now)"
    else:
        yield OK, "not set: alerts and the headline are only mailed"


def has_recipients() -> bool:
    """Return whether a Variable or a subscription has any recipient; otherwise the pipeline needs no mail
    server."""
    reports = transport.recipients(VARIABLE_REPORT_RECIPIENTS)
    alerts = transport.recipients(VARIABLE_ALERT_RECIPIENTS)
    if reports or alerts:
        return True
    subscriptions = load_subscriptions().valid
    return any(subscription.addresses for subscription in subscriptions)


def check_subscriptions() -> Lines:
    """Count the subscriptions, and show what is wrong with the others, or with their chats."""
    subscriptions = load_subscriptions()
    problems = list(subscriptions.problems)
    for subscription in subscriptions.valid:
        for connection_id in subscription.chats:
            if not chat.configured(connection_id):
                problems.append(
                    f"{subscription.name}: the connection {connection_id} is not defined"
                )
    if subscriptions.valid:
        yield OK, counted(len(subscriptions.valid), "subscription")
    elif not problems:
        yield HINT, "none: include/subscriptions.yaml has an example"
    if problems:
        raise ConfigurationError("\n".join(problems))


def check_recipients(variable: str, without: str) -> Lines:
    """Count the addresses of a Variable; `without` is the consequence of having none."""
    count = len(transport.recipients(variable))
    if count:
        yield OK, counted(count, "address", "addresses")
    else:
        yield HINT, f"the Variable is empty: {without}"


def require_filled_in(subject: str) -> None:
    """Raise ConfigurationError if the connection `subject` still has values of `.env.example`."""
    if is_placeholder(subject):
        raise ConfigurationError(
            f"AIRFLOW_CONN_{subject.upper()} in .env still has values of .env.example: fill it in"
        )


def is_placeholder(subject: str) -> bool:
    """Return whether the connection `subject` in the environment still has a value of `.env.example`."""
    text = os.environ.get(f"AIRFLOW_CONN_{subject.upper()}", "")
    return PLACEHOLDER.search(text) is not None
