"""Metrics of the pipeline, sent through Airflow's metrics client (StatsD, OpenTelemetry).

docs/MONITORING.md defines them; `deploy/monitoring/statsd_mapping.yml` has their Prometheus names. A metric
that cannot be sent causes a warning in the log, never a failure.
"""

import logging
import sys
from collections.abc import Iterable
from datetime import datetime

from ecommerce.core.error_messages import reason_of
from ecommerce.core.values import Row

log = logging.getLogger(__name__)

OUTCOMES = ("read", "accepted", "rejected", "superseded")


def business_day_done(step: str, day_end: datetime) -> None:
    """Send the end of a business day (aware) that has passed `step`: load, report or mail.

    The time since then is the freshness. A backfill sets it back: take the maximum over days.
    """
    _send("business_day_end", day_end.timestamp(), step=step)


def loaded(dag_id: str, audit: Iterable[Row]) -> None:
    """Send the counts of a load: its rows of `load_audit`, one per source."""
    for row in audit:
        source = str(row["source"])
        if row.get("read_at"):
            _send("source_read", row["read_at"].timestamp(), source=source)
        rows = {name: int(row.get(f"rows_{name}") or 0) for name in OUTCOMES}
        for outcome, count in rows.items():
            _send("rows", count, dag_id=dag_id, source=source, outcome=outcome)
        share = rows["rejected"] / max(rows["read"], 1)
        _send("rejected_ratio", round(share, 6), dag_id=dag_id, source=source)


def bytes_billed(count: int, step: str) -> None:
    """Send the bytes that BigQuery bills for a statement of `step`, such as load, checks or report."""
    _send("bytes_billed", count, is_count=True, step=step)


def mail_sent(kind: str) -> None:
    """Count one mail of a kind: report, failure, watch, reconciliation, …"""
    _send("mails_sent", 1, is_count=True, kind=kind)


def _send(name: str, value: float, *, is_count: bool = False, **tags: str) -> None:
    """Send a gauge, or add a whole number to a count."""
    if "airflow" not in sys.modules:
        return  # a command does not import Airflow for metrics
    try:
        from airflow.sdk.observability import stats

        if is_count:
            stats.incr(f"ecommerce.{name}", int(value), tags=tags)
        else:
            stats.gauge(f"ecommerce.{name}", value, tags=tags)
    except Exception as error:
        reason = reason_of(error, otherwise="its library fails")
        log.warning("a metric could not be sent (%s)", reason)
