"""Runs the steps of a rehearsal within their budget, and prints what was expected, what was found, and at
which cost."""

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
from google.api_core.exceptions import GoogleAPIError
from google.cloud import bigquery

from tests import queries

GIB = 1024**3
MOST_SECONDS = 20 * 60
MOST_BYTES = 80 * GIB
"""Half a dollar at 6.25 USD per TiB, and less than one at the list price of any location."""
MOST_BYTES_OF_A_JOB = 10 * GIB
USD_PER_TIB = 6.25
WIDTHS = (11, 58, 32, 32, 7, 9)
HEADER = ("", "what", "expected", "got", "seconds", "MB billed")


@dataclass(frozen=True)
class Check:
    """What a step has compared, which is right where both texts are equal; and what that took.

    Attributes:
        billed: bytes.
    """

    what: str
    expected: str
    got: str
    seconds: float = 0.0
    billed: int = 0

    @property
    def state(self):
        """`ok` or `DIFFERS`."""
        return "ok" if self.got == self.expected else "DIFFERS"


class NotRun(Check):
    """What cannot be compared here, and why (`got`); no failure."""

    state = "not run"


class OverBudget(Exception):
    """The rehearsal may not begin another job."""


@dataclass
class Jobs:
    """The query jobs of this process: what they have billed, and what they may."""

    most_seconds: float = MOST_SECONDS
    most_bytes: int = MOST_BYTES
    billed: int = 0
    began: float = field(default_factory=time.monotonic)
    _open: list[bigquery.QueryJob] = field(default_factory=list)

    @contextmanager
    def recorded(self):
        """Record every query job meanwhile, and limit what each may bill."""

        def query(send, sql, job_config=None, **options):
            self.check()
            config = job_config or bigquery.QueryJobConfig()
            limit = config.maximum_bytes_billed or MOST_BYTES_OF_A_JOB
            config.maximum_bytes_billed = min(limit, MOST_BYTES_OF_A_JOB)
            job = send(sql, job_config=config, **options)
            if not config.dry_run:
                self._open.append(job)
            return job

        with pytest.MonkeyPatch.context() as patch:
            queries.intercept(patch, query)
            yield self

    def check(self):
        """Raise OverBudget where no further job may begin."""
        if time.monotonic() - self.began > self.most_seconds:
            raise OverBudget(f"{self.most_seconds / 60:g} minutes are over")
        if self.billed > self.most_bytes:
            raise OverBudget(f"{self.most_bytes / GIB:g} GiB are billed")

    def settle(self):
        """Return the bytes that the jobs since the last call have billed."""
        billed = 0
        jobs, self._open = self._open, []
        for job in jobs:
            with suppress(GoogleAPIError):
                if job.total_bytes_billed is None:
                    job.reload()  # one that returned its rows at once
            if job.state != "DONE":
                self._open.append(job)
            billed += job.total_bytes_billed or 0
        self.billed += billed
        return billed

    def cancel(self):
        """Cancel the jobs that an interrupted step has left."""
        for job in self._open:
            with suppress(GoogleAPIError):
                if not job.done():
                    job.cancel()


def measure(step, rehearsal, jobs):
    """Run a step, and yield its checks. An error is a check, and the next step follows."""
    checks = _within_budget(step, rehearsal, jobs)
    has_ended = False
    while not has_ended:
        began = time.monotonic()
        try:
            check = next(checks)
        except StopIteration:
            return
        except OverBudget as error:
            check = Check(title(step), "run", f"not run: {error}")
            has_ended = True
        except Exception as error:
            text = " ".join(str(error).split())
            check = Check(title(step), "no error", f"{type(error).__name__}: {text}")
            has_ended = True
        seconds = time.monotonic() - began
        yield replace(check, seconds=seconds, billed=jobs.settle())


def _within_budget(step, rehearsal, jobs):
    jobs.check()
    yield from step(rehearsal)


def title(step):
    """Return the name of a step's function as words."""
    return step.__name__.replace("_", " ")


def run(steps, rehearsal, jobs, report=print):
    """Yield the checks of all steps, and `report` each."""
    for step in steps:
        for row in measure(step, rehearsal, jobs):
            report(f"{row.state:8}{row.seconds:7.1f} s  {row.what}")
            yield row


def table(rows):
    """Return the table of the rows, the whole text of what differs, and the totals."""
    lines = [_line(HEADER), _line(["-" * width for width in WIDTHS])]
    for row in rows:
        megabytes = f"{row.billed / 1e6:.0f}"
        cells = (row.state, row.what, row.expected, row.got)
        lines.append(_line((*cells, f"{row.seconds:.1f}", megabytes)))
    for row in rows:
        if row.state == "DIFFERS":
            lines += ["", f"{row.what}: expected {row.expected}, got:", row.got]
    billed = sum(row.billed for row in rows)
    seconds = sum(row.seconds for row in rows)
    differing = len([row for row in rows if row.state == "DIFFERS"])
    omitted = len([row for row in rows if row.state == "not run"])
    lines += [
        "",
        f"{len(rows)} checks, {differing} differ, {omitted} not run; {seconds / 60:.1f} minutes, "
        f"{billed / GIB:.2f} GiB billed ({billed / GIB / 1024 * USD_PER_TIB:.2f} USD at "
        f"{USD_PER_TIB} USD per TiB)",
    ]
    return "\n".join(lines)


def _line(cells):
    parts = []
    for cell, width in zip(cells, WIDTHS, strict=True):
        first = cell.partition("\n")[0]
        if len(first) > width:
            first = first[: width - 1] + "…"
        parts.append(first.ljust(width))
    return "  ".join(parts).rstrip()


def is_clean(rows):
    """Return whether there are rows, and none differs."""
    return bool(rows) and all(row.state != "DIFFERS" for row in rows)
