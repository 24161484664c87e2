"""How far Airflow has come: a line for each task that ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.names import DAG_DAILY, ENDED, NEXT_ATTEMPT


def task_line(name: str, state: str, seconds: float | None, why: str = "") -> str:
    """A line for a task that has ended, or for an attempt of it."""
    ended = "" if state == "success" else f"  {state.replace('_', ' ')}"
    time = "" if seconds is None else f"{seconds:.1f} s"
    return f"  {name:<34}{time:>9}{ended}{': ' if why else ''}{why}"


class TaskLines:
    """Prints a line for each task that ended and each attempt that failed, once."""

    def __init__(self, api: AirflowApi, dag_id: str = DAG_DAILY) -> None:
        self._api, self._dag_id = api, dag_id
        self._shown: set[tuple[str, str, int]] = set()

    def show(self, run_id: str, instances: Mapping[str, Mapping[str, Any]]) -> None:
        """`instances` of a run by name, as Airflow's API describes them."""
        ended = {name: each for name, each in instances.items() if each["state"] in {*ENDED, "up_for_retry"}}
        for name, each in sorted(ended.items(), key=lambda entry: str(entry[1].get("end_date"))):
            known = name, each["state"], each.get("try_number", 0)
            if known in self._shown:
                continue
            self._shown.add(known)
            has_failed = each["state"] in ("failed", "up_for_retry")
            why, begins = self._failure(run_id, each) if has_failed else ("", "")
            if each["state"] in ENDED:
                # A task that did not run has the time of its run before.
                seconds = None if each["state"] == "upstream_failed" else each.get("duration")
                click.echo(task_line(name, each["state"], seconds, why))
                continue
            tries = f"try {each['try_number']} of {each['max_tries'] + 1} has failed"
            at = f", at {str(each['end_date'])[11:19]} UTC"
            click.echo(
                f"  retry: {name}: {tries}{at}{': ' if why else ''}{why}; {begins or 'the next one follows'}"
            )

    def _failure(self, run_id: str, instance: Mapping[str, Any]) -> tuple[str, str]:
        """Why an attempt failed and when the next one begins, as its log has it; empty where it does not."""
        why, begins = "its log has the error", ""
        for line in self._api.log_lines(run_id, instance, self._dag_id):
            text = str(line.get("event", ""))
            if line.get("level") == "error":
                why = text
            elif text.startswith(NEXT_ATTEMPT):
                begins = text
        return why, begins
