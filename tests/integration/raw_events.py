"""Raw folders of web events, as the extract leaves them."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from ecommerce.storage import staging
from tests.integration.web_events.reading import DAY, event

TEXTS = [
    *event("any", DAY.start),
    "fault",
    "raw",
]
SCHEMA = pa.schema(
    [("line_number", pa.int64()), *((name, pa.string()) for name in TEXTS)]
)
PART = 1000


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
    rows = []
    for number, event_of_line in enumerate(events, 1):
        row = {"line_number": number}
        for name, value in event_of_line.items():
            is_text = value is None or isinstance(value, str)
            row[name] = value if is_text else json.dumps(value)
        rows.append(row)
    table = pa.Table.from_pylist(
        rows,
        schema=SCHEMA,
    )
    with staging.publish(uri) as draft:
        columns = {}
        for first in range(0, max(len(rows), 1), PART):
            name = f"events-{first:05d}.parquet"
            pq.write_table(table.slice(first, PART), draft.path / name)
            columns[name] = SCHEMA.names
        draft.seal(
            source="web_events",
            business_date=day,
            rows=len(rows),
            columns=columns,
            read_at=at,
            window_start=start,
            window_end=end,
            control_totals={
                "lines": len(rows),
                "kept_day": None if end == at else day.isoformat(),
            },
        )
    return staging.read_manifest(uri)
