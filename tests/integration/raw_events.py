"""Raw folders of web events, as the extract leaves them."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from ecommerce.storage import staging

TEXTS = (
    *(
        "event_id",
        "occurred_at",
        "received_at",
        "session_id",
        "visitor_id",
        "event_type",
        "sku",
        "order_id",
    ),
    *("device", "referrer", "user_agent", "fault", "raw"),
)
SCHEMA = pa.schema(
    [("line_number", pa.int64()), *((name, pa.string()) for name in TEXTS)]
)


def write_raw(
    folder,
    events,
    *,
    day,
    start,
    end,
    at,
):
    """A raw folder as the extract leaves it."""
    uri = f"file://{folder}/web_events"
    with staging.publish(uri) as draft:
        columns = {}
        for number, first in enumerate(range(0, max(len(events), 1), 1000), start=1):
            rows = [
                {"line_number": place}
                | {name: _as_text(event.get(name)) for name in TEXTS}
                for place, event in enumerate(
                    events[first : first + 1000], start=first + 1
                )
            ]
            name = f"events-{number:05d}.parquet"
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), draft.path / name)
            columns[name] = SCHEMA.names
        draft.seal(
            source="web_events",
            business_date=day,
            rows=len(events),
            columns=columns,
            read_at=at,
            window_start=start,
            window_end=end,
            control_totals={
                "lines": len(events),
                "kept_day": None if end == at else day.isoformat(),
            },
        )
    return staging.read_manifest(uri)


def _as_text(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)
