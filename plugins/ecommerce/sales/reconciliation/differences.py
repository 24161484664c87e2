"""Reconciliation: source against warehouse, day by day, and reading again the days that differ.

It finds what leaves no trace for the other runs: orders deleted for good, and changes that move no
`updated_at`. Compared are the last `RECONCILE_DAYS` closed days, of each those that a run has read (missing
days are the daily report's business); orders changed since the last read are left out, because the next run
reads them anyway.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from email.utils import make_msgid
from typing import Any

from ecommerce.core import text as wording
from ecommerce.core.business_day import BusinessDay, day_window, newest_closed_day
from ecommerce.core.settings import load_settings
from ecommerce.core.staging import Manifest
from ecommerce.mail import transport as mail
from ecommerce.mail.alerts import RECIPIENTS
from ecommerce.sales.windows import window_of_reread
from ecommerce.sources import SALES_DB

log = logging.getLogger(__name__)

DAG_ID = "sales_reconciliation"
COUNTS = ("orders", "lines", "refunds")
"""Which figures are no amounts."""

Row = Mapping[str, Any]
Figures = dict[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs on one business day of one source.

    `figures` holds (source, warehouse) by name, in the order they are shown; `what` says it in words.
    """

    business_date: date
    source: str
    figures: Figures
    what: str

    def to_xcom(self) -> dict[str, Any]:
        """Plain JSON types; `from_xcom` is the inverse."""
        return {
            "business_date": self.business_date.isoformat(),
            "source": self.source,
            "figures": {name: [str(value) for value in pair] for name, pair in self.figures.items()},
            "what": self.what,
        }

    @classmethod
    def from_xcom(cls, plain: Mapping[str, Any]) -> Difference:
        """Rebuild a difference from XCom."""
        figures = {name: (Decimal(left), Decimal(right)) for name, (left, right) in plain["figures"].items()}
        return cls(date.fromisoformat(plain["business_date"]), plain["source"], figures, plain["what"])


def days_to_compare(now: datetime) -> list[BusinessDay]:
    """The last `RECONCILE_DAYS` closed days at the instant `now`, oldest first."""
    settings = load_settings()
    newest = newest_closed_day(now, settings.shop_timezone)
    return [newest.shifted(-back) for back in reversed(range(settings.reconcile_days))]


def aggregate_differences(source: str, found: Iterable[Row], stored: Iterable[Row]) -> list[Difference]:
    """The days on which two sets of sums differ, oldest first.

    Both have the columns of `extract/sales_db/reconciliation.sql`. Sums may agree in total and differ by
    status, currency or test mark; such a day differs too.
    """
    theirs, ours = _by_day(found), _by_day(stored)
    differences = []
    for day in sorted({*theirs, *ours}):
        left, right = theirs.get(day, {}), ours.get(day, {})
        if left == right:
            continue
        figures = {name: (total(left), total(right)) for name, total in _TOTALS.items()}
        named = [name for name, pair in figures.items() if pair[0] != pair[1]]
        what = f"{', '.join(named)} differ" if named else "statuses, currencies or test marks differ"
        differences.append(Difference(day, source, figures, what))
    return differences


_MEASURES = ("entries", "lines", "amount", "discount_amount", "tax_amount", "shipping_amount")
_Sums = dict[tuple[str, ...], tuple[Decimal, ...]]


def _by_day(rows: Iterable[Row]) -> dict[date, _Sums]:
    days: dict[date, _Sums] = defaultdict(dict)
    for row in rows:
        kind = tuple(str(row[name]).lower() for name in ("kind", "status", "currency", "is_test"))
        days[_date(row["business_date"])][kind] = tuple(Decimal(row[name]) for name in _MEASURES)
    return days


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _total(kind: str, *measures: str) -> Any:
    places = [_MEASURES.index(measure) for measure in measures]

    def add(sums: _Sums) -> Decimal:
        return sum((row[at] for key, row in sums.items() if key[0] == kind for at in places), Decimal(0))

    return add


_TOTALS = {
    "orders": _total("orders", "entries"),
    "lines": _total("orders", "lines"),
    "gross amount": _total("orders", "amount"),
    "discounts": _total("orders", "discount_amount"),
    "tax and shipping": _total("orders", "tax_amount", "shipping_amount"),
    "refunds": _total("refunds", "entries"),
    "refunded amount": _total("refunds", "amount"),
}


def order_differences(source: str, rows: Iterable[Row]) -> list[Difference]:
    """The days on which orders differ, from the rows of `reconciliation/storefront.sql`, oldest first."""
    return [
        Difference(
            row["business_date"],
            source,
            {
                name: (Decimal(row[f"source_{column}"]), Decimal(row[f"stored_{column}"]))
                for name, column in (
                    ("orders", "orders"),
                    ("gross amount", "amount"),
                    ("refunds", "refunds"),
                )
            },
            ", ".join(words.format(row[column]) for column, words in _WORDS.items() if row[column]),
        )
        for row in rows
        if any(row[column] for column in _WORDS)
    ]


_WORDS = {
    "missing": "{} orders are not in the warehouse",
    "gone": "{} orders are gone from the source",
    "changed": "{} orders have changed",
    "refunded": "{} orders have other refunds",
}


def newest_first(found: Iterable[Sequence[Mapping[str, Any]] | None]) -> list[dict[str, Any]]:
    """What the comparisons left (differences as XCom; None for a source that was skipped) in one list."""
    differences = [dict(each) for of_source in found for each in of_source or ()]
    differences.sort(key=lambda each: (each["business_date"], each["source"]), reverse=True)
    for each in differences:
        log.warning("%s %s: %s %s", each["business_date"], each["source"], each["what"], each["figures"])
    if not differences:
        log.info("source and warehouse agree on every day compared")
    return differences


def days_to_reread(differences: Iterable[Mapping[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first `most` days of `newest_first`, each with business_date and the sources that differ."""
    sources: dict[str, list[str]] = {}
    for each in differences:
        sources.setdefault(each["business_date"], []).append(each["source"])
    return [{"business_date": day, "sources": sources[day]} for day in list(sources)[:most]]


def reread(context: Mapping[str, Any], day: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Extract the sources of `day` (one of `days_to_reread`) again; the manifests, as XCom.

    Raises:
        PipelineError: a source or the warehouse cannot be read.
    """
    from ecommerce.sources.sales_db import reading as sales_db
    from ecommerce.sources.storefront import reading as storefront
    from ecommerce.warehouse import reads as audit

    window = day_window(date.fromisoformat(day["business_date"]), load_settings().shop_timezone)
    manifests = []
    for source in day["sources"]:
        read = window_of_reread(context, source, window, audit.known_orders(source, window.date))
        if source == SALES_DB:
            manifests.append(sales_db.extract(read))
        else:
            manifests.append(storefront.extract(read, audit.known_refunds))
    return [manifest.to_xcom() for manifest in manifests]


def transform_all(context: Mapping[str, Any], manifests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Transform what `reread` left, source by source."""
    from ecommerce.sales.transform import transform

    return [
        transform(Manifest.from_xcom(manifest), run_id=context["run_id"]).to_xcom() for manifest in manifests
    ]


def tell(
    context: Mapping[str, Any],
    differences: Sequence[Mapping[str, Any]],
    rereads: Sequence[Mapping[str, Any]],
    load_task: str,
    report_task: str,
) -> None:
    """Mail `alert_recipients` what differed and what was done about it.

    Args:
        context: Airflow's task context.
        differences: what `newest_first` returned.
        rereads: what `days_to_reread` returned.
        load_task: id of the mapped task whose n-th instance loaded the n-th of `rereads`.
        report_task: id of the one whose n-th instance archived that day's report.

    Raises:
        AirflowSkipException: the Variable is empty.
        PipelineError: the mail could not be sent, see `mail.send`.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    to = mail.recipients(RECIPIENTS)
    if not to:
        raise AirflowSkipException(f"the Variable {RECIPIENTS} is empty")
    indexes = list(range(len(rereads)))
    loads = context["ti"].xcom_pull(task_ids=load_task, map_indexes=indexes)
    reports = context["ti"].xcom_pull(task_ids=report_task, map_indexes=indexes)
    days = [day["business_date"] for day in rereads]
    built = [day for day, report in zip(days, reports, strict=True) if report]
    texts = mail_texts(differences, dict(zip(days, loads, strict=True)), built)
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    message["Message-ID"] = make_msgid("reconciliation", domain=mail.sender().rpartition("@")[2])
    mail.send(message, to)


def mail_texts(
    differences: Sequence[Mapping[str, Any]],
    loaded: Mapping[str, Mapping[str, Any] | None],
    built: Collection[str],
) -> dict[str, Any]:
    """What the mail says.

    `loaded` holds the load's result of each day read again, None where it failed; `built` names the days
    whose report was built anew.
    """
    found = [Difference.from_xcom(each) for each in differences]
    differing = list(dict.fromkeys(str(each.business_date) for each in found))
    corrected = [day for day, result in loaded.items() if result]
    left = [day for day in differing if day not in loaded]
    return {
        "subject": f"Reconciliation: {_days(len(differing))} differed, {len(corrected)} corrected",
        "differences": [_texts_of(each, loaded) for each in found],
        "restatements": [
            f"{each['business_date']}: {each['figure'].replace('_', ' ')} {each['old']} is now {each['new']}"
            for result in loaded.values()
            if result
            for each in result["restatements"]
        ],
        "failed": [day for day in loaded if day not in corrected],
        "left": left,
        "again": f"airflow dags trigger {DAG_ID} --conf '{{\"most_days\": {len(left)}}}'",
        "built": list(built),
        "reports": [f"make report DAY={day}" for day in corrected if day not in built],
    }


def _texts_of(difference: Difference, loaded: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    day = str(difference.business_date)
    outcome = "not read again yet"
    if result := loaded.get(day):
        days = _days(len(result["touched_days"]))
        outcome = f"read again: {result['rows'].get('orders', 0)} orders loaded, {days} computed anew"
    elif day in loaded:
        outcome = "reading it again failed"
    return {
        "day": day,
        "source": wording.source_name(difference.source),
        "what": difference.what,
        "figures": [
            {"name": name, "source": _written(name, left), "warehouse": _written(name, right)}
            for name, (left, right) in difference.figures.items()
            if left != right
        ],
        "outcome": outcome,
    }


def _written(name: str, value: Decimal) -> str:
    return wording.count(value) if name in COUNTS else wording.plain(value)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
