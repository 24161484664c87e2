"""`make check`: test everything that the pipeline needs, one after the other.

    ok    warehouse_loads   the pool of all loads exists
    hint  smtp_default      not needed while no recipient is set
    FAIL  web_events_api    web_events_api: GET /events answered 401 …: check …

The checks are in `settings_check` and in the functions `check` of the warehouse and each source.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from tempfile import TemporaryDirectory

import click

from ecommerce.cli import environment
from ecommerce.cli.settings_check import (
    check_chat,
    check_folder,
    check_mail_server,
    check_pool,
    check_recipients,
    check_settings,
    check_source_policy,
    check_subscriptions,
    has_recipients,
    is_placeholder,
    require_filled_in,
)
from ecommerce.cli.terminal import show
from ecommerce.core import names
from ecommerce.core.check_result import FAIL, HINT, OFF, CheckLine, Lines
from ecommerce.core.connections import find_connection
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.sales.source_policy import reason_to_skip
from ecommerce.sources import Source, live_sources

OPTIONAL = {
    names.CONNECTION_WEB_EVENTS: names.DAG_EVENTS,
    names.CONNECTION_CATALOGUE: names.DAG_CATALOGUE,
    names.CONNECTION_PARTNER_FTP: names.DAG_FORECAST,
}
"""Optional connections, and the DAG that needs them."""
Checks = dict[str, Callable[[], Lines]]
"""Checks by subject."""
SETTINGS = "settings"
FOLDERS = ("STAGING_URI", "REPORTS_URI", "MODELS_URI", "PICTURES_URI")


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT …]")
def check(subjects: tuple[str, ...]) -> int:
    """Check everything that the pipeline needs, or only SUBJECT.

    Each line is a finding: ok, hint, off, or FAIL with the fix. Nothing changes: the check creates a file in
    each folder and a table in the warehouse, and removes them again. It skips sources that are off.
    """
    environment.load()
    with TemporaryDirectory(prefix="make-check-", ignore_cleanup_errors=True) as folder:
        os.environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] = folder
        if not environment.has_metadata():
            # Airflow creates its home on import.
            os.environ["AIRFLOW_HOME"] = folder
        import airflow  # noqa: F401 - sets up its loggers, which the next lines silence
        import structlog

        logging.disable(logging.CRITICAL)
        # Airflow's own loggers do not go through `logging`.
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
        )
        exit_code = 0
        for finding in findings(subjects):
            show(finding)
            if finding.state == FAIL:
                exit_code = 1
        return exit_code


def findings(subjects: Sequence[str] = ()) -> Iterator[CheckLine]:
    """Yield the findings about `subjects`, keys of `checks` (default: all). Wrong settings end the check."""
    all_checks = checks()
    for subject in subjects or all_checks:
        state = ""
        for state, text in _lines(subject, all_checks):
            alternative = _alternative(subject) if state == FAIL else ""
            yield CheckLine(subject, state, text + alternative)
        # An error is the last line of a check.
        if subject == SETTINGS and state == FAIL:
            return


def _alternative(subject: str) -> str:
    """Return what a shop that lacks the system of a failed check does; empty where every shop needs it."""
    if subject == names.CONNECTION_WAREHOUSE:
        return " (without a Google Cloud project, make emulator runs BigQuery on this machine)"
    source = _sources().get(subject)
    if source is None:
        return ""
    policy = (
        f'adds "{source.name}": "off" to the Variable {names.VARIABLE_SOURCE_POLICY}'
    )
    return f" ({source.platform.shops_without} {policy})"


def _sources() -> dict[str, Source]:
    """Return the sources by subject."""
    return {source.subject: source for source in live_sources().values()}


def _lines(subject: str, all_checks: Checks) -> Lines:
    try:
        if subject not in all_checks:
            raise ConfigurationError(f"unknown subject; choose {', '.join(all_checks)}")
        source = _sources().get(subject)
        why_off = reason_to_skip(source.name) if source else ""
        if why_off:
            yield OFF, why_off
            return
        if subject == names.CONNECTION_MAIL and not has_recipients():
            yield HINT, "not needed while no recipient is set"
            return
        if subject in OPTIONAL and (
            is_placeholder(subject) or find_connection(subject) is None
        ):
            yield HINT, f"not set: {OPTIONAL[subject]} cannot run"
            return
        require_filled_in(subject)
        yield from all_checks[subject]()
    except PipelineError as error:
        for problem in str(error).splitlines():
            yield FAIL, problem
    except Exception as error:
        # Its own text may show a secret.
        unknown = f"{type(error).__name__}: check the connection or database"
        yield FAIL, reason_of(error, otherwise=unknown)


def checks() -> Checks:
    """Return all checks by subject, in the order in which a new installation is set up."""
    from ecommerce.catalogue.parser import check as check_catalogue
    from ecommerce.events.source import WEB_EVENTS
    from ecommerce.forecast.partner_ftp.fetch import check as check_partner_ftp
    from ecommerce.warehouse.check_access import check as check_warehouse

    report = names.VARIABLE_REPORT_RECIPIENTS
    alert = names.VARIABLE_ALERT_RECIPIENTS
    all_checks: Checks = {
        names.POOL_LOADS: check_pool,
        names.VARIABLE_SOURCE_POLICY: check_source_policy,
        **{source.subject: source.check for source in _sources().values()},
        names.CONNECTION_WEB_EVENTS: WEB_EVENTS.check,
        names.CONNECTION_CATALOGUE: check_catalogue,
        names.CONNECTION_PARTNER_FTP: check_partner_ftp,
        names.CONNECTION_WAREHOUSE: check_warehouse,
        names.CONNECTION_MAIL: check_mail_server,
        names.CONNECTION_CHAT: check_chat,
        report: partial(check_recipients, report, "no report is mailed"),
        alert: partial(check_recipients, alert, "failures are not mailed"),
        names.VARIABLE_REPORT_SUBSCRIPTIONS: check_subscriptions,
        **{name: partial(check_folder, name) for name in FOLDERS},
    }
    return {
        SETTINGS: partial(check_settings, [*all_checks]),
        **all_checks,
    }
