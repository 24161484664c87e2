"""Exchange rates over HTTP: which days, what is no rate, and what each failure is called."""

import gzip
import http.server
import io
import json
import threading
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo.services.ports import free_port
from ecommerce.core.business_day import day_window
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources import exchange_rates
from ecommerce.storage import staging
from ecommerce.storage.staging import Manifest
from tests.explained import findings, unexplained

DAY = date(2026, 3, 10)
CSV = """Date,USD,JPY,CYP,
2026-03-11,1.1234,160.5,N/A,
2026-03-10,1.1,N/A,N/A,
2026-02-28,1.2,161,,
2026-02-27,1.3,162,N/A,
2026-01-24,1.4,163,N/A,
2026-01-23,1.5,164,0.58,
"""


@dataclass
class Bank:
    """A web server: the answer it gives, and the requests it got."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = CSV.encode()
    paths: list[str] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    bank = Bank()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bank.paths.append(self.path)
            bank.authorization.append(self.headers["Authorization"])
            self.send_response(bank.status)
            for name, value in bank.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(bank.body)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("RECONCILE_DAYS", "35")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        bank.port = server.server_port
        connect(monkeypatch, host="http://127.0.0.1", port=server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield bank
        server.shutdown()


def connect(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_EXCHANGE_RATES_API", json.dumps({"conn_type": "http", **fields})
    )


def extract(folder: Path, newest: bool = False) -> Manifest:
    day = day_window(DAY, "UTC")
    until = None if newest else day.end
    return exchange_rates.extract(
        ReadWindow("exchange_rates", day, day.start, until, f"file://{folder}/rates")
    )


def rows(manifest: Manifest, name: str = "rates") -> list[tuple[Any, ...]]:
    with duckdb.connect() as duck:
        return duck.execute(
            f"SELECT * FROM '{manifest.file(name)}.parquet' ORDER BY ALL"
        ).fetchall()


def test_a_day_reads_the_rates_it_may_need_and_all_later_ones(
    bank: Bank, tmp_path: Path
) -> None:
    manifest = extract(tmp_path)
    assert rows(manifest) == [
        (2, "2026-03-11", "JPY", "160.5"),
        (2, "2026-03-11", "USD", "1.1234"),
        (3, "2026-03-10", "USD", "1.1"),
        (4, "2026-02-28", "JPY", "161"),
        (4, "2026-02-28", "USD", "1.2"),
    ]
    assert manifest.columns["rates.parquet"] == [
        "row_number",
        "rate_date",
        "currency",
        "rate",
    ]
    assert (manifest.rows, rows(manifest, "rejects")) == (5, [])
    assert manifest.control_totals == {
        "source_rates": 5,
        "newest_rate_date": "2026-03-11",
        "warnings": [],
    }
    assert (bank.paths, bank.authorization) == (
        ["/stats/eurofxref/eurofxref-hist.csv"],
        [None],
    )


def test_the_newest_day_reads_those_that_reconciliation_needs_too(
    bank: Bank, tmp_path: Path
) -> None:
    assert (
        min(day for _, day, *_ in rows(extract(tmp_path, newest=True))) == "2026-01-24"
    )


@pytest.mark.parametrize("path", ["/eurofxref-hist.zip", "/some/where/rates"])
def test_a_host_with_a_path_is_the_files_address(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref-hist.csv", "\ufeff" + CSV.replace("\n", "\r\n"))
    bank.body = packed.getvalue()
    connect(
        monkeypatch,
        host=f"http://127.0.0.1:{bank.port}{path}",
        login="key",
        password="a-secret",
    )
    assert len(rows(extract(tmp_path))) == 5
    assert bank.paths == [path]
    assert bank.authorization == [f"Basic {b64encode(b'key:a-secret').decode()}"]


def test_lines_that_are_none_are_rejected_and_odd_rates_left_to_the_transform(
    bank: Bank, tmp_path: Path
) -> None:
    bank.body = (
        b"Date,USD,JPY\n\nyesterday,1,2\n2026-03-10,1\n2026-03-09,1,2,3\n2026-03-08,abc, 0 \n"
        b"2020-01-01,too,many,but,old\n2026-03-07,,\n"
    )
    manifest = extract(tmp_path)
    assert rows(manifest) == [
        (6, "2026-03-08", "JPY", "0"),
        (6, "2026-03-08", "USD", "abc"),
    ]
    assert rows(manifest, "rejects") == [
        (3, "malformed_line", "no date", "rates", "yesterday,1,2"),
        (4, "malformed_line", "2 cells under a header of 3", "rates", "2026-03-10,1"),
        (
            5,
            "malformed_line",
            "4 cells under a header of 3",
            "rates",
            "2026-03-09,1,2,3",
        ),
    ]
    assert manifest.rows == 5


def test_a_quote_that_is_not_closed_costs_its_line_only(
    bank: Bank, tmp_path: Path
) -> None:
    older = b"".join(b"%d-01-01,1,2\n" % year for year in range(1000, 2000)) * 20
    bank.body = b'Date,USD,JPY\n2026-03-10,"1,2\n2026-03-09,1,2\n' + older
    manifest = extract(tmp_path)
    assert rows(manifest) == [
        (3, "2026-03-09", "JPY", "2"),
        (3, "2026-03-09", "USD", "1"),
    ]
    assert rows(manifest, "rejects") == [
        (2, "malformed_line", "2 cells under a header of 3", "rates", "2026-03-10,1,2")
    ]


def test_a_file_without_recent_rates_is_warned_of(bank: Bank, tmp_path: Path) -> None:
    bank.body = b"Date,USD,\n2025-01-02,1.1,\n"
    manifest = extract(tmp_path)
    assert (manifest.rows, rows(manifest)) == (0, [])
    assert findings(manifest.control_totals["warnings"]) == [
        "no exchange rate was published in the 10 days before 2026-03-10"
    ]
    assert unexplained(manifest.control_totals["warnings"]) == []


WHAT = "exchange_rates_api: GET /stats/eurofxref/eurofxref-hist.csv"
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in, jane@example.com</title></head></html>"


def damaged_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # Without an hour of its own: its bytes would change with the clock, and may look like an address.
        archive.writestr(zipfile.ZipInfo("rates.csv"), CSV, zipfile.ZIP_DEFLATED)
    data = packed.getvalue()
    return data[:40] + b"\xff" * 40 + data[80:]


BUSY = {"Retry-After": "7"}


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            (401, {}, b""),
            CredentialsError,
            f"{WHAT} answered 401 Unauthorized: check login, password",
        ),
        (
            (403, {}, b""),
            CredentialsError,
            f"{WHAT} answered 403 Forbidden: check login, password",
        ),
        ((404, {}, b"no"), ContractError, f"{WHAT} answered 404 Not Found: 'no'"),
        (
            (429, BUSY, b""),
            RateLimitedError,
            f"{WHAT} answered 429 Too Many Requests: too many",
        ),
        (
            (503, BUSY, b""),
            RateLimitedError,
            f"{WHAT} answered 503 Service Unavailable: the server is busy",
        ),
        (
            (503, {}, b""),
            TransientError,
            f"{WHAT} answered 503 Service Unavailable: the server is",
        ),
        (
            (500, {}, b""),
            TransientError,
            f"{WHAT} answered 500 Internal Server Error: the server is",
        ),
        (
            *((200, {}, HTML), ContractError),
            "exchange_rates_api: the answer is not the CSV file of exchange rates, it begins with "
            "'<!DOCTYPE html> <html><head><title>Sign in, <e-mail></title></head></html>'",
        ),
        (
            *((200, {}, b""), ContractError),
            "exchange_rates_api: the answer is not the CSV file of exchange rates, it begins with ''",
        ),
        (
            *((200, {}, b"\n" + CSV.encode()), ContractError),
            "exchange_rates_api: the answer is not the CSV file of exchange rates, it begins with 'Date,USD",
        ),
        (
            *((200, {}, b"PK\x03\x04 cut"), ContractError),
            "exchange_rates_api: the answer is neither a CSV file nor a zip of one, it begins with 'PK",
        ),
        (
            *((200, {}, damaged_zip()), ContractError),
            "exchange_rates_api: the answer is neither a CSV file nor a zip of one, it begins with 'PK",
        ),
        (
            *((200, {}, b"<script>" + b"x" * 200_000), ContractError),
            "exchange_rates_api: the answer is not the CSV file of exchange rates, it begins with "
            "'<script>xxx",
        ),
        (
            *((200, {}, b"Date,\xff"), ContractError),
            "exchange_rates_api: the answer is neither a CSV file nor a zip of one, it begins with 'Date,",
        ),
    ],
)
def test_failures(
    bank: Bank,
    tmp_path: Path,
    answer: tuple[int, dict[str, str], bytes],
    kind: type[Exception],
    said: str,
) -> None:
    bank.status, bank.headers, bank.body = answer
    with pytest.raises(kind) as caught:
        extract(tmp_path)
    assert isinstance(caught.value, kind)
    assert str(caught.value).startswith(said)
    assert not staging.exists(f"file://{tmp_path}/rates")


def packed_zeros() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rates.csv", bytes(10_000))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, bytes(10_000)),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(10_000), mtime=0)),
        ({}, packed_zeros()),
    ],
    ids=["plain", "gzip", "zip"],
)
def test_a_large_answer_is_refused(
    bank: Bank,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    body: bytes,
) -> None:
    monkeypatch.setattr(exchange_rates, "MOST_BYTES", 9_999)
    bank.headers, bank.body = headers, body
    with pytest.raises(
        ContractError, match=f"^{WHAT}: the answer has more than 9,999 bytes$"
    ):
        extract(tmp_path)


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/rates", "https://127.0.0.1:{port}/rates"]
)
def test_a_redirect_to_another_site_is_not_followed(
    bank: Bank, tmp_path: Path, target: str
) -> None:
    bank.status, bank.headers = 302, {"Location": target.format(port=bank.port)}
    with pytest.raises(
        ConfigurationError,
        match=r"another site.*host of the connection exchange_rates_api",
    ):
        extract(tmp_path)
    assert len(bank.paths) == 1


def test_a_server_that_is_down_or_silent(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, host=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(
        TransientError, match=r"failed: nothing answers at 127\.0\.0\.1:\d+: "
    ):
        extract(tmp_path)
    with http.server.HTTPServer(
        ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
    ) as silent:
        connect(
            monkeypatch,
            host=f"http://127.0.0.1:{silent.server_port}",
            extra={"timeout": 0.3},
        )
        with pytest.raises(TransientError, match=r"failed: 127\.0\.0\.1:\d+ timed out"):
            extract(tmp_path)


def test_a_connection_that_is_missing_or_empty(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch)
    with pytest.raises(
        ConfigurationError,
        match=r"^the connection exchange_rates_api has no host: set it",
    ):
        extract(tmp_path)
    monkeypatch.delenv("AIRFLOW_CONN_EXCHANGE_RATES_API")
    with pytest.raises(
        ConfigurationError, match=r"^the connection exchange_rates_api is not defined$"
    ):
        extract(tmp_path)
