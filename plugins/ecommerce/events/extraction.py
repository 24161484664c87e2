"""Extract of the web events: what was received in a window, as raw Parquet parts, which docs/SOURCES.md
describes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from more_itertools import chunked

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.check_result import OK
from ecommerce.core.check_result import Lines as CheckLines
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import ContractError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.text import counted
from ecommerce.events.client import EventsClient, Slice, slices
from ecommerce.events.lines import (
    Lines,
    check_first_lines,
    count_lines,
)
from ecommerce.sources.source import Extracted
from ecommerce.sources.text_blocks import ahead
from ecommerce.storage.duckdb import (
    connect_duckdb,
    define_values,
    run_sql_file,
    set_variables,
)
from ecommerce.storage.scratch import scratch_folder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "125MB"  # of each reader; the process needs about 200 MB more
READERS = 2
"""Slices that are read at once. DuckDB numbers the lines of one in a single thread."""
TOLERANCE_SECONDS = 60
"""So far outside its slice a line may say that it was received: servers round instants, or take both bounds
as included. A server that does not know the parameters is further off."""
CHECKED_MINUTES = 10
"""How much `make check` reads."""


def now() -> datetime:
    """This instant, to the full second, as the server is asked."""
    return datetime.now(UTC).replace(microsecond=0)


def extract_into(_subject: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read what was received in `[changed_from, changed_until)`, or until now, into the raw folder; see
    docs/SOURCES.md. With an upper bound, only what belongs to the window's day is kept.

    Raises:
        ContractError: an answer holds no events, or events received at another time than was asked for.
        PipelineError: a request failed; the type is that of `EventsClient.download`.
    """
    client = EventsClient()
    read_at = now()
    kept = window.day if window.changed_until is not None else None
    start = window.changed_from.replace(microsecond=0)
    end = min(window.changed_until or read_at, read_at)
    # No slice lies on both sides of the day's end: lines without instants were received on one of them.
    parts = slices(start, end, window.day.start)
    files = rows = found = 0
    with (
        scratch_folder() as scratch,
        ExitStack() as opened,
        ThreadPoolExecutor(READERS) as readers,
        closing(ahead(_downloads(client, parts, scratch))) as downloads,
    ):
        databases = []
        for _ in range(READERS):
            databases.append(opened.enter_context(_database(kept, read_at)))
        for answers in downloads:
            for part in readers.map(_write, databases, answers, repeat(folder)):
                rows += part.rows
                found += part.found
                # The first part is always there: patterns of file names then match.
                if part.rows or not files:
                    files += 1
                    part.file.rename(folder / f"events-{files:05}.parquet")
                else:
                    part.file.unlink()
            for answer in answers:
                answer.file.unlink()
    warnings = []
    if not rows:
        missing = f"that was received from {Slice(start, end)}"
        if kept:
            missing = f"of {kept}"
        warnings.append(
            data_warning("note", text=f"the server has no web event {missing}")
        )
    totals = {
        "lines": rows,
        "other_days": found - rows,
        "bytes_read": client.bytes_read,
        "requests": client.requests,
        "kept_day": kept and kept.date.isoformat(),
        "warnings": warnings,
    }
    return Extracted(read_at, rows, totals)


def check(_subject: str) -> CheckLines:
    """Read the events of the last minutes.

    Raises the errors of `EventsClient.download`, and ContractError for an answer without events.
    """
    client = EventsClient()
    last = Slice(now() - timedelta(minutes=CHECKED_MINUTES), now())
    lines = Lines()
    with scratch_folder() as folder:
        file = folder / "last.ndjson"
        client.download(last, file)
        check_first_lines(file, last.what)
        lines.reader(file).read_all()
    yield OK, f"{counted(lines.found, 'event')} in the last {CHECKED_MINUTES} minutes"


@dataclass(frozen=True, slots=True)
class _Answer:
    """The downloaded lines of a slice; `lines_before` counts those of earlier slices. `are_plain`: DuckDB's
    own reader of JSON may read them."""

    part: Slice
    file: Path
    lines_before: int
    lines: int
    are_plain: bool


def _downloads(
    client: EventsClient,
    parts: list[Slice],
    folder: Path,
) -> Iterator[list[_Answer]]:
    """Download slices in order, and yield `READERS` answers at a time. Errors are those of
    `EventsClient.download` and `check_first_lines`."""
    lines = 0
    for pair in chunked(parts, READERS):
        answers = []
        for part in pair:
            file = folder / f"{part.start:%Y-%m-%dT%H-%M-%S}.ndjson"
            client.download(part, file)
            check_first_lines(file, part.what)
            count, are_plain = count_lines(file)
            answers.append(_Answer(part, file, lines, count, are_plain))
            lines += count
        yield answers


@dataclass(frozen=True, slots=True)
class _Part:
    """The kept lines of a slice: `rows` of the `found` ones."""

    file: Path
    rows: int
    found: int


def _write(
    duck: DuckDBPyConnection,
    answer: _Answer,
    folder: Path,
) -> _Part:
    """Write the kept lines of an answer as Parquet."""
    import duckdb

    part = answer.part
    file = folder / f"{answer.file.stem}.parquet"
    set_variables(duck, slice_start=part.start, slice_end=part.end, part=str(file))
    try:
        if answer.are_plain:
            rows = _write_plain_lines(duck, answer)
            if rows is not None:
                return _Part(file, rows, answer.lines)
        lines = Lines(last=answer.lines_before)
        duck.register("lines", lines.reader(answer.file))
        rows = run_sql_file(duck, "extract/web_events/part")[0]["Count"]
        duck.unregister("lines")
        [outside] = run_sql_file(duck, "extract/web_events/received_outside_slice")
    except duckdb.IOException:
        raise  # `staging.publish` makes a StagingError of it
    except duckdb.Error as error:
        # DuckDB's text may quote a line.
        raise ContractError(
            f"{part.what}: the answer cannot be read with include/sql/extract/web_events "
            f"({type(error).__name__}): were these files changed, or is there not enough memory?"
        ) from None
    if outside["lines"]:
        raise ContractError(
            f"{part.what}: {outside['lines']} of {rows} events say that they were received more than "
            f"{TOLERANCE_SECONDS} s before or after that: does the server know the parameters start and end, "
            "and take them as UTC?"
        )
    return _Part(file, rows, lines.found)


def _write_plain_lines(duck: DuckDBPyConnection, answer: _Answer) -> int | None:
    """Write an answer by DuckDB's own reader of JSON, and return the number of kept lines; None where it may
    not read a line exactly."""
    import duckdb

    set_variables(duck, answer=str(answer.file), lines_before=answer.lines_before)
    try:
        return run_sql_file(duck, "extract/web_events/plain_part")[0]["Count"]
    except duckdb.InvalidInputException:
        return None


def _database(kept: BusinessDay | None, read_at: datetime) -> DuckDBPyConnection:
    """Open a connection with the macros that the lines are read with, and the day that is kept."""
    duck = connect_duckdb(memory_limit=MEMORY_LIMIT, threads=1)
    define_values(duck)
    run_sql_file(duck, "extract/web_events/macros")
    set_variables(
        duck,
        read_at=read_at,
        tolerance=timedelta(seconds=TOLERANCE_SECONDS),
        kept_from=kept and kept.start,
        kept_until=kept and kept.end,
    )
    return duck
