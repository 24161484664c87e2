"""Assets: sources, the warehouse's tables, and what DAGs announce to each other. Airflow's asset graph shows
which tasks read and write them. Partitions of the announced tables are business days."""

from collections.abc import Iterable

from airflow.sdk import Asset

# A scheme of one's own begins with x-: any other makes Airflow load every provider's handler of URIs,
# Google's clients included, each time a DAG file is parsed (0.5 instead of 0.06 seconds, in every task).
DAILY_SALES = Asset(
    "daily_sales", uri="x-warehouse://sales/daily_sales", group="warehouse"
)
"""One business day in the warehouse, loaded and checked."""

WEB_EVENTS = Asset(
    "web_events", uri="x-warehouse://sales/daily_funnel", group="warehouse"
)
"""One business day of the website's events, with its sessions and funnel, loaded and checked."""

FORECAST_CHAMPION = Asset(
    "forecast_champion", uri="x-models://forecast/champion", group="models"
)
"""The candidate that the weekly forecast trains, chosen once a month. It schedules no DAG. Its event's extra
names candidate and record; the record below MODELS_URI is authoritative."""

_ANNOUNCED = {"daily_sales", "daily_funnel"}


def source(name: str) -> Asset:
    """Return the asset of a source, an inlet of the task that reads it."""
    return Asset(f"source_{name}", uri=f"x-source://{name}", group="sources")


def tables(names: Iterable[str]) -> list[Asset]:
    """Return the assets of tables, outlets of the task that loads them. The announced ones are outlets of
    the checks alone: they start other DAGs, and only a checked day may."""
    return [
        Asset(name, uri=f"x-warehouse://sales/{name}", group="warehouse")
        for name in names
        if name not in _ANNOUNCED
    ]
