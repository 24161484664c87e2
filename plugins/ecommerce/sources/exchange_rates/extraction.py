"""Reference rates from the connection `exchange_rates_api`, in the layout of the ECB's `eurofxref-hist.csv`.

The host of the connection (type http) is the URL of the file, such as
`https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip` (of an archive, the first file is read).
Without a path, `/stats/eurofxref/eurofxref-hist.csv` is added. Login and password are sent as basic
authentication; extra may have `timeout` (seconds) and the other options of the http provider.

Raw folder:

`rates.parquet`: one row per date and currency with a rate; `N/A` and empty cells are no rates. row_number
    BIGINT (line of the file; the header is line 1), rate_date (as published: `2026-11-19`), currency (the
    column's name: `USD`), rate (units per euro, as published; may be garbage), all VARCHAR.
`rejects.parquet` (the layout of every source): `malformed_line`, lines that begin with no date or have more
    or fewer cells than the header.

Control totals: source_rates (int), newest_rate_date (text or None), and `warnings`.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import ContractError
from ecommerce.core.names import CONNECTION_EXCHANGE_RATES
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources.http import (
    connection_with_host,
    first_characters,
    network_errors,
    quoted,
    raise_for_status,
)
from ecommerce.storage.staging import Manifest, publish, read_manifest

if TYPE_CHECKING:
    from requests import Response

CONNECTION = CONNECTION_EXCHANGE_RATES
DEFAULT_PATH = "/stats/eurofxref/eurofxref-hist.csv"
TIMEOUT = 60
RATE_LASTS_DAYS = 7
EARLIER_DAYS = 10
"""How far before a day its rate may be published; more than `RATE_LASTS_DAYS`."""

Cell = tuple[int, str, str, str]
Reject = tuple[int, str, str, str, str]


def extract(window: ReadWindow) -> Manifest:
    """Read the rates from `EARLIER_DAYS` before the day on; see the module's text. The run of the newest day
    goes back as far as reconciliation, so that a rate that is published late reaches the days without it.

    Raises:
        CredentialsError, RateLimitedError, TransientError: see `sources.http`.
        ContractError: 404, or an answer that is not the file.
        ConfigurationError: the connection is not defined.
    """
    back = EARLIER_DAYS + (load_settings().reconcile_days if window.changed_until is None else 0)
    read_at = datetime.now(UTC)
    rates, rejects = parse(fetch(), window.day.date - timedelta(days=back))
    with publish(window.folder) as draft:
        columns = {
            "rates.parquet": ["row_number", "rate_date", "currency", "rate"],
            "rejects.parquet": ["row_number", "reason", "detail", "file", "raw"],
        }
        _write(draft.path / "rates.parquet", columns["rates.parquet"], rates)
        _write(draft.path / "rejects.parquet", columns["rejects.parquet"], rejects)
        draft.seal(
            **window.facts(read_at),
            rows=len(rates) + len(rejects),
            columns=columns,
            control_totals={
                "source_rates": len(rates),
                "newest_rate_date": max((rate_date for _, rate_date, _, _ in rates), default=None),
                "warnings": [] if rates else [data_warning("no_rates", before=back, day=str(window.day))],
            },
        )
    return read_manifest(window.folder)


def check() -> Lines:
    """Fetch and parse the whole file."""
    rates, _ = parse(fetch(), date.min)
    if not rates:
        raise ContractError(f"{CONNECTION}: the file has no exchange rate in it")
    newest = date.fromisoformat(max(rate_date for _, rate_date, _, _ in rates))
    age = (datetime.now(UTC).date() - newest).days
    if age <= RATE_LASTS_DAYS:
        yield OK, f"newest rates are of {newest}"
        return
    yield (
        HINT,
        f"newest rates are of {newest}, {age} days ago, and a rate counts for {RATE_LASTS_DAYS} days: "
        "newer amounts in other currencies stay unconverted; is the host of the connection the right one?",
    )


def fetch() -> str:
    """Return the text of the file; raises as `extract`."""
    from airflow.providers.http.hooks.http import HttpHook

    timeout = connection_with_host(CONNECTION).extra_dejson.get("timeout", TIMEOUT)
    hook = HttpHook("GET", CONNECTION)
    path = urlsplit(hook.url_from_endpoint("")).path.strip("/")
    endpoint = "" if path else DEFAULT_PATH
    what = f"{CONNECTION}: GET /{path or endpoint.lstrip('/')}"
    with network_errors(what):
        options = {"check_response": False, "timeout": timeout}
        response: Response = hook.run(endpoint, extra_options=options)
    raise_for_status(response, what)
    return _text(response)


def parse(text: str, first_day: date) -> tuple[list[Cell], list[Reject]]:
    """Return the cells dated `first_day` or later, and the malformed lines.

    Raises:
        ContractError: the text does not begin with the header `Date,…`.
    """
    lines = _cells(text)
    _, header = next(lines, (0, []))
    if header[:1] != ["Date"] or len(header) < 2:
        raise ContractError(
            f"{CONNECTION}: the answer is not the CSV file of exchange rates, it begins with "
            f"{quoted(text.encode())}: does the host of the connection lead to that file?"
        )
    rates: list[Cell] = []
    rejects: list[Reject] = []
    for number, cells in lines:
        if not any(cells):
            continue
        try:
            wanted = date.fromisoformat(cells[0]) >= first_day
        except ValueError:
            rejects.append((number, "malformed_line", "no date", "rates", ",".join(cells)))
            continue
        if wanted and len(cells) != len(header):
            detail = f"{len(cells)} cells under a header of {len(header)}"
            rejects.append((number, "malformed_line", detail, "rates", ",".join(cells)))
        elif wanted:
            # The trailing comma of header and lines makes a column without name.
            named = (pair for pair in zip(header[1:], cells[1:], strict=True) if pair[0])
            rates += [(number, cells[0], *pair) for pair in named if pair[1] not in ("", "N/A")]
    return rates, rejects


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each numbered line, parsed one by one, so that an open quote costs one day."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            cells = next(csv.reader([line]), [])
        except csv.Error:  # a cell of more than 128 KB
            cells = [line]
        yield number, [cell.strip() for cell in cells]


def _text(response: Response) -> str:
    content = response.content
    try:
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(archive.namelist()[0])
        return content.decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError):
        start = first_characters(response)
        raise ContractError(
            f"{CONNECTION}: the answer is neither a CSV file nor a zip of one, it begins with {start}"
        ) from None


def _write(path: Path, header: list[str], rows: Sequence[tuple[Any, ...]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.int64() if name == "row_number" else pa.string()) for name in header])
    records = [dict(zip(header, row, strict=True)) for row in rows]
    parquet.write_table(pa.Table.from_pylist(records, schema=schema), path, compression="zstd")
