"""`python -m ecommerce.operations backfill|repair|report`: see `--help`."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from ecommerce.errors import PipelineError
from ecommerce.operations.airflow_api import AirflowApi
from ecommerce.operations.backfill import backfill, plan
from ecommerce.settings import SOURCES


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only when everything it started went well."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(AirflowApi.from_environment(), options)
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks to its user
        return 1
    return code


def _backfill(api: AirflowApi, options: argparse.Namespace) -> int:
    from tqdm import tqdm

    days = plan(api, options.first, options.last, again=options.again)
    _say(f"{len(days)} days to run, {options.jobs} at a time: {_range(days)}")
    with tqdm(total=len(days), unit="day") as bar:

        def progress(done: int, failed: int, _total: int) -> None:
            bar.set_postfix(failed=failed)
            bar.update(done - bar.n)

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
    return _clear_latest(api, options.day, ["report.figures"])


def _clear_latest(api: AirflowApi, day: date, task_ids: list[str]) -> int:
    runs = api.runs_of_day(day)
    if not runs:
        raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
    cleared = api.clear(runs[0]["dag_run_id"], task_ids)
    _say(f"run {runs[0]['dag_run_id']}: running again {', '.join(cleared)}")
    return 0


def _range(days: list[str]) -> str:
    return f"{days[0]} to {days[-1]}" if days else "none"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command speaks to its user


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecommerce.operations", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("backfill", help="run a range of business days, first and last included")
    command.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    command.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    command.add_argument("--jobs", type=int, default=2, help="days at the same time (default 2)")
    command.add_argument("--mail", action="store_true", help="mail each day's report")
    command.add_argument("--again", action="store_true", help="also run days that have succeeded before")
    command.set_defaults(command=_backfill)
    command = commands.add_parser("repair", help="read one source of a day again, and do all that follows")
    command.add_argument("--day", type=date.fromisoformat, required=True)
    command.add_argument("--source", choices=SOURCES, required=True)
    command.set_defaults(command=_repair)
    command = commands.add_parser("report", help="build the report of a day again from the warehouse")
    command.add_argument("--day", type=date.fromisoformat, required=True)
    command.set_defaults(command=_report)
    return parser


if __name__ == "__main__":
    sys.exit(main())
