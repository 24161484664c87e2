"""`make check`: is everything there that the pipeline needs?

    ok    sales_db          PostgreSQL 18.4, all queries fit its tables
    hint  sales_db          faster with: CREATE INDEX ON refunds (order_id)
    FAIL  storefront_api    storefront_api: GET /orders (page 1) answered 401 …: check …

What each line looks at stands in the modules `checking` of core, mail, the warehouse and each source.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import click

from ecommerce.cli import environment
from ecommerce.core import names
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.findings import FAIL, OFF, OK, Finding, Lines


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT …]")
def check(subjects: tuple[str, ...]) -> int:
    """See whether all is there that the pipeline needs (SUBJECT: only that).

    One line per finding: ok, hint, off, or FAIL and what to do. Nothing is changed, but for a file written to
    each folder and removed again, and what the first run would create in a warehouse that exists. A source
    that is off in the Variable source_policy is not asked.
    """
    environment.load()
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


def findings(subjects: Sequence[str] = ()) -> Iterator[Finding]:
    """The findings about `subjects`, keys of `examinations` (none: all of them), as it is found out."""
    from ecommerce.core.checking import see_that_it_can_be_read
    from ecommerce.sales.source_policy import source_policy
    from ecommerce.sources import SOURCES, module

    known = examinations()
    source_of = {module(source).SUBJECT: source for source in SOURCES}
    try:
        off = {source for source, policy in source_policy().items() if policy == OFF}
    except ConfigurationError:
        off = set()  # which is a finding of its own
    for subject in subjects or known:
        source = source_of.get(subject)
        if source in off:
            yield Finding(subject, OFF, f"{source} is off in the Variable source_policy")
            continue
        try:
            if subject not in known:
                raise ConfigurationError(f"there is no such thing to look at; there are {', '.join(known)}")
            see_that_it_can_be_read(subject)
            for state, text in known[subject]():
                yield Finding(subject, state, text)
        except PipelineError as error:
            yield Finding(subject, FAIL, str(error))
        except OSError as error:
            what = f"{error.filename} cannot be read" if error.filename else "unexpected"
            yield Finding(subject, FAIL, f"{what} ({type(error).__name__})")
        except Exception as error:  # its text might show a secret, its kind does not
            yield Finding(subject, FAIL, f"unexpected {type(error).__module__}.{type(error).__name__}")


def examinations() -> dict[str, Callable[[], Lines]]:
    """Everything there is to look at, in the order in which a new installation is set up."""
    from ecommerce.core.checking import check_folder, check_settings
    from ecommerce.mail.checking import check_recipients, check_server
    from ecommerce.sources import SOURCES, module
    from ecommerce.warehouse.checking import check as check_warehouse

    report, alert = names.VARIABLE_REPORT_RECIPIENTS, names.VARIABLE_ALERT_RECIPIENTS
    return {
        "settings": check_settings,
        names.VARIABLE_SOURCE_POLICY: _policy,
        **{module(source).SUBJECT: module(source).check for source in SOURCES},
        names.CONNECTION_WAREHOUSE: check_warehouse,
        names.CONNECTION_MAIL: check_server,
        report: partial(check_recipients, report, "no report is mailed"),
        alert: partial(check_recipients, alert, "nobody hears of failures"),
        "STAGING_URI": partial(check_folder, "staging_uri"),
        "REPORTS_URI": partial(check_folder, "reports_uri"),
        "MODELS_URI": partial(check_folder, "models_uri"),
    }


def _policy() -> Lines:
    from ecommerce.sales.source_policy import source_policy

    yield OK, ", ".join(f"{source} {policy}" for source, policy in source_policy().items())
