"""Extract of the web events (connection `web_events_api`): what was received in a window, as raw Parquet
parts.

Raw folder: `events-00001.parquet`, `events-00002.parquet`, … in order of receipt, one per time slice that had
lines (the first is always there). `line_number` BIGINT: the line's place in this read, unique over all parts,
from 1. As text (VARCHAR) `event_id`, `occurred_at`, `received_at`, `session_id`, `visitor_id`, `event_type`,
`sku`, `order_id`, `device`, `referrer`, `user_agent`: the JSON value as sent, ids with all digits; null and
absent are NULL, objects and lists their JSON text; of a key that occurs twice the last counts. `fault`: NULL,
or `not_json` (no JSON object, or no UTF-8) and `too_long` (over 256 KiB), and then all values are NULL and
`raw` has the line's first 1,000 characters. Within a part the lines have no order but their numbers.

The run of the newest day keeps all lines. That of an older day keeps those that occurred on it, and those
that cannot be dated (by `as_instant` and its limits, as the transform) and were received on it.

Control totals: `lines` (kept), `other_days` (left out), `bytes_read` (of the bodies that were taken, packed
ones packed), `requests` (with those that broke off), `kept_day` (ISO date, or null where all are kept),
`warnings`.

A slice that is broken off is asked for again, by itself. One event may be in two slices, or in two reads:
servers round, and what is read twice has the same `event_id`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.email_masking import teach_addresses
from ecommerce.core.errors import ContractError, PipelineError, StagingError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources.web_events.client import CONNECTION, PATH, EventsClient, UnreliableServerError
from ecommerce.sources.web_events.lines import FIELDS, Lines, usual_keys
from ecommerce.sources.web_events.slices import Slice, instant, slices
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import scratch_folder

if TYPE_CHECKING:
    import duckdb

COLUMNS = ["line_number", *FIELDS, "fault", "raw"]
MEMORY_LIMIT = "250MB"  # of DuckDB; the process needs about 200 MB more
TOLERANCE = timedelta(minutes=1)
"""So far outside its slice a line may say that it was received: servers round instants, or take both bounds
as included. A server that does not know the parameters is further off."""
TOLD_EVERY = 24
"""Slices between two lines of the log."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer for one slice: its lines, on this machine's disk."""

    slice: Slice
    file: Path
    media_type: str

    @property
    def what(self) -> str:
        """Its name in messages."""
        return f"{CONNECTION}: GET {PATH} of {self.slice}"


def now() -> datetime:
    """This instant, to the full second, as the server is asked."""
    return datetime.now(UTC).replace(microsecond=0)


def extract(window: ReadWindow) -> staging.Manifest:
    """Read what was received in `[changed_from, changed_until)`, or until now, into the folder
    `window.folder`; see the module's text. With an upper bound, only what belongs to the window's day is
    kept.

    Raises:
        CredentialsError, ContractError, RateLimitedError, TransientError: see `EventsClient.download`.
        ContractError: an answer holds no events, or events received at another time than was asked for.
        ConfigurationError: the connection is missing or incomplete, or sends on to another address.
        StagingError: the folder or this machine's scratch cannot be written.
    """
    client = EventsClient.connect()
    read_at = now()
    kept = window.day if window.changed_until is not None else None
    start = window.changed_from.replace(microsecond=0)
    end = min(window.changed_until or read_at, read_at)
    # No slice lies on both sides of the day's end: its lines without instants were received on one of them.
    parts = slices(start, end, window.day.start, window.day.end)
    with (
        staging.publish(window.folder) as draft,
        scratch_folder() as scratch,
        _database(kept, read_at) as duck,
    ):
        writer = _Writer(duck, draft.path)
        with closing(_answers(client, parts, scratch)) as answers:
            for number, answer in enumerate(answers, 1):
                writer.write(answer)
                answer.file.unlink()
                if number % TOLD_EVERY == 0 or number == len(parts):
                    log.info("%d of %d slices read, with %d lines", number, len(parts), writer.found)
        writer.see_that_there_is_a_part()
        notes = client.warnings + ([] if writer.rows else [_nothing(start, end, kept)])
        draft.seal(
            **window.facts(read_at),
            rows=writer.rows,
            columns=dict.fromkeys(writer.names, COLUMNS),
            control_totals={
                "lines": writer.rows,
                "other_days": writer.found - writer.rows,
                "bytes_read": client.bytes_read,
                "requests": client.requests,
                "kept_day": kept and kept.date.isoformat(),
                "warnings": [data_warning("note", text=text) for text in notes],
            },
        )
    return staging.read_manifest(window.folder)


def _answers(client: EventsClient, parts: list[Slice], folder: Path) -> Generator[Answer]:
    """The slices one after the other; while one is worked on, the next is downloaded."""

    def download(number: int) -> Answer:
        file = folder / f"{number % 2}.ndjson"
        try:
            return Answer(parts[number], file, client.download(parts[number], file))
        except UnreliableServerError as error:
            raise UnreliableServerError(
                f"{error}: {number} of {len(parts)} slices were read, and nothing from "
                f"{instant(parts[number].start)} on"
            ) from None

    with ThreadPoolExecutor(1) as pool:
        downloads = (pool.submit(download, number) for number in range(len(parts)))
        try:
            ahead = next(downloads, None)
            while ahead:
                answer = ahead.result()
                ahead = next(downloads, None)
                yield answer
        finally:
            client.stop()


class _Writer:
    """Turns answers into the parts in `folder`. `names`: of the parts; `rows`: in all of them; `found`: lines
    in the answers."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._duck, self._folder = duck, folder
        self.names: list[str] = []
        self.rows = self.found = self._lines = 0

    def write(self, answer: Answer) -> None:
        """Add the part of one answer, unless none of its lines is kept."""
        if not answer.file.stat().st_size:
            return
        lines = Lines(answer.file, self._lines)
        keys = usual_keys(answer.file, answer.media_type, answer.what)
        part = self._part()
        with _readable_errors(answer.what):
            self._set(slice_start=answer.slice.start, slice_end=answer.slice.end, part=str(part))
            self._duck.execute("SET VARIABLE usual_keys = ?::VARCHAR[]", [keys])
            self._duck.register("lines", lines.reader())
            [(rows,)] = self._duck.execute(_sql("part")).fetchall()
            self._duck.unregister("lines")
            elsewhere = self._received_elsewhere() if rows else 0
        if elsewhere:
            raise ContractError(
                f"{answer.what}: {elsewhere} of {rows} events say that they were received more than "
                f"{TOLERANCE // timedelta(seconds=1)} s before or after that: does the server know the "
                "parameters start and end, and take them as UTC?"
            )
        self._lines = lines.last
        self.found += lines.found
        if rows:
            self.rows += rows
            self.names.append(part.name)
        else:
            part.unlink()

    def see_that_there_is_a_part(self) -> None:
        """An empty one where there is none: patterns of file names then match."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self.names:
            types = [(name, pa.int64() if name == "line_number" else pa.string()) for name in COLUMNS]
            pq.write_table(pa.schema(types).empty_table(), self._part())
            self.names.append(self._part().name)

    def _part(self) -> Path:
        return self._folder / f"events-{len(self.names) + 1:05}.parquet"

    def _received_elsewhere(self) -> int:
        self._set(tolerance=TOLERANCE)
        [(lines,)] = self._duck.execute(_sql("received_outside_slice")).fetchall()
        return int(lines)

    def _set(self, **variables: datetime | timedelta | str) -> None:
        for name, value in variables.items():
            self._duck.execute(f"SET VARIABLE {name} = ?", [value])


@contextmanager
def _database(kept: BusinessDay | None, read_at: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the macros that the lines are read with, and the day that is kept."""
    with connect_duckdb(memory_limit=MEMORY_LIMIT) as duck:
        teach_addresses(duck, load_settings().customer_hash_key)
        duck.execute(read_sql("transform/values.sql"))
        duck.execute(_sql("macros"))
        duck.execute("SET VARIABLE read_at = ?", [read_at])
        for name, bound in (("kept_from", kept and kept.start), ("kept_until", kept and kept.end)):
            duck.execute(f"SET VARIABLE {name} = ?::TIMESTAMPTZ", [bound])
        yield duck


@contextmanager
def _readable_errors(what: str) -> Iterator[None]:
    """DuckDB's errors as ours; its text may quote a line, so nothing of it is."""
    import duckdb

    try:
        yield
    except duckdb.IOException:
        raise StagingError(f"{what}: the answer could not be written as Parquet: is the disk full?") from None
    except duckdb.OutOfMemoryException:
        raise PipelineError(f"{what}: not enough memory to read the answer") from None
    except duckdb.Error:
        raise ContractError(
            f"{what}: the answer cannot be read with include/sql/extract/web_events: were these files "
            "changed?"
        ) from None


def _nothing(start: datetime, end: datetime, kept: BusinessDay | None) -> str:
    if kept:
        return f"the server has no web event of {kept}"
    return f"the server has no web event that was received from {Slice(start, end)}"


def _sql(name: str) -> str:
    return read_sql(f"extract/web_events/{name}.sql")
