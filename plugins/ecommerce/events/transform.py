"""Transform of web events: the raw staging folder → the loadable one, by include/sql/transform/events."""

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
    # What the extract reads for a day, and what the transform takes for it, must be the same.
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
    """`run_transform` of web events: the manifest's control totals also have user_events (count).

    Raises:
        PipelineError: as `run_transform`.
    """
    return run_transform(EVENTS, manifest, run_id=run_id)
