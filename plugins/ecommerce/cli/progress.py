"""How far Airflow has come: a line for each task that ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ecommerce.core.names import ENDED


def task_line(name: str, state: str, seconds: float | None, why: str = "") -> str:
    """A line for a task that has ended, or for a try of it."""
    ended = "" if state == "success" else f"  {state.replace('_', ' ')}"
    time = "" if seconds is None else f"{seconds:.1f} s"
    return f"  {name:<34}{time:>9}{ended}{': ' if why else ''}{why}"


class TaskLines:
    """Prints a line for each task that ended and each try that failed, once."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str, int]] = set()

    def show(self, instances: Mapping[str, Mapping[str, Any]]) -> None:
        """`instances` by name, as Airflow's API describes them."""
        ended = {name: each for name, each in instances.items() if each["state"] in {*ENDED, "up_for_retry"}}
        for name, each in sorted(ended.items(), key=lambda entry: str(entry[1].get("end_date"))):
            known = name, each["state"], each.get("try_number", 0)
            if known in self._shown:
                continue
            self._shown.add(known)
            if each["state"] in ENDED:
                click.echo(task_line(name, each["state"], each.get("duration")))
                continue
            # Airflow's API does not give the moment of the next attempt.
            tries = f"try {each['try_number']} of {each['max_tries'] + 1} has failed"
            click.echo(
                f"  retry: {name}: {tries}, at {str(each['end_date'])[11:19]} UTC; the next one follows"
            )
