"""Registers the timetable of the daily DAGs, which Airflow looks up when it reads a stored DAG."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from ecommerce.runtime.business_day_timetable import BusinessDayTimetable


class BusinessDaysPlugin(AirflowPlugin):
    """Registers `BusinessDayTimetable`."""

    name = "business_days"
    timetables: ClassVar[list[Any]] = [BusinessDayTimetable]
