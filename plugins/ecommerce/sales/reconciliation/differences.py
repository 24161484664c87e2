"""Days on which a source and the warehouse differ: which of them are read again, and the alert.

Other runs cannot see these differences: orders deleted for good, and changes that leave `updated_at` as it
is. Days that no run has read are not compared, nor are orders changed since the last read, which the next run
reads.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ecommerce.core.names import DAG_RECONCILIATION
from ecommerce.core.text import source_name
from ecommerce.mail import alerts
from ecommerce.mail import transport as mail

log = logging.getLogger(__name__)

Difference = Mapping[str, Any]
"""A source and the warehouse differ on a business day. Plain JSON: `business_date`, `source`, `what` (which
orders differ), `figures` (lists of name, text of the source, text of the warehouse: those that differ)."""
Results = Mapping[tuple[str, str], Any]
"""The result of each load by business date and source; None where reading or loading failed."""


def newest_first(by_source: Iterable[Sequence[Difference]]) -> list[Difference]:
    """Log the differences of all sources, and return them in one list."""
    differences = sorted(
        (each for differences in by_source for each in differences),
        key=lambda each: (each["business_date"], each["source"]),
        reverse=True,
    )
    for each in differences:
        log.warning("%(business_date)s %(source)s: %(what)s %(figures)s", each)
    if not differences:
        log.info("the sources agree with the warehouse on every day compared")
    return differences


def select_rereads(differences: Iterable[Difference], most_days: int) -> list[dict[str, str]]:
    """Return the days and sources to read again: all that differ on the first `most_days` days."""
    pairs = [{name: each[name] for name in ("business_date", "source")} for each in differences]
    days = list(dict.fromkeys(pair["business_date"] for pair in pairs))[:most_days]
    return [pair for pair in pairs if pair["business_date"] in days]


def send_alert(differences: Sequence[Difference], results: Results, built: Collection[str]) -> str:
    """Send an alert, by mail and chat, with the differences and their corrections; return why it cannot be
    sent, or nothing. Arguments as in `mail_texts`."""
    texts = mail_texts(differences, results, built)
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    return alerts.send_alert(message)


def mail_texts(differences: Sequence[Difference], results: Results, built: Collection[str]) -> dict[str, Any]:
    """Return the texts of the alert.

    Args:
        differences: all that were found, the newest day first.
        results: the results of the loads.
        built: the days whose report was built again.
    """
    read, loaded = dict.fromkeys(day for day, _ in results), [pair for pair in results if results[pair]]
    failed = [pair for pair in results if not results[pair]]
    differing = dict.fromkeys(each["business_date"] for each in differences)
    left = [day for day in differing if day not in read]
    corrected = len(read.keys() - {day for day, _ in failed})
    return {
        "subject": f"Reconciliation: days with differences: {len(differing)}, corrected: {corrected}",
        "differences": [
            {
                **each,
                "source": source_name(each["source"]),
                "outcome": _outcome((each["business_date"], each["source"]), results),
            }
            for each in differences
        ],
        "failed": [f"{day} ({source_name(source)})" for day, source in failed],
        "left": left,
        "again": f"airflow dags trigger {DAG_RECONCILIATION} --conf '{{\"most_days\": {len(left)}}}'",
        "built": built,
        "reports": [
            f"make report DAY={day}" for day in dict.fromkeys(day for day, _ in loaded) if day not in built
        ],
    }


def _outcome(pair: tuple[str, str], results: Results) -> str:
    if pair not in results:
        return "not read again yet"
    return "read again and loaded" if results[pair] else "reading it again failed"
