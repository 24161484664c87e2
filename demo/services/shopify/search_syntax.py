"""The search syntax of `query` arguments.

Terms are `field:value` with an optional comparator, quoted or not. A space and `AND` join them, `OR`
separates alternatives, `-` or `NOT` negates a term. An unquoted value ends at the next colon, so the rest of
an unquoted timestamp becomes another term. Parentheses are not modelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from graphql import GraphQLError

_TERM = re.compile(
    r"""[\s:]*(?P<negated>-|NOT\s+)?((?P<field>\w+):)?(?P<operator>>=|<=|>|<)?"""
    r"""(?P<value>'[^']*'|"[^"]*"|[^\s:]+)"""
)
_RANGES = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt"}
_DEFAULT = "default"


@dataclass(frozen=True)
class Field:
    """A field that terms can filter.

    Attributes:
        kind: `time`, `number` or `text`.
        values: the values of a record; a term matches if one of them does.
    """

    kind: str
    values: Callable[[Mapping[str, Any]], list[Any]]


Fields = Mapping[str, Field]
"""Fields by name; `default` is the one of terms without a field."""


@dataclass(frozen=True)
class Term:
    """One condition; a field that does not exist matches everything."""

    field: str
    operator: str
    value: str
    negated: bool

    def matches(
        self, record: Mapping[str, Any], fields: Fields, zone: ZoneInfo
    ) -> bool:
        """Whether `record` fulfils the condition."""
        if self.field not in fields:
            return True
        field = fields[self.field]
        tests: dict[str, Callable[[Any, ZoneInfo], bool]] = {
            "time": self._matches_time,
            "number": self._matches_number,
            "text": self._matches_text,
        }
        return (
            any(tests[field.kind](each, zone) for each in field.values(record))
            is not self.negated
        )

    @property
    def parsed(self) -> dict[str, Any]:
        """The term as `extensions.search` shows it."""
        name = {} if self.field == _DEFAULT else {"field": self.field}
        if self.operator:
            return {**name, "range": {_RANGES[self.operator]: self.value}}
        return {**name, "match_all": self.value}

    def _matches_time(self, instant: datetime | None, zone: ZoneInfo) -> bool:
        period = parse_period(self.value, zone)
        if period is None or instant is None:
            return False
        start, end = period
        second = instant.replace(microsecond=0)
        if self.operator in (">", ">="):
            return second >= start
        return second < (start if self.operator == "<" else end) and (
            bool(self.operator) or second >= start
        )

    def _matches_number(self, number: int, _: ZoneInfo) -> bool:
        if not self.value.isdecimal():
            return False
        other = int(self.value)
        return {
            "": number == other,
            ">": number > other,
            ">=": number >= other,
            "<": number < other,
            "<=": number <= other,
        }[self.operator]

    def _matches_text(self, text: str, _: ZoneInfo) -> bool:
        wanted, text = self.value.lower(), text.lower()
        if self.field == _DEFAULT:
            return wanted in text
        return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


@dataclass(frozen=True)
class Query:
    """Alternatives of joined terms; an empty query matches everything."""

    text: str
    alternatives: tuple[tuple[Term, ...], ...]

    @classmethod
    def parse(cls, text: str | None) -> Query:
        """Parse a `query` argument."""
        text = text or ""
        if "(" in text:
            raise GraphQLError(
                "This shop does not support parentheses in a search query."
            )
        alternatives: list[list[Term]] = [[]]
        for match in _TERM.finditer(text):
            value = match["value"]
            if value == "OR" and not match["field"]:
                alternatives.append([])
            elif value != "AND" or match["field"]:
                term = Term(
                    match["field"] or _DEFAULT,
                    match["operator"] or "",
                    value.strip(value[0]) if value[0] in "'\"" else value,
                    bool(match["negated"]),
                )
                alternatives[-1].append(term)
        return cls(text, tuple(tuple(terms) for terms in alternatives))

    def matches(
        self, record: Mapping[str, Any], fields: Fields, zone: ZoneInfo
    ) -> bool:
        """Whether `record` fulfils one of the alternatives."""
        return any(
            all(term.matches(record, fields, zone) for term in terms)
            for terms in self.alternatives
        )

    def report(self, fields: Fields, path: list[str | int]) -> dict[str, Any] | None:
        """Return the entry of `extensions.search` for the field at `path`, or None without a warning."""
        terms = [term for terms in self.alternatives for term in terms]
        warnings = [
            {
                "field": term.field,
                "message": "Invalid search field for this query.",
                "code": "invalid_field",
            }
            for term in terms
            if term.field not in fields
        ]
        if not warnings:
            return None
        joined = [
            _join("and", [term.parsed for term in terms]) for terms in self.alternatives
        ]
        return {
            "path": path,
            "query": self.text,
            "parsed": _join("or", joined),
            "warnings": warnings,
        }


def parse_period(value: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return the UTC second or local day that a value names, half-open, or None for an invalid one."""
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            start, end = (
                datetime.combine(each, datetime.min.time(), zone)
                for each in (day, day + _DAY)
            )
            return start.astimezone(UTC), end.astimezone(UTC)
        if ":" not in value:
            return None
        instant = datetime.fromisoformat(value).replace(microsecond=0)
    except ValueError:
        return None
    start = (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(
        UTC
    )
    return start, start + timedelta(seconds=1)


def _join(name: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return parts[0] if len(parts) == 1 else {name: parts}


_DAY = timedelta(days=1)
