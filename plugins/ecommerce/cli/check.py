"""`make check`: test everything that the pipeline needs.

    ok    sales_db          PostgreSQL 18.4, all queries match its tables
    hint  sales_db          faster with: CREATE INDEX ON refunds (order_id)
    FAIL  storefront_api    storefront_api: GET /orders (page 1) answered 401 …: check …

The checks are in `settings_check` and in the modules `check` of mail, the warehouse and each source.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ecommerce.cli import environment
from ecommerce.core import names
from ecommerce.core.check_result import FAIL, HINT, OFF, OK, CheckResult, Lines
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, PipelineError, problems_of

OPTIONAL = {
    names.CONNECTION_WEB_EVENTS: names.DAG_EVENTS,
    names.CONNECTION_CATALOGUE: names.DAG_CATALOGUE,
    names.CONNECTION_PARTNER_FTP: names.DAG_FORECAST,
}
"""Optional connections, and the DAG that needs them."""

PRELOADED = (
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "duckdb",
)
"""Modules that the checks import; without the BigQuery client."""


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT …]")
def check(subjects: tuple[str, ...]) -> int:
    """Check everything that the pipeline needs, or only SUBJECT.

    Each line is a finding: ok, hint, off, or FAIL with the fix. Nothing changes: the check creates a file in
    each folder and a table in the warehouse, and removes them again. It skips sources that are off in the
    Variable source_policy.
    """
    environment.load()
    with _airflow_home():
        import airflow  # noqa: F401 - sets up its loggers, which the next lines silence
        import structlog

        logging.disable(logging.CRITICAL)
        # Airflow's own loggers do not go through `logging`.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        failed = False
        for finding in findings(subjects):
            click.echo(finding)
            failed |= finding.state == FAIL
        return int(failed)


@contextmanager
def _airflow_home(environ: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """Keep Airflow from creating its home on import: a temporary folder replaces a home that is not set up.
    Its configuration stays in use."""
    with TemporaryDirectory(prefix="make-check-", ignore_cleanup_errors=True) as folder:
        environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] = folder
        if not environment.has_ui(environ):
            home = Path(environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
            environ.setdefault("AIRFLOW_CONFIG", str(home / "airflow.cfg"))
            environ["AIRFLOW_HOME"] = folder
        yield


def findings(subjects: Sequence[str] = ()) -> Iterator[CheckResult]:
    """Yield the findings about `subjects`, keys of `checks` (default: all), which run in parallel."""
    from ecommerce.cli.settings_check import is_set, refuse_unreadable
    from ecommerce.sales.source_policy import source_policy
    from ecommerce.sources import SOURCES, module

    all_checks = checks()
    wanted = [*(subjects or all_checks)]
    if len(wanted) > 1:
        for name in PRELOADED:  # in one thread, because of Airflow's circular imports
            import_module(name)
    source_of = {module(source).SUBJECT: source for source in SOURCES}
    try:
        off = {source for source, policy in source_policy().items() if policy == OFF}
    except ConfigurationError:
        off = set()  # reported by its own check

    def run_check(subject: str) -> list[CheckResult]:
        source = source_of.get(subject)
        if source in off:
            return [CheckResult(subject, OFF, f"{source} is off in the Variable source_policy")]
        lines: list[CheckResult] = []
        try:
            if subject not in all_checks:
                raise ConfigurationError(f"unknown subject; choose {', '.join(all_checks)}")
            if subject in OPTIONAL and not is_set(subject):
                return [CheckResult(subject, HINT, f"not set: {OPTIONAL[subject]} cannot run")]
            refuse_unreadable(subject)
            for state, text in all_checks[subject]():
                lines.append(CheckResult(subject, state, text))
        except PipelineError as error:
            lines += [_failure(subject, problem) for problem in problems_of(error)]
        except Exception as error:  # its own text may show a secret
            file = getattr(error, "filename", None)
            reason = reason_of(error, otherwise=_unknown(error))
            lines.append(_failure(subject, f"{file}: {reason}" if isinstance(file, str) else reason))
        return lines

    first_with: dict[str, str] = {}
    with ThreadPoolExecutor(len(wanted)) as threads:
        for lines in threads.map(run_check, wanted):
            shown = []
            for line in lines:
                first = first_with.setdefault(line.text, line.subject) if line.state == FAIL else line.subject
                same = CheckResult(line.subject, HINT, f"not checked: fix {first} first")
                shown.append(line if first == line.subject else same)
            yield from dict.fromkeys(shown)


def _failure(subject: str, text: str) -> CheckResult:
    from ecommerce.mail.check import has_recipients

    if subject == names.CONNECTION_MAIL and not has_recipients():
        return CheckResult(subject, HINT, f"not needed while no recipient is set: {text}")
    return CheckResult(subject, FAIL, text)


def _unknown(error: Exception) -> str:
    """Return where an unforeseen error arose."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}, line {frame.lineno}"
    return f"unexpected error in {place}: check the fields of the connection"


def checks() -> dict[str, Callable[[], Lines]]:
    """Return all checks by subject, in the order in which a new installation is set up."""
    from ecommerce.cli.settings_check import check_folder, check_pool, check_settings
    from ecommerce.mail.check import check_chat, check_recipients, check_server
    from ecommerce.sources import OPTIONAL_SOURCES, SOURCES, module
    from ecommerce.sources.partner_ftp.check import check as check_partner_ftp
    from ecommerce.sources.product_catalogue.check import check as check_catalogue
    from ecommerce.warehouse.check_access import check as check_warehouse

    report, alert = names.VARIABLE_REPORT_RECIPIENTS, names.VARIABLE_ALERT_RECIPIENTS
    return {
        "settings": check_settings,
        names.POOL_LOADS: check_pool,
        names.VARIABLE_SOURCE_POLICY: _policy,
        **{module(source).SUBJECT: module(source).check for source in (*SOURCES, *OPTIONAL_SOURCES)},
        names.CONNECTION_CATALOGUE: check_catalogue,
        names.CONNECTION_PARTNER_FTP: check_partner_ftp,
        names.CONNECTION_WAREHOUSE: check_warehouse,
        names.CONNECTION_MAIL: check_server,
        names.CONNECTION_CHAT: check_chat,
        report: partial(check_recipients, report, "no report is mailed"),
        alert: partial(check_recipients, alert, "failures are not mailed"),
        "STAGING_URI": partial(check_folder, "staging_uri"),
        "REPORTS_URI": partial(check_folder, "reports_uri"),
        "MODELS_URI": partial(check_folder, "models_uri"),
        "PICTURES_URI": partial(check_folder, "pictures_uri"),
    }


def _policy() -> Lines:
    from ecommerce.sales.source_policy import source_policy

    yield OK, ", ".join(f"{source} {policy}" for source, policy in source_policy().items())
