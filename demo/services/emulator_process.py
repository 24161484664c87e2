"""The BigQuery emulator with a faster SQL parser; run by the emulator's own Python, with its own arguments.

It parses each statement about twenty times, which was more than half of its time: here once, and then copies
what came of it. sqlglot has a compiled form (`sqlglotc`), in which two things have to be got round.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Any

from bqemulator.cli import main
from bqemulator.jobs import ddl_result
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

_idle: dict[Any, list[Any]] = defaultdict(list)
"""Generators that are not at work, by dialect and options."""


_MOST_PARSED = 1000
_parsed: OrderedDict[Any, list[exp.Expression | None]] = OrderedDict()
"""What was parsed last, by dialect, options and text; nobody else holds these trees."""
_parse = Dialect.parse


def parse(dialect: Dialect, sql: str, **options: Any) -> list[exp.Expression | None]:
    """As `Dialect.parse`, but a text that was parsed lately is not parsed again."""
    key = (type(dialect), repr(dialect.settings), repr(options), sql)
    known = _parsed.pop(key, None)
    if known is None:
        known = _parse(dialect, sql, **options)
    _parsed[key] = known
    while len(_parsed) > _MOST_PARSED:
        _parsed.popitem(last=False)
    return [each.copy() if each is not None else None for each in known]


def generate(dialect: Dialect, expression: exp.Expression, copy: bool = True, **options: Any) -> str:
    """As `Dialect.generate`, by generators that are used again: each new compiled one parses the seventeen
    templates of its class."""
    idle = _idle[type(dialect), *options.items()]
    generator = idle.pop() if idle else dialect.generator(**options)
    try:
        return str(generator.generate(expression, copy=copy))
    finally:
        idle.append(generator)


def has_not_null_constraint(column: exp.ColumnDef) -> bool:
    """As the emulator's own. That asks for the `kind` of each constraint, which the compiled form does not
    hand out where a column has OPTIONS."""
    constraints = column.args.get("constraints") or ()
    return any(isinstance(each.args.get("kind"), exp.NotNullColumnConstraint) for each in constraints)


Dialect.parse = parse  # type: ignore[method-assign]
Dialect.generate = generate  # type: ignore[method-assign]
ddl_result._has_not_null_constraint = has_not_null_constraint

if __name__ == "__main__":
    main(prog_name="bqemulator")
