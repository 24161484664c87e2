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
from ecommerce.core.values import Values

DataWarning = Values
"""`kind` and the fields that its wording names. `day`, `days` or the date in the name of `file` are the
business days that it is about; without any it is about the day of the run."""

CHECK = "check"
"""A warning of a check has its own `found`, `meaning`, `action` and `weight`."""

ISO_DATE = r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"


class Wording(NamedTuple):
    """What was found, what it means for the figures, what to do about it, and how bad it is: figures are
    wrong or lack something (3), may be or may lack (2), or are right (1)."""

    found: str
    meaning: str
    action: str
    weight: int


class _Count(int):
    """A number in a wording: with thousands separators, or the form that its format names for it."""

    def __format__(self, forms: str) -> str:
        if not forms:
            return f"{int(self):,}"
        return plural(self, *forms.split("|"))


@cache
def wordings() -> Mapping[str, Wording]:
    """Return the wordings by kind, before their fields are filled in."""
    wordings = {}
    with (INCLUDE / "data_warnings.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            wordings[row["kind"]] = Wording(
                row["found"], row["meaning"], row["action"], int(row["weight"])
            )
    return wordings


def data_warning(kind: str, **fields: Any) -> DataWarning:
    """Return a warning of one of `wordings`, after making sure that its fields are there."""
    warning = {"kind": kind, **fields}
    wording(warning)
    return warning


def wording(warning: DataWarning) -> Wording:
    """Return the words of a warning; KeyError where its kind is unknown, or a field is missing."""
    if warning["kind"] == CHECK:
        return Wording(*(warning[name] for name in Wording._fields))
    words = wordings()[warning["kind"]]
    # Archived reports of version 1.0 have warnings that do not name their source.
    fields = {"source": "<source>", **warning}
    for name, value in warning.items():
        if isinstance(value, int):
            fields[name] = _Count(value)
    found, meaning, action = [text.format_map(fields) for text in words[:3]]
    return Wording(found, meaning, action, words.weight)


def sentence(warning: DataWarning) -> str:
    """Return what was found and what it means, for a log or a mail."""
    words = wording(warning)
    if not words.meaning:
        return words.found
    return f"{words.found}: {words.meaning}"


def sentences(warnings: Iterable[DataWarning]) -> list[str]:
    """Return the sentences of warnings, each once."""
    return list(dict.fromkeys(map(sentence, warnings)))


def days_of(warning: DataWarning) -> list[date]:
    """Return the business days that a warning is about; none where it is about the day of the run."""
    named = [warning.get("day"), warning.get("file"), *warning.get("days", [])]
    days = set()
    for day in re.findall(ISO_DATE, " ".join(map(str, named))):
        with suppress(ValueError):
            days.add(date.fromisoformat(day))
    return sorted(days)
