"""Days on which a source and the warehouse differ: which of them are read again, and the alert.

Other runs cannot see these differences: orders deleted for good, and changes that leave `updated_at` as it
is. Days that no run has read are not compared, nor are orders changed since the last read, which the next run
reads.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ecommerce.core import text as wording
from ecommerce.core.names import DAG_RECONCILIATION
from ecommerce.core.settings import load_settings
from ecommerce.mail import alerts
from ecommerce.mail import transport as mail
from ecommerce.sales.report.figures.model import HEADLINE
from ecommerce.warehouse.load import LoadResult

log = logging.getLogger(__name__)

COUNTS = ("orders", "refunds")
"""The figures that are no amounts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A source and the warehouse differ on a business day. `figures` has (source, warehouse) by name; `what`
    describes the orders that differ."""

    business_date: date
    source: str
    figures: Mapping[str, tuple[Decimal, Decimal]]
    what: str


@dataclass(frozen=True, slots=True)
class Reread:
    """One source to read again for one business day."""

    business_date: date
    source: str


Results = Mapping[Reread, LoadResult | None]
"""The result of each load; None where reading or loading failed."""


def newest_first(by_source: Iterable[Sequence[Difference]]) -> list[Difference]:
    """Log the differences of all sources, and return them in one list."""
    differences = sorted(
        (each for differences in by_source for each in differences),
        key=lambda each: (each.business_date, each.source),
        reverse=True,
    )
    for each in differences:
        log.warning("%s %s: %s %s", each.business_date, each.source, each.what, dict(each.figures))
    if not differences:
        log.info("the sources agree with the warehouse on every day compared")
    return differences


def select_rereads(differences: Iterable[Difference], most_days: int) -> list[Reread]:
    """Return the days and sources to read again: all that differ on the first `most_days` days."""
    pairs = [Reread(each.business_date, each.source) for each in differences]
    days = list(dict.fromkeys(pair.business_date for pair in pairs))[:most_days]
    return [pair for pair in pairs if pair.business_date in days]


def send_alert(differences: Sequence[Difference], results: Results, built: Collection[date]) -> str:
    """Send an alert, by mail and chat, with the differences and their corrections; return why it cannot be
    sent, or nothing. Arguments as in `mail_texts`."""
    texts = mail_texts(differences, results, built)
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    return alerts.send_alert(message)


def mail_texts(
    differences: Sequence[Difference], results: Results, built: Collection[date]
) -> dict[str, Any]:
    """Return the texts of the alert.

    Args:
        differences: all that were found, the newest day first.
        results: the results of the loads.
        built: the days whose report was built again.
    """
    failed = [pair for pair, result in results.items() if not result]
    loaded = dict.fromkeys(pair.business_date for pair, result in results.items() if result)
    days = {pair.business_date for pair in results}
    corrected = days - {pair.business_date for pair in failed}
    differing = list(dict.fromkeys(each.business_date for each in differences))
    left, on_days = [str(day) for day in differing if day not in days], _counted(len(differing), "day")
    return {
        "subject": f"Reconciliation: differences on {on_days}, {len(corrected)} corrected",
        "differences": [_texts_of(each, results) for each in differences],
        "restatements": _restatements(result for result in results.values() if result),
        "failed": [f"{pair.business_date} ({wording.source_name(pair.source)})" for pair in failed],
        "left": left,
        "again": f"airflow dags trigger {DAG_RECONCILIATION} --conf '{{\"most_days\": {len(left)}}}'",
        "built": [str(day) for day in built],
        "reports": [f"make report DAY={day}" for day in loaded if day not in built],
    }


def _restatements(results: Iterable[LoadResult]) -> list[str]:
    """Return one sentence for each changed figure of a mailed report, however many loads changed it."""
    values: dict[str, list[str]] = {}
    rows = [row for result in results for row in result.restatements]
    for row in sorted(rows, key=lambda row: str(row["detected_at"])):
        kind, currency = HEADLINE[row["figure"]].kind, load_settings().reporting_currency
        unit = f" {currency}" if kind == "money" else ""
        values.setdefault(f"{row['business_date']}: {row['figure'].replace('_', ' ')}", []).extend(
            wording.NOTHING if row[name] is None else wording.figure(Decimal(row[name]), kind, currency) + end
            for name, end in (("old", ""), ("new", unit))
        )
    return [f"{figure} {texts[0]} → {texts[-1]}" for figure, texts in values.items()]


def _texts_of(difference: Difference, results: Results) -> dict[str, Any]:
    pair = Reread(difference.business_date, difference.source)
    outcome = "not read again yet"
    if result := results.get(pair):
        days = _counted(len(result.touched_days), "day")
        orders = _counted(result.rows.get("orders", 0), "order")
        outcome = f"read again: {orders} created or changed on this day loaded, {days} recomputed"
    elif pair in results:
        outcome = "reading it again failed"
    return {
        "day": str(pair.business_date),
        "source": wording.source_name(pair.source),
        "what": difference.what,
        "figures": [
            [name, *map(wording.count if name in COUNTS else wording.plain, values)]
            for name, values in difference.figures.items()
            if values[0] != values[1]
        ],
        "outcome": outcome,
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
