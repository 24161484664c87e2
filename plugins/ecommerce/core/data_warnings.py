"""Warnings about data: their kinds and fields, and the one place that words them.

Extracts, transforms and checks hand on a warning as a JSON object of `kind` and fields; reports, mails and
logs word it. A count is a number; `{orders:order|orders}` chooses a form by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

DataWarning = dict[str, Any]
"""`kind` and the fields that its wording names. `day`, `days` or the date in the name of `file` are the
business days that it is about; without any it is about the day of the run."""

WRONG, DOUBTFUL, HARMLESS = 3, 2, 1
"""Weights: figures are wrong or lack something; they may; they do not."""
CHECK, SERIES_SKIPPED = "check", "series_skipped"
"""Kinds that code asks for; a warning of a check has its own `found`, `meaning`, `action` and `weight`."""


class Wording(NamedTuple):
    """What was found, what it means for the figures, what to do about it, and how bad it is."""

    found: str
    meaning: str = ""
    action: str = ""
    weight: int = DOUBTFUL


_ASK_FOR_A_FILE = "ask the partner for a valid file; the next run loads it"
_BACKFILL_EVENTS = "make backfill DAG=user_events_daily FROM={day} TO={day}"
WORDINGS: Mapping[str, Wording] = {
    "file_refused": Wording(
        "{file} was not loaded: {detail}", "its orders are in no figure", _ASK_FOR_A_FILE, WRONG
    ),
    "new_version_refused": Wording(
        "a new version of {file} was not loaded: {detail}",
        "the figures are those of the version loaded before",
        _ASK_FOR_A_FILE,
    ),
    "no_delivery": Wording(
        "{partner} has delivered no file for {day}",
        "the figures of the day lack its orders",
        "ask the partner for the file; a run of the next seven days loads it",
        WRONG,
    ),
    "orders_removed": Wording(
        "{file} was delivered again without {removed} of its {former} orders",
        "the figures no longer have these orders",
        "ask the partner whether they were cancelled, or left out by mistake",
    ),
    "misnamed_file": Wording(
        "{file} was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "its orders are in no figure",
        "rename it; the next run loads it",
        WRONG,
    ),
    "late_files": Wording(
        "{files} {files:file|files} arrived more than {late_days} days late and {files:was|were} not read, "
        "the first is {first_file}",
        "the orders in late files are in no figure",
        "make backfill FROM={first_day} TO={last_day} AGAIN=1",
        WRONG,
    ),
    "entries_not_read": Wording(
        "{entries} other {entries:entry|entries} of the partner folder {entries:was|were} not read: {names}",
        "nothing of them is in a figure",
        "rename deliveries to <partner>_<YYYY-MM-DD>.csv and remove the rest; make check lists them",
        HARMLESS,
    ),
    "columns_not_read": Wording(
        "{file} has columns that are not read: {columns}",
        "no figure lacks anything",
        "add columns that reports should use to ORDER_ATTRIBUTES",
        HARMLESS,
    ),
    "lines_differ": Wording(
        "{place}{orders} {orders:order has|orders have} lines that differ in status, currency, time, "
        "customer or country (for example order {example})",
        "the values of the line with the lowest number are used",
        "ask the partner which of the lines is right",
    ),
    "refunds_withheld": Wording(
        "{orders} storefront {orders:order has|orders have} refunds that the storefront does not return",
        "the figures lack these refunds",
        "look at the storefront's log; make repair DAY=<day> SOURCE=storefront reads them again",
        WRONG,
    ),
    "orders_withheld": Wording(
        "the storefront counts {orders} more {orders:order|orders} than it returns",
        "the figures lack these orders",
        "let the user of the API key read all orders, and look for a plugin that filters the REST API; then "
        "make repair DAY=<day> SOURCE=storefront",
        WRONG,
    ),
    "uncategorised": Wording(
        "storefront sales stay uncategorised: {detail}",
        "by category, the storefront's sales are under uncategorised",
        "allow the connection storefront_api to read the products as well",
    ),
    "unknown_status": Wording(
        "{orders} {orders:order|orders} of {day} {orders:has|have} the status {status}, which "
        "order_status.sql does not list",
        "they do not count as sales",
        "add the status to include/sql/transform/orders/order_status.sql and read the source again: "
        "make repair DAY=<day> SOURCE=<source>",
        WRONG,
    ),
    "no_rates": Wording(
        "no exchange rate was published in the {before} days before {day}",
        "amounts in other currencies are in no sum",
        "check that the connection exchange_rates_api leads to the right server (make check)",
        WRONG,
    ),
    "export_loaded": Wording(
        "{source}: {run_id} loaded an export of {orders} orders",
        "these orders are in the figures of past days",
        "nothing, if the load was intended",
        HARMLESS,
    ),
    "export_rejects": Wording(
        "{source}: {run_id} loaded an export of {orders} orders; {rejected} of its {rows} rows were rejected"
        "{reasons}",
        "the figures lack the rejected rows",
        "fix the rows in the export, undo the load (make undo-history) and load it again",
    ),
    "events_not_loaded": Wording(
        "the web events of this day are not loaded",
        "there is no funnel of this day",
        f"see the DAG user_events_daily ({_BACKFILL_EVENTS})",
        WRONG,
    ),
    "no_events": Wording(
        "no web event of this day was received",
        "there is no funnel of this day",
        f"{_BACKFILL_EVENTS} AGAIN=1 reads them again; if there are none, fix the website's tracking",
        WRONG,
    ),
    "tracking_broken": Wording(
        "web events match only {matched} of {orders} orders of {source} ({share}, usually {usual})",
        "tracking is broken, and the funnel shows too little",
        "fix the website's tracking",
        WRONG,
    ),
    "skewed_events": Wording(
        "{events} {events:event|events} occurred after {events:it was|they were} received, by the clock of "
        "the visitor",
        "the day of that clock counts",
    ),
    SERIES_SKIPPED: Wording("{series}: no forecast, {detail}"),
    "note": Wording("{text}"),
}


class _Count(int):
    """A number in a wording: with thousands separators, or the form that its format names for it."""

    def __format__(self, forms: str) -> str:
        one, _, more = forms.partition("|")
        return (one if self == 1 else more) if forms else f"{int(self):,}"


def data_warning(kind: str, **fields: Any) -> DataWarning:
    """Return a warning of one of `WORDINGS`, after making sure that its fields are there."""
    warning = {"kind": kind, **fields}
    wording(warning)
    return warning


def wording(warning: Mapping[str, Any]) -> Wording:
    """Return the words of a warning.

    Raises:
        KeyError: its kind is unknown, or a field is missing.
    """
    if warning["kind"] == CHECK:
        return Wording(*(warning[name] for name in Wording._fields))
    known = WORDINGS[warning["kind"]]
    fields = {name: _Count(value) if isinstance(value, int) else value for name, value in warning.items()}
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
