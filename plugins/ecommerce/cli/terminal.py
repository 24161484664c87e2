"""What the commands share: the option for a business day, and output.

Standard output has only a command's result (`show`); progress and logs go to standard error.
"""

from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.settings import load_settings

day_option = partial(
    click.option,
    type=click.DateTime(["%Y-%m-%d"]),
    callback=lambda context, parameter, value: value and value.date(),
    required=True,
    metavar="YYYY-MM-DD",
)


def result_stream() -> Any:
    """Return the standard output that `main` keeps for results."""
    return click.get_current_context().obj


def show(line: object) -> None:
    """Print a line of the command's result."""
    click.echo(line, file=result_stream())


def progress(line: str) -> None:
    """Print a line about what happens meanwhile."""
    click.echo(line, err=True)


def require_closed(first: date, last: date, timezone: str) -> None:
    """Raise PipelineError unless there are days from `first` to `last`, and the last has ended."""
    if first > last:
        raise PipelineError(f"FROM={first} is after TO={last}")
    closed_day(last, timezone)


def show_end(day: date, *, succeeded: bool, where: str = "") -> int:
    """Print how the run of a day ended, and return the exit code. After a success it is followed by the
    address of the report, if this machine has the settings; after a failure by `where` to look."""
    if not succeeded:
        show(f"The run of {day} failed{where}")
        return 1
    show(f"The run of {day} succeeded")
    # Airflow and its settings may be on another machine.
    with suppress(PipelineError):
        environment.load()
        show(f"The report: {load_settings().reports_uri}/{day}/report.pdf")
    return 0
