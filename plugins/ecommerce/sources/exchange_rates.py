"""Reference rates in the layout of the ECB's `eurofxref-hist.csv`. docs/SOURCES.md describes the connection
`exchange_rates_api` and the raw folder."""

from __future__ import annotations

import io
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import ContractError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Row
from ecommerce.sources.http import (
    connection_with_host,
    limit_size,
    quoted,
    raise_for_status,
    read_content,
    request,
)
from ecommerce.sources.source import Extracted, Platform
from ecommerce.storage.duckdb import connect_duckdb, run_sql_file, set_variables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONNECTION = "exchange_rates_api"
DEFAULT_PATH = "/stats/eurofxref/eurofxref-hist.csv"
TIMEOUT = 60
MOST_BYTES = 64 << 20
"""Of the file, unpacked: that of the ECB, with all days since 1999, is a tenth of it."""
RATE_LASTS_DAYS = 7
EARLIER_DAYS = 10
"""How far before a day its rate may be published; more than `RATE_LASTS_DAYS`."""


def extract_into(_conn_id: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read the rates from `EARLIER_DAYS` before the day on; see docs/SOURCES.md.

    The run of the newest day goes back as far as reconciliation, so that a rate that is published late
    reaches the days without it. ContractError: 404, or an answer that is not the file; other errors are
    those of `http.network_errors` and `http.raise_for_status`.
    """
    days = EARLIER_DAYS
    if window.changed_until is None:
        days += load_settings().reconcile_days
    read_at = datetime.now(UTC)
    text = fetch()
    with connect_duckdb() as duck:
        totals = parse(duck, text, window.day.date - timedelta(days=days))
        for name in ("rates", "rejects"):
            duck.table(name).write_parquet(f"{folder}/{name}.parquet")
    totals["warnings"] = []
    if not totals["source_rates"]:
        warning = data_warning(
            "no_rates", source=window.source, before=days, day=str(window.day)
        )
        totals["warnings"].append(warning)
    rows = totals.pop("records")
    return Extracted(read_at, rows, totals)


def check(_conn_id: str) -> Lines:
    """Fetch and parse the whole file."""
    with connect_duckdb() as duck:
        newest = parse(duck, fetch(), date.min)["newest_rate_date"]
    if newest is None:
        raise ContractError(f"{CONNECTION}: the file has no exchange rate in it")
    age = (datetime.now(UTC).date() - date.fromisoformat(newest)).days
    if age <= RATE_LASTS_DAYS:
        yield OK, f"newest rates are of {newest}"
        return
    yield (
        HINT,
        f"newest rates are of {newest}, {age} days ago, and a rate counts for {RATE_LASTS_DAYS} days: "
        "newer amounts in other currencies stay unconverted; is the host of the connection the right one?",
    )


def fetch() -> str:
    """Return the text of the file, unpacked if it is a zip; errors are those of `extract_into`."""
    from airflow.providers.http.hooks.http import HttpHook

    timeout = connection_with_host(CONNECTION).extra_dejson.get("timeout", TIMEOUT)
    hook = HttpHook("GET", CONNECTION)
    url = hook.url_from_endpoint("")
    if not urlsplit(url).path.strip("/"):
        url = hook.url_from_endpoint(DEFAULT_PATH)
    what = f"{CONNECTION}: GET {urlsplit(url).path}"
    with (
        hook.get_conn() as session,
        request(session.get, url, what, stream=True, timeout=timeout) as answer,
    ):
        raise_for_status(answer, what)
        content = read_content(answer, MOST_BYTES, what)
    try:
        if content.startswith(b"PK\x03\x04"):
            archive = zipfile.ZipFile(io.BytesIO(content))
            with archive.open(archive.namelist()[0]) as file:
                content = file.read(MOST_BYTES + 1)
            [content] = limit_size([content], MOST_BYTES, what)
        return content.decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError):
        raise ContractError(
            f"{CONNECTION}: the answer is neither a CSV file nor a zip of one, it begins with "
            f"{quoted(content)}"
        ) from None


def parse(duck: DuckDBPyConnection, text: str, first_day: date) -> Row:
    """Split the file into the tables rates (dated `first_day` or later) and rejects; return the counts
    source_rates and records, and newest_rate_date, as `2026-11-19` or None.

    ContractError where the text does not begin with the header `Date,…`.
    """
    if not text.startswith("Date,"):
        raise ContractError(
            f"{CONNECTION}: the answer is not the CSV file of exchange rates, it begins with "
            f"{quoted(text.encode())}: does the host of the connection lead to that file?"
        )
    set_variables(duck, content=text, first_day=first_day)
    [totals] = run_sql_file(duck, "extract/exchange_rates/parse")
    return totals


EXCHANGE_RATES = Platform(
    name="exchange_rates",
    subject=CONNECTION,
    extract_into=extract_into,
    check=check,
    shops_without="a shop of one currency, which needs no rates,",
)
