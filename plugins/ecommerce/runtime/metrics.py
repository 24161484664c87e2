"""Figures for those who watch the pipeline, sent through Airflow's own metrics client.

They go where `[metrics]` of Airflow's configuration says (StatsD, OpenTelemetry), or nowhere. What each is
called in Prometheus stands in `deploy/monitoring/statsd_mapping.yml`, what it means in docs/MONITORING.md.
A metric is never worth a task: what goes wrong here is a line in the log.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ecommerce.core.error_messages import reason_of

log = logging.getLogger(__name__)

BUSINESS_DAY_END = "ecommerce.business_day_end"
SOURCE_READ = "ecommerce.source_read"
ROWS = "ecommerce.rows"
REJECTED_RATIO = "ecommerce.rejected_ratio"
BYTES_BILLED = "ecommerce.bytes_billed"
MAILS_SENT = "ecommerce.mails_sent"
NAMES = (BUSINESS_DAY_END, SOURCE_READ, ROWS, REJECTED_RATIO, BYTES_BILLED, MAILS_SENT)
"""All metrics of this package, as Airflow's client is given them."""

OUTCOMES = ("read", "accepted", "rejected", "superseded")


def business_day_done(step: str, day_end: datetime) -> None:
    """A business day that ended at `day_end` (aware) has passed `step`: load, report or mail. The time since
    then is the freshness. A backfill of an older day sets it back: take the maximum over days."""
    _gauge(BUSINESS_DAY_END, day_end.timestamp(), step=step)


def loaded(dag_id: str, audit: Iterable[Mapping[str, Any]]) -> None:
    """What a load has written into `load_audit`: one mapping per source, with that table's columns."""
    for row in audit:
        source = str(row["source"])
        if isinstance(row.get("read_at"), datetime):
            _gauge(SOURCE_READ, row["read_at"].timestamp(), source=source)
        counts = {outcome: int(row.get(f"rows_{outcome}") or 0) for outcome in OUTCOMES}
        for outcome, count in counts.items():
            _gauge(ROWS, count, dag_id=dag_id, source=source, outcome=outcome)
        share = counts["rejected"] / counts["read"] if counts["read"] else 0.0
        _gauge(REJECTED_RATIO, round(share, 6), dag_id=dag_id, source=source)


def bytes_billed(count: int, step: str) -> None:
    """BigQuery bills `count` bytes for a statement of `step` (such as load, checks, report)."""
    _emit(lambda stats: stats.incr(BYTES_BILLED, count, tags={"step": step}))


def mail_sent(kind: str) -> None:
    """The mail server has taken one mail: report, failure, watch, reconciliation, …"""
    _emit(lambda stats: stats.incr(MAILS_SENT, 1, tags={"kind": kind}))


def _gauge(name: str, value: float, **tags: str) -> None:
    _emit(lambda stats: stats.gauge(name, value, tags=tags))


def _emit(send: Callable[[Any], None]) -> None:
    if "airflow" not in sys.modules:
        return  # a command, which would import it for nothing else
    try:
        from airflow.sdk.observability import stats

        send(stats)
    except Exception as error:
        log.warning("a metric could not be sent (%s)", reason_of(error, otherwise="its library fails"))
