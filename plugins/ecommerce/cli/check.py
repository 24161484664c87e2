"""`make check`: is everything there that the pipeline needs?

    ok    sales_db          PostgreSQL 18.4, all queries fit its tables
    hint  sales_db          faster with: CREATE INDEX ON refunds (order_id)
    FAIL  storefront_api    storefront_api: GET /orders (page 1) answered 401 …: check …

What each line looks at stands in the modules `checking` of core, mail, the warehouse and each source.
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
from ecommerce.core.check_result import FAIL, HINT, OFF, OK, Finding, Lines
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, PipelineError, problems_of

OPTIONAL = {
    names.CONNECTION_WEB_EVENTS: names.DAG_EVENTS,
    names.CONNECTION_CATALOGUE: names.DAG_CATALOGUE,
    names.CONNECTION_PARTNER_FTP: names.DAG_FORECAST,
}
"""Connections that a shop may do without, and the DAG that cannot run without them."""

WAITED_WITH = (
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "duckdb",
)
"""What the examinations import, except the BigQuery client."""


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT …]")
def check(subjects: tuple[str, ...]) -> int:
    """See whether all is there that the pipeline needs (SUBJECT: only that).

    One line per finding: ok, hint, off, or FAIL and what to do. Nothing is changed: a file in each folder and
    a table in the warehouse are made and removed again. A source that is off in the Variable source_policy is
    not asked.
    """
    environment.load()
    with _airflow_home():
        import airflow  # noqa: F401 - which sets up its loggers, so that they can be silenced
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
    """Let Airflow, which makes its home when it is imported, make it in a temporary folder. Its configuration
    is read where it is, and so is the home of an Airflow that has been set up."""
    with TemporaryDirectory(prefix="make-check-", ignore_cleanup_errors=True) as folder:
        environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] = folder
        if not environment.has_ui(environ):
            home = Path(environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
            environ.setdefault("AIRFLOW_CONFIG", str(home / "airflow.cfg"))
            environ["AIRFLOW_HOME"] = folder
        yield


def findings(subjects: Sequence[str] = ()) -> Iterator[Finding]:
    """The findings about `subjects`, keys of `examinations` (none: all of them), in their order. All are
    waited for at once."""
    from ecommerce.cli.settings_check import is_set, see_that_it_can_be_read
    from ecommerce.sales.source_policy import source_policy
    from ecommerce.sources import SOURCES, module

    known = examinations()
    wanted = [*(subjects or known)]
    if len(wanted) > 1:
        for name in WAITED_WITH:  # in one thread: Airflow's circular imports do not bear several
            import_module(name)
    source_of = {module(source).SUBJECT: source for source in SOURCES}
    try:
        off = {source for source, policy in source_policy().items() if policy == OFF}
    except ConfigurationError:
        off = set()  # which is a finding of its own

    def found(subject: str) -> list[Finding]:
        source = source_of.get(subject)
        if source in off:
            return [Finding(subject, OFF, f"{source} is off in the Variable source_policy")]
        lines: list[Finding] = []
        try:
            if subject not in known:
                raise ConfigurationError(f"there is no such thing to look at; there are {', '.join(known)}")
            if subject in OPTIONAL and not is_set(subject):
                return [Finding(subject, HINT, f"not set: {OPTIONAL[subject]} cannot run")]
            see_that_it_can_be_read(subject)
            for state, text in known[subject]():
                lines.append(Finding(subject, state, text))
        except PipelineError as error:
            lines += [_failure(subject, problem) for problem in problems_of(error)]
        except Exception as error:  # its own text might show a secret
            file = getattr(error, "filename", None)
            reason = reason_of(error, otherwise=_unknown(error))
            lines.append(_failure(subject, f"{file}: {reason}" if isinstance(file, str) else reason))
        return lines

    reasons: dict[str, str] = {}
    with ThreadPoolExecutor(len(wanted)) as threads:
        for lines in threads.map(found, wanted):
            shown = []
            for line in lines:
                first = reasons.setdefault(line.text, line.subject) if line.state == FAIL else line.subject
                if first == line.subject:
                    shown.append(line)
                else:
                    text = f"not checked: {first} has to be correct first"
                    shown.append(Finding(line.subject, HINT, text))
            yield from dict.fromkeys(shown)


def _failure(subject: str, text: str) -> Finding:
    from ecommerce.mail.check import nobody_gets_mail

    if subject == names.CONNECTION_MAIL and nobody_gets_mail():
        return Finding(subject, HINT, f"nobody gets mail yet, so this can wait: {text}")
    return Finding(subject, FAIL, text)


def _unknown(error: Exception) -> str:
    """Where an error came up that nobody has foreseen, for whoever will look into it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}, line {frame.lineno}"
    return f"an error that make check does not know, from {place}: are the connection's fields right?"


def examinations() -> dict[str, Callable[[], Lines]]:
    """Everything there is to look at, in the order in which a new installation is set up."""
    from ecommerce.cli.settings_check import check_folder, check_settings
    from ecommerce.mail.check import check_chat, check_recipients, check_server
    from ecommerce.sources import OPTIONAL_SOURCES, SOURCES, module
    from ecommerce.sources.partner_ftp.check import check as check_partner_ftp
    from ecommerce.sources.product_catalogue.check import check as check_catalogue
    from ecommerce.warehouse.check_access import check as check_warehouse

    report, alert = names.VARIABLE_REPORT_RECIPIENTS, names.VARIABLE_ALERT_RECIPIENTS
    return {
        "settings": check_settings,
        names.VARIABLE_SOURCE_POLICY: _policy,
        **{module(source).SUBJECT: module(source).check for source in (*SOURCES, *OPTIONAL_SOURCES)},
        names.CONNECTION_CATALOGUE: check_catalogue,
        names.CONNECTION_PARTNER_FTP: check_partner_ftp,
        names.CONNECTION_WAREHOUSE: check_warehouse,
        names.CONNECTION_MAIL: check_server,
        names.CONNECTION_CHAT: check_chat,
        report: partial(check_recipients, report, "no report is mailed"),
        alert: partial(check_recipients, alert, "nobody hears of failures"),
        "STAGING_URI": partial(check_folder, "staging_uri"),
        "REPORTS_URI": partial(check_folder, "reports_uri"),
        "MODELS_URI": partial(check_folder, "models_uri"),
        "PICTURES_URI": partial(check_folder, "pictures_uri"),
    }


def _policy() -> Lines:
    from ecommerce.sales.source_policy import source_policy

    yield OK, ", ".join(f"{source} {policy}" for source, policy in source_policy().items())
