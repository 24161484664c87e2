"""Warnings about data: their kinds and fields, and the one place that words them.

Extracts, transforms and checks hand on a warning as a JSON object of `kind` and fields; reports, mails and
logs word it by include/data_warnings.csv. A count is a number; `{orders:order|orders}` chooses a form by it.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from ecommerce.core.paths import INCLUDE
from ecommerce.core.text import plural

DataWarning = dict[str, Any]
"""`kind` and the fields that its wording names. `day`, `days` or the date in the name of `file` are the
business days that it is about; without any it is about the day of the run."""

WRONG, HARMLESS = 3, 1
"""Weights: figures are wrong or lack something; they do not. With 2 they may."""
CHECK = "check"
"""A warning of a check has its own `found`, `meaning`, `action` and `weight`."""


class Wording(NamedTuple):
    """What was found, what it means for the figures, what to do about it, and how bad it is."""

    found: str
    meaning: str
    action: str
    weight: int


@cache
def wordings() -> Mapping[str, Wording]:
    """Return the wordings by kind, before their fields are filled in."""
    with (INCLUDE / "data_warnings.csv").open(encoding="utf-8", newline="") as stream:
        rows: Iterable[dict[str, Any]] = csv.DictReader(stream)
        return {
            row.pop("kind"): Wording(**row | {"weight": int(row["weight"])})
            for row in rows
        }


class _Count(int):
    """A number in a wording: with thousands separators, or the form that its format names for it."""

    def __format__(self, forms: str) -> str:
        return plural(self, *forms.split("|")) if forms else f"{int(self):,}"


def data_warning(kind: str, **fields: Any) -> DataWarning:
    """Return a warning of one of `wordings`, after making sure that its fields are there."""
    warning = {"kind": kind, **fields}
    wording(warning)
    return warning


def wording(warning: Mapping[str, Any]) -> Wording:
    """Return the words of a warning; KeyError where its kind is unknown, or a field is missing."""
    if warning["kind"] == CHECK:
        return Wording(*(warning[name] for name in Wording._fields))
    known = wordings()[warning["kind"]]
    # Archived reports of version 1.0 have warnings that do not name their source.
    fields = {"source": "<source>"} | {
        name: _Count(value) if isinstance(value, int) else value
        for name, value in warning.items()
    }
    found, meaning, action = (words.format(**fields) for words in known[:3])
    return Wording(found, meaning, action, known.weight)


def sentence(warning: Mapping[str, Any]) -> str:
    """Return what was found and what it means, for a log or a mail."""
    words = wording(warning)
    return ": ".join(filter(None, (words.found, words.meaning)))


def days_of(warning: Mapping[str, Any]) -> list[date]:
    """Return the business days that a warning is about; none where it is about the day of the run."""
    named = [*warning.get("days", ()), *filter(None, (warning.get("day"),))]
    named += re.findall(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", warning.get("file") or "")
    days = set()
    for each in named:
        with suppress(ValueError):
            days.add(date.fromisoformat(str(each)))
    return sorted(days)


def sentences(warnings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the sentences of warnings, each once."""
    return list(dict.fromkeys(map(sentence, warnings)))
