"""Extract of the web events: what was received in a window, as raw Parquet parts, which docs/SOURCES.md
describes."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.check_result import OK
from ecommerce.core.check_result import Lines as CheckLines
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.email_masking import teach_addresses
from ecommerce.core.errors import ContractError, PipelineError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.events.client import EventsClient, Slice, slices
from ecommerce.events.lines import FIELDS, Lines, check_first_lines
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.scratch import scratch_folder

if TYPE_CHECKING:
    import duckdb

COLUMNS = ["line_number", *FIELDS, "fault", "raw"]
SQL = "extract/web_events"
MEMORY_LIMIT = "250MB"  # of DuckDB; the process needs about 200 MB more
TOLERANCE_SECONDS = 60
"""So far outside its slice a line may say that it was received: servers round instants, or take both bounds
as included. A server that does not know the parameters is further off."""
CHECKED_MINUTES = 10
"""How much `make check` reads."""


def now() -> datetime:
    """This instant, to the full second, as the server is asked."""
    return datetime.now(UTC).replace(microsecond=0)


def extract(window: ReadWindow) -> staging.Manifest:
    """Read what was received in `[changed_from, changed_until)`, or until now, into the folder
    `window.folder`; see docs/SOURCES.md. With an upper bound, only what belongs to the window's day is
    kept.
    Raises as `EventsClient.download`; ContractError where an answer holds no events, or events received at
    another time than was asked for.
    """
    client = EventsClient()
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
            for part, file in answers:
                writer.write(part, file)
                file.unlink()
        warnings = []
        if not writer.rows:
            missing = (
                f"of {kept}" if kept else f"that was received from {Slice(start, end)}"
            )
            warnings.append(
                data_warning("note", text=f"the server has no web event {missing}")
            )
        draft.seal(
            **window.facts(read_at),
            rows=writer.rows,
            columns=dict.fromkeys(writer.names, COLUMNS),
            control_totals={
                "lines": writer.rows,
                "other_days": writer.lines.found - writer.rows,
                "bytes_read": client.bytes_read,
                "requests": client.requests,
                "kept_day": kept and kept.date.isoformat(),
                "warnings": warnings,
            },
        )
    return staging.read_manifest(window.folder)


def check() -> CheckLines:
    """Read the events of the last minutes; raises as `EventsClient.download` and `check_first_lines`."""
    client = EventsClient()
    last = Slice(now() - timedelta(minutes=CHECKED_MINUTES), now())
    with scratch_folder() as folder:
        file = folder / "last.ndjson"
        client.download(last, file)
        check_first_lines(file, last.what)
        found = sum(len(batch) for batch in Lines().batches(file))
    yield OK, f"{counted(found, 'event')} in the last {CHECKED_MINUTES} minutes"


def _answers(
    client: EventsClient, parts: list[Slice], folder: Path
) -> Generator[tuple[Slice, Path]]:
    """The slices one after the other, each with its file; while one is worked on, the next is downloaded."""

    def download(number: int) -> tuple[Slice, Path]:
        file = folder / f"{number % 2}.ndjson"
        client.download(parts[number], file)
        return parts[number], file

    with ThreadPoolExecutor(1) as pool:
        downloads = (pool.submit(download, number) for number in range(len(parts)))
        ahead = next(downloads, None)
        while ahead:
            answer = ahead.result()
            ahead = next(downloads, None)
            yield answer


class _Writer:
    """Turns answers into the parts in `folder`. `names`: of the parts; `rows`: in all of them; `lines`: of
    the answers."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._duck, self._folder = duck, folder
        self.names: list[str] = []
        self.lines, self.rows = Lines(), 0

    def write(self, answered: Slice, file: Path) -> None:
        """Add the part of one answer, unless none of its lines is kept. The first part is written in any
        case: patterns of file names then match."""
        if self.names and not file.stat().st_size:
            return
        what = answered.what
        part = self._folder / f"events-{len(self.names) + 1:05}.parquet"
        check_first_lines(file, what)
        variables = {
            "slice_start": answered.start,
            "slice_end": answered.end,
            "part": str(part),
        }
        with _readable_errors(what):
            for name, value in (
                variables | {"tolerance": timedelta(seconds=TOLERANCE_SECONDS)}
            ).items():
                self._duck.execute(f"SET VARIABLE {name} = ?", [value])
            self._duck.register("lines", self.lines.reader(file))
            rows = query(self._duck, f"{SQL}/part")[0]["Count"]
            self._duck.unregister("lines")
            elsewhere = query(self._duck, f"{SQL}/received_outside_slice")[0]["lines"]
        if elsewhere:
            raise ContractError(
                f"{what}: {elsewhere} of {rows} events say that they were received more than "
                f"{TOLERANCE_SECONDS} s before or after that: does the server know the "
                "parameters start and end, and take them as UTC?"
            )
        self.rows += rows
        if rows or not self.names:
            self.names.append(part.name)
        else:
            part.unlink()


@contextmanager
def _database(
    kept: BusinessDay | None, read_at: datetime
) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the macros that the lines are read with, and the day that is kept."""
    with connect_duckdb(memory_limit=MEMORY_LIMIT) as duck:
        teach_addresses(duck, load_settings().customer_hash_key)
        query(duck, "transform/values")
        query(duck, f"{SQL}/macros")
        duck.execute("SET VARIABLE read_at = ?", [read_at])
        for name, bound in (
            ("kept_from", kept and kept.start),
            ("kept_until", kept and kept.end),
        ):
            duck.execute(f"SET VARIABLE {name} = ?::TIMESTAMPTZ", [bound])
        yield duck


@contextmanager
def _readable_errors(what: str) -> Iterator[None]:
    """Raise this package's errors in place of DuckDB's, whose texts may quote a line. `staging.publish` does
    it for errors of the disk."""
    import duckdb

    try:
        yield
    except duckdb.IOException:
        raise
    except duckdb.OutOfMemoryException:
        raise PipelineError(f"{what}: not enough memory to read the answer") from None
    except duckdb.Error:
        raise ContractError(
            f"{what}: the answer cannot be read with include/sql/extract/web_events: were these files "
            "changed?"
        ) from None
