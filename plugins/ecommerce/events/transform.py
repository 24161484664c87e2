"""The transform of web events by include/sql/transform/events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecommerce.events.user_agents import add_functions
from ecommerce.sources.web_events import AHEAD, LATE_DAYS
from ecommerce.storage.staging import Manifest
from ecommerce.storage.transform import TransformSpec, run_transform

if TYPE_CHECKING:
    import duckdb


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    add_functions(connection)
    # The transform must keep exactly the events that the extract reads for a day.
    connection.execute("SET VARIABLE ahead = ?", [AHEAD])
    connection.execute("SET VARIABLE late_days = ?", [LATE_DAYS])


EVENTS = TransformSpec(
    folder="events",
    first_steps=(),
    always_there=("user_events",),
    when_they_have_rows=("rejected_rows",),
    prepare=_prepare,
)


def transform(manifest: Manifest, *, run_id: str) -> Manifest:
    """Transform web events, and raise as `run_transform`; control totals also have the count user_events."""
    return run_transform(EVENTS, manifest, run_id=run_id)
