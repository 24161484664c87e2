"""The timetable of the daily DAGs: a run each morning for the business day that has just ended."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.timetables.base import DagRunInfo
from airflow.timetables.trigger import CronPartitionTimetable

from ecommerce.core.airflow_runs import DESCRIBED
from ecommerce.core.business_day import backfill_bounds
from ecommerce.core.settings import shop_timezone


class BusinessDayTimetable(CronPartitionTimetable):
    """Airflow's timetable of partitions, with a backfill's bounds read as days, both included.

    A partition is dated at the tick of its day, such as 06:00, so Airflow itself leaves out the day of a
    `--to-date` at midnight. The plugin `business_days_plugin.py` registers this class.
    """

    def __init__(self, cron: str, *, timezone: Any, **options: Any) -> None:
        super().__init__(cron, timezone=timezone, **options)
        self.zone = ZoneInfo(str(timezone))
        # Shown next to the schedule; the REST API has a DAG's timezone nowhere else.
        described: str = self.description  # type: ignore[has-type]
        self.description = f"{described}{DESCRIBED}{self.zone}"

    def iter_partition_dagrun_infos(
        self, *, earliest: datetime, latest: datetime
    ) -> Iterable[DagRunInfo]:
        """Yield a run for every day of a backfill."""
        first, last = backfill_bounds(earliest, latest, self.zone)
        return super().iter_partition_dagrun_infos(earliest=first, latest=last)


def business_days(cron: str) -> BusinessDayTimetable:
    """Return the timetable of a DAG that runs each morning at `cron` in the shop's timezone. The partition
    key of a run is the day before."""
    return BusinessDayTimetable(
        cron, timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    )
