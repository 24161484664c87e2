"""What the commands share in the terminal: the option for a business day, progress lines, and tables."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import ENDED, NEXT_ATTEMPT
from ecommerce.core.settings import load_settings


def _day(_: click.Context, parameter: click.Parameter, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day like 2026-11-19") from None


day_option = partial(click.option, callback=_day, required=True, metavar="YYYY-MM-DD")


def task_line(name: str, state: str, seconds: float | None, reason: str = "") -> str:
    """Return the line for a task that has ended.

    Args:
        name: the task, with its map index.
        state: Airflow's state of it.
        seconds: its duration; None where it did not run.
        reason: why it failed.
    """
    ended = "" if state == "success" else f"  {state.replace('_', ' ')}"
    time = "" if seconds is None else f"{seconds:.1f} s"
    return f"  {name:<34}{time:>9}{ended}{': ' if reason else ''}{reason}"


def retry_line(name: str, instance: Mapping[str, Any], reason: str, next_attempt: str) -> str:
    """Return the line for a failed attempt that Airflow repeats.

    Args:
        name: the task, with its map index.
        instance: its `try_number`, `max_tries` and `end_date`.
        reason: why the attempt failed.
        next_attempt: when the next one starts, as its log has it; may be empty.
    """
    attempt = f"attempt {instance['try_number']} of {instance['max_tries'] + 1} failed"
    at = str(instance["end_date"])[11:19]
    return f"  retry: {name}: {attempt} at {at} UTC: {reason}{'; ' if next_attempt else ''}{next_attempt}"


class TaskLines:
    """Prints one line for each task that ended and each attempt that failed."""

    def __init__(self, api: AirflowApi, dag_id: str) -> None:
        self._api, self._dag_id = api, dag_id
        self._shown: set[tuple[str, str, int]] = set()

    def show(self, run_id: str, instances: Mapping[str, Mapping[str, Any]]) -> None:
        """Print the new lines of `instances`, a run's task instances by name."""
        for name, each in sorted(instances.items(), key=lambda entry: str(entry[1].get("end_date"))):
            state, key = each["state"], (name, each["state"], each.get("try_number", 0))
            if state not in {*ENDED, "up_for_retry"} or key in self._shown:
                continue
            self._shown.add(key)
            has_failed = state in ("failed", "up_for_retry")
            reason, next_attempt = ("its log has the error" if has_failed else ""), ""
            for entry in self._api.log_lines(run_id, each, self._dag_id) if has_failed else ():
                text = str(entry.get("event", ""))
                if entry.get("level") == "error":
                    reason = text
                elif text.startswith(NEXT_ATTEMPT):
                    next_attempt = text
            # A task that did not run keeps the duration of its previous run.
            seconds = None if state == "upstream_failed" else each.get("duration")
            line = task_line(name, state, seconds, reason)
            click.echo(retry_line(name, each, reason, next_attempt) if state == "up_for_retry" else line)


def show_report(day: date) -> None:
    """Print the headline figures and the address of a day's report, if this machine can read it."""
    environ = dict(os.environ)
    with suppress(PipelineError, OSError):  # Airflow and its settings may be on another machine
        environment.load(environ)
        from ecommerce.core import text
        from ecommerce.sales.report.archive import folder_of, read_figures
        from ecommerce.sales.report.figures.model import HEADLINE

        uri = folder_of(load_settings(environ).reports_uri, day)
        figures = read_figures(uri)
        rows = [
            (HEADLINE[name].label, text.figure(figure.value, HEADLINE[name].kind, figures.currency))
            for name, figure in figures.headline.items()
        ]
        for line in aligned(rows):
            click.echo(f"  {line}")
        click.echo(f"The report: {uri}/report.pdf")


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> Iterator[str]:
    """Yield one line per row, with columns of equal width two spaces apart; `right`: which columns are flush
    right."""
    columns = list(zip(*rows, strict=True))
    flush = [str.rjust if at_right else str.ljust for at_right in right] or [str.ljust] * len(columns)
    widths = [max(map(len, column)) for column in columns]
    for row in rows:
        cells = zip(flush, row, widths, strict=True)
        yield "  ".join(justified(cell, width) for justified, cell, width in cells).rstrip()
