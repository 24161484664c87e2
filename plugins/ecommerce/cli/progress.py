"""How far Airflow has come with something: a bar in a terminal, elsewhere a line for each part that ended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import click

from ecommerce.core.names import ENDED


class Progress:
    """Shows the states of days or tasks, each time it is given them. `at_end` closes the bar."""

    def __init__(self, unit: str, at_end: ExitStack) -> None:
        self._unit, self._at_end = unit, at_end
        self._bar: Any = None
        self._told: set[str] = set()

    def show(self, states: Mapping[str, str | None]) -> None:
        """`states` by name, of all there are."""
        ended = {name: state for name, state in states.items() if state in ENDED}
        if sys.stderr.isatty():
            self._show_bar(len(states), ended)
            return
        for name in sorted(ended.keys() - self._told):
            self._told.add(name)
            click.echo(f"{name}: {ended[name]} ({len(self._told)} of {len(states)})")

    def _show_bar(self, total: int, ended: Mapping[str, str | None]) -> None:
        from tqdm import tqdm

        if self._bar is None:  # none before something has begun
            self._bar = self._at_end.enter_context(tqdm(total=total, unit=self._unit))
        self._bar.total = total
        self._bar.set_postfix(failed=sum(state in ("failed", "upstream_failed") for state in ended.values()))
        self._bar.update(len(ended) - self._bar.n)
