"""Transform of web events: the raw staging folder → the loadable one, by include/sql/transform/events."""

from __future__ import annotations

from ecommerce.core.staging import Manifest
from ecommerce.core.transform import TransformSpec, run_transform
from ecommerce.events.user_agents import add_functions

EVENTS = TransformSpec(
    folder="events",
    first_steps=(),
    always_there=("user_events",),
    when_they_have_rows=("rejected_rows",),
    add_functions=add_functions,
)


def transform(manifest: Manifest, *, run_id: str) -> Manifest:
    """`run_transform` of web events: the manifest's control totals also have user_events (count).

    Raises:
        PipelineError: as `run_transform`.
    """
    return run_transform(EVENTS, manifest, run_id=run_id)
