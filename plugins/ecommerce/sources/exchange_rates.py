"""Reference rates in the layout of the ECB's `eurofxref-hist.csv`. docs/SOURCES.md describes the connection
`exchange_rates_api` and the raw folder."""

import csv
import io
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import ContractError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.sources.http import (
    bounded,
    connection_with_host,
    network_errors,
    quoted,
    raise_for_status,
    refuse_other_site,
)
from ecommerce.sources.source import Source
from ecommerce.storage.staging import Manifest, publish, read_manifest

CONNECTION = "exchange_rates_api"
DEFAULT_PATH = "/stats/eurofxref/eurofxref-hist.csv"
TIMEOUT = 60
CHUNK = 1 << 20
MOST_BYTES = 64 << 20
"""Of the file, unpacked: that of the ECB, with all days since 1999, is a tenth of it."""
RATE_LASTS_DAYS = 7
EARLIER_DAYS = 10
"""How far before a day its rate may be published; more than `RATE_LASTS_DAYS`."""
COLUMNS = {
    "rates.parquet": ["row_number", "rate_date", "currency", "rate"],
    "rejects.parquet": ["row_number", "reason", "detail", "file", "raw"],
}

Row = tuple[int | str, ...]


def extract(window: ReadWindow) -> Manifest:
    """Read the rates from `EARLIER_DAYS` before the day on; see docs/SOURCES.md. The run of the newest day
    goes back as far as reconciliation, so that a rate that is published late reaches the days without it.
    ContractError: 404, or an answer that is not the file; others as `sources.http`."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    back = EARLIER_DAYS + (
        load_settings().reconcile_days if window.changed_until is None else 0
    )
    read_at = datetime.now(UTC)
    rates, rejects = parse(fetch(), window.day.date - timedelta(days=back))
    warning = data_warning(
        "no_rates", source=window.source, before=back, day=str(window.day)
    )
    with publish(window.folder) as draft:
        for rows, (file, columns) in zip(
            (rates, rejects), COLUMNS.items(), strict=True
        ):
            schema = pa.schema(
                [
                    (name, pa.int64() if name == "row_number" else pa.string())
                    for name in columns
                ]
            )
            records = [dict(zip(columns, row, strict=True)) for row in rows]
            write_table(pa.Table.from_pylist(records, schema=schema), draft.path / file)
        draft.seal(
            **window.facts(read_at),
            rows=len(rates) + len(rejects),
            columns=COLUMNS,
            control_totals={
                "source_rates": len(rates),
                "newest_rate_date": max((str(row[1]) for row in rates), default=None),
                "warnings": [] if rates else [warning],
            },
        )
    return read_manifest(window.folder)


def check() -> Lines:
    """Fetch and parse the whole file."""
    rates, _ = parse(fetch(), date.min)
    if not rates:
        raise ContractError(f"{CONNECTION}: the file has no exchange rate in it")
    newest = date.fromisoformat(max(str(row[1]) for row in rates))
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
    redirects = {"response": partial(refuse_other_site, what)}
    with (
        network_errors(what),
        hook.get_conn() as session,
        session.get(
            hook.url_from_endpoint(endpoint),
            stream=True,
            timeout=timeout,
            hooks=redirects,
        ) as answer,
    ):
        raise_for_status(answer, what)
        content = b"".join(bounded(answer.iter_content(CHUNK), MOST_BYTES, what))
    try:
        if content.startswith(b"PK\x03\x04"):
            with (
                zipfile.ZipFile(io.BytesIO(content)) as archive,
                archive.open(archive.namelist()[0]) as file,
            ):
                content = b"".join(
                    bounded(iter(partial(file.read, CHUNK), b""), MOST_BYTES, what)
                )
        return content.decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError):
        raise ContractError(
            f"{CONNECTION}: the answer is neither a CSV file nor a zip of one, it begins with "
            f"{quoted(content)}"
        ) from None


def parse(text: str, first_day: date) -> tuple[list[Row], list[Row]]:
    """Return the rates dated `first_day` or later, and the malformed lines, as `COLUMNS`; ContractError where
    the text does not begin with the header `Date,…`."""
    header: list[str] = []
    rates: list[Row] = []
    rejects: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        if number > 1 and not line:
            continue
        # Parsed one by one, so that an open quote costs one day.
        try:
            cells = [cell.strip() for cell in next(csv.reader([line]), [])]
        except csv.Error:  # a cell of more than 128 KB
            cells = [line]
        header = cells if number == 1 else header
        if number == 1 or not any(cells):
            continue
        try:
            wanted = date.fromisoformat(cells[0]) >= first_day
        except ValueError:
            rejects.append(
                (number, "malformed_line", "no date", "rates", ",".join(cells))
            )
            continue
        if wanted and len(cells) != len(header):
            detail = f"{counted(len(cells), 'cell')} under a header of {len(header)}"
            rejects.append((number, "malformed_line", detail, "rates", ",".join(cells)))
        elif wanted:
            # The trailing comma of header and lines makes a column without name.
            named = zip(header[1:], cells[1:], strict=True)
            rates += [
                (number, cells[0], *pair)
                for pair in named
                if pair[0] and pair[1] not in ("", "N/A")
            ]
    if header[:1] != ["Date"] or len(header) < 2:
        raise ContractError(
            f"{CONNECTION}: the answer is not the CSV file of exchange rates, it begins with "
            f"{quoted(text.encode())}: does the host of the connection lead to that file?"
        )
    return rates, rejects


EXCHANGE_RATES = Source(
    name="exchange_rates", subject=CONNECTION, extract=extract, check=check
)
