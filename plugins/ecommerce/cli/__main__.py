"""`python -m ecommerce.cli backfill|repair|report`: see `--help`."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import date
from typing import Any

from ecommerce.cli.airflow_api import DAILY_DAG, AirflowApi
from ecommerce.cli.backfill import backfill, plan, under_way
from ecommerce.core.errors import PipelineError
from ecommerce.sources import SOURCES


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only when everything it started went well."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(AirflowApi.from_environment(), options)
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks to its user
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; what was begun goes on in Airflow", file=sys.stderr)  # noqa: T201 - as above
        return 130
    return code


def _backfill(api: AirflowApi, options: argparse.Namespace) -> int:
    from tqdm import tqdm

    days = plan(api, options.first, options.last, again=options.again)
    if days:
        _say(f"{len(days)} days to run, {options.jobs} at a time: {days[0]} to {days[-1]}")
        for day in sorted({*under_way(api, options.first, options.last)} - {*days}):
            _say(f"left alone, because a run of it is under way: {day}")
    with ExitStack() as at_end:
        bars: list[Any] = []

        def progress(done: int, failed: int, total: int) -> None:
            if not bars:  # no bar before the backfill has begun
                bars.append(at_end.enter_context(tqdm(total=total, unit="day")))
            bars[0].set_postfix(failed=failed)
            bars[0].update(done - bars[0].n)

        outcome = backfill(
            api,
            options.first,
            options.last,
            jobs=options.jobs,
            mail=options.mail,
            again=options.again,
            progress=progress,
        )
    _say(f"{len(outcome.succeeded)} days succeeded, {len(outcome.failed)} failed")
    for day in outcome.failed:
        _say(f"failed: {day}: see the run's red task in {api.url}, then make repair DAY={day} SOURCE=…")
    return 1 if outcome.failed else 0


def _repair(api: AirflowApi, options: argparse.Namespace) -> int:
    return _clear_latest(api, options.day, [f"extract.{options.source}"])


def _report(api: AirflowApi, options: argparse.Namespace) -> int:
    return _clear_latest(api, options.day, ["report.figures"], after="load.checks")


def _clear_latest(api: AirflowApi, day: date, task_ids: list[str], after: str = "") -> int:
    """Run `task_ids` of the day's newest run again, and all behind them; `after` has to have succeeded."""
    runs = api.runs_of_day(day)
    if not runs:
        raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
    run_id = runs[0]["dag_run_id"]
    if api.is_paused():
        raise PipelineError(f"{DAILY_DAG} is paused, so nothing would run: unpause it in the UI")
    state = api.task_state(run_id, after) if after else "success"
    if state in ("failed", "upstream_failed", "skipped"):
        raise PipelineError(
            f"the newest run of {day} has not come to its report: see the red task of {run_id} in {api.url}, "
            f"then make repair DAY={day} SOURCE=…"
        )
    if state != "success":
        raise PipelineError(f"{run_id} is under way and has not come to its report, which follows by itself")
    cleared = api.clear(run_id, task_ids)
    _say(f"run {run_id}: running again {', '.join(cleared)}")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command speaks to its user


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2026-11-19") from None


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days, 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecommerce.cli", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("backfill", help="run a range of business days, first and last included")
    command.add_argument("--from", dest="first", type=_day, required=True)
    command.add_argument("--to", dest="last", type=_day, required=True)
    command.add_argument("--jobs", type=_jobs, default=2, help="days at the same time (default 2)")
    command.add_argument("--mail", action="store_true", help="mail each day's report")
    command.add_argument("--again", action="store_true", help="also run days that have succeeded before")
    command.set_defaults(command=_backfill)
    command = commands.add_parser("repair", help="read one source of a day again, and do all that follows")
    command.add_argument("--day", type=_day, required=True)
    command.add_argument("--source", choices=SOURCES, required=True)
    command.set_defaults(command=_repair)
    command = commands.add_parser("report", help="build the report of a day again from the warehouse")
    command.add_argument("--day", type=_day, required=True)
    command.set_defaults(command=_report)
    return parser


if __name__ == "__main__":
    sys.exit(main())
