"""What people should know of the data: found, what it means for the figures, what to do; the worst first.

Checks give these parts themselves. Extracts and transforms give a sentence, which is also logged and kept
with a delivered file; what the known ones mean and ask for stands in one table here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from ecommerce.core.text import count, mask_e_mails, short_day
from ecommerce.sales.report.figures.base import Part

WRONG, DOUBTFUL, HARMLESS = 3, 2, 1
MOST_OTHERS = 10
"""Lines about other days."""


class Remark(Part):
    """One thing that people should know. `meaning` and `action` are empty where nothing is known of them.
    `weight`: `WRONG`, figures are wrong or lack something; `DOUBTFUL`, they may, which is all that is known
    of a sentence that has no explanation here; `HARMLESS`, they do not. `days` are the business days that it
    is about, of a sentence those that it names; without any it is about the report's own. A plain sentence is
    taken for one, too."""

    found: str
    meaning: str = ""
    action: str = ""
    weight: int = DOUBTFUL
    days: list[date] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _of_a_sentence(cls, given: Any) -> Any:
        return _recognised(given) if isinstance(given, str) else given


class _Known(NamedTuple):
    """A sentence by its pattern; its group, where it has one, is what was found without what it means."""

    pattern: str
    meaning: str
    action: str
    weight: int


_KNOWN = (
    _Known(
        r"a new version of .+ was not loaded and will be tried again: .+",
        "the figures are those of the version that was loaded before",
        "ask the partner for a file that can be read; the next run loads it",
        DOUBTFUL,
    ),
    _Known(
        r".+ was not loaded and will be tried again: .+",
        "its orders are in no figure",
        "ask the partner for a file that can be read; the next run loads it",
        WRONG,
    ),
    _Known(
        r".+ has delivered no file for \S+",
        "the figures of the day lack its orders",
        "ask the partner for the file; a run of the next seven days loads it",
        WRONG,
    ),
    _Known(
        r"(.+ was delivered again without .+ orders): they are removed",
        "the figures no longer have these orders",
        "ask the partner whether they were cancelled, or left out by mistake",
        DOUBTFUL,
    ),
    _Known(
        r"(.+ was not read: its name is not .+)",
        "its orders are in no figure",
        "rename it; the next run loads it",
        WRONG,
    ),
    _Known(
        r"(\d+ file\(s\) came more than \d+ days late and were not read, .+): (?P<action>make .+)",
        "their orders are in no figure",
        "run their days once more: {action}",
        WRONG,
    ),
    _Known(
        r"(.+ order\(s\) have refunds that the storefront does not hand out): the figures lack these refunds",
        "the figures lack these refunds",
        "look at the storefront's log; make repair DAY=<day> SOURCE=storefront reads them again",
        WRONG,
    ),
    _Known(
        r"(the storefront counts .+ than it returns): the figures lack them",
        "the figures lack these orders",
        "let the user of the API key read all orders, and look for a plugin that filters the REST API; then "
        "make repair DAY=<day> SOURCE=storefront",
        WRONG,
    ),
    _Known(
        r"(.+ have the status .+, which order_status\.sql does not list): they count as no sale",
        "they count as no sale",
        "add the status to include/sql/transform/orders/order_status.sql and read the source again: "
        "make repair DAY=<day> SOURCE=<source>",
        WRONG,
    ),
    _Known(
        r"no exchange rate was published in the .+",
        "amounts in other currencies are in no sum",
        "see whether the connection exchange_rates_api leads to the right server (make check)",
        WRONG,
    ),
    _Known(
        r"(.+ order\(s\) have lines that differ in .+); what the line with the lowest number .+ taken(.*)",
        "what the line with the lowest number says was taken",
        "ask the partner which of the lines is right",
        DOUBTFUL,
    ),
    _Known(
        r"(storefront sales stay uncategorised): .+",
        "by category, the storefront's sales stand under uncategorised",
        "let the connection storefront_api read the products as well",
        DOUBTFUL,
    ),
    _Known(
        r"(\d+ other entr(?:y|ies) of the partner folder (?:was|were) not read: .+)",
        "nothing of them is in a figure",
        "rename what is a delivery to <partner>_<YYYY-MM-DD>.csv and remove the rest; make check lists them",
        HARMLESS,
    ),
    _Known(
        r".+ has columns that are not read: .+",
        "no figure lacks anything",
        "name in ORDER_ATTRIBUTES what reports should know of them",
        HARMLESS,
    ),
)


def remarks(given: Iterable[Remark | str | Mapping[str, Any]]) -> list[Remark]:
    """Sentences and fields of remarks as remarks, each once, the worst first; e-mail addresses are masked."""
    found: dict[str, Remark] = {}
    for each in given:
        remark = Remark.model_validate(each)
        masked = {name: mask_e_mails(getattr(remark, name)) for name in ("found", "meaning", "action")}
        remark = remark.model_copy(update=masked)
        found.setdefault(remark.model_dump_json(), remark)
    return sorted(found.values(), key=lambda remark: -remark.weight)


def until(day: date, given: Iterable[str | Mapping[str, Any]]) -> list[str | Mapping[str, Any]]:
    """`given` without what checks found on days after `day`: those days have checks of their own."""
    kept: list[str | Mapping[str, Any]] = []
    for each in given:
        if isinstance(each, str) or not each.get("days"):
            kept.append(each)
        elif days := [one for one in each["days"] if one <= day.isoformat()]:
            kept.append({**each, "days": days})
    return kept


def of_the_day(all_remarks: Iterable[Remark], day: date) -> list[Remark]:
    """The remarks about the report's own day."""
    return [each for each in all_remarks if not each.days or day in each.days]


def other_days(all_remarks: Iterable[Remark], day: date) -> list[str]:
    """The remarks about other days in a line each, such as "Mon 9 Nov: 2 orders …"; the newest day first."""
    others = [each for each in all_remarks if each.days and day not in each.days]
    others.sort(key=lambda each: max(each.days), reverse=True)
    lines = [f"{_days(each.days)}: {each.found}" for each in others[:MOST_OTHERS]]
    more = len(others) - MOST_OTHERS
    return [*lines, f"{count(more)} more in figures.json"] if more > 0 else lines


def _days(days: Sequence[date]) -> str:
    shown = ", ".join(short_day(each) for each in days[:3])
    return f"{shown} and {count(len(days) - 3)} more days" if len(days) > 3 else shown


def cells(all_remarks: Iterable[Remark], clean: Any) -> list[list[str]]:
    """The table's rows: found, meaning, action. What was found may begin with a name: it stays as it is."""
    return [
        [clean(each.found), *(_sentence(clean(part)) for part in (each.meaning, each.action))]
        for each in all_remarks
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _recognised(sentence: str) -> dict[str, Any]:
    for known in _KNOWN:
        if match := re.fullmatch(known.pattern, sentence, re.DOTALL):
            # A second part is an example.
            parts = [part for part in match.groups() if part and part != match.groupdict().get("action")]
            found = "".join(parts) or sentence
            action = known.action.format(**match.groupdict()) if match.groupdict() else known.action
            known_parts = {"meaning": known.meaning, "action": action, "weight": known.weight}
            return {"found": found, "days": _named(found), **known_parts}
    return {"found": sentence, "days": _named(sentence)}


def _named(sentence: str) -> list[date]:
    """The days that a sentence names; a date of no calendar is none."""
    days = set()
    for year, month, day in re.findall(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", sentence):
        with suppress(ValueError):
            days.add(date(int(year), int(month), int(day)))
    return sorted(days)
