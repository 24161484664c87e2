"""Exchange rates over HTTP: which days, and which cells are no rate; `source_failures` has the failures."""

import io
import zipfile
from base64 import b64encode
from datetime import date

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources import EXCHANGE_RATES, exchange_rates
from tests.explained import findings, unexplained
from tests.parquet import read_rows
from tests.settings import connect
from tests.website import website

DAY = date(2026, 3, 10)
CSV = """Date,USD,JPY,CYP,
2026-03-11,1.1234,160.5,N/A,
2026-03-10,1.1,N/A,N/A,
2026-02-28,1.2,161,,
2026-02-27,1.3,162,N/A,
2026-01-24,1.4,163,N/A,
2026-01-23,1.5,164,0.58,
"""


@pytest.fixture
def bank(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("RECONCILE_DAYS", "35")
    with website() as bank:
        connect(monkeypatch, "exchange_rates_api", bank.url)
        yield bank


def extract(folder, newest=False):
    day = day_window(DAY, "UTC")
    until = None if newest else day.end
    window = ReadWindow(
        "exchange_rates",
        day,
        day.start,
        until,
        f"file://{folder}",
    )
    return EXCHANGE_RATES.source().extract(window)


def rows(manifest, name="rates"):
    return read_rows(manifest.file(f"{name}.parquet"))


RATES = [
    (2, "2026-03-11", "JPY", "160.5"),
    (2, "2026-03-11", "USD", "1.1234"),
    (3, "2026-03-10", "USD", "1.1"),
    (4, "2026-02-28", "JPY", "161"),
    (4, "2026-02-28", "USD", "1.2"),
]
"""From ten days before the day on."""


def test_a_currency_that_the_euro_has_replaced_has_a_fixed_rate(bank, tmp_path):
    content = "Date,HRK,BGN\n2026-03-10,N/A,N/A\n2026-03-09,N/A,\n"
    bank.put(exchange_rates.DEFAULT_PATH, content.encode())
    fixed = [("BGN", "1.95583"), ("HRK", "7.5345")]
    expected = []
    for row, day in ((2, "2026-03-10"), (3, "2026-03-09")):
        expected += [(row, day, *rate) for rate in fixed]
    assert rows(extract(tmp_path / "rates")) == expected


def test_a_day_reads_the_rates_it_may_need_and_the_newest_those_of_reconciliation_too(
    bank, tmp_path
):
    bank.put(exchange_rates.DEFAULT_PATH, CSV.encode())
    manifest = extract(tmp_path / "rates")
    assert rows(manifest) == RATES
    columns = ["row_number", "rate_date", "currency", "rate"]
    assert manifest.columns["rates.parquet"] == columns
    assert manifest.rows == 5
    assert rows(manifest, "rejects") == []
    assert manifest.control_totals == {
        "source_rates": 5,
        "newest_rate_date": "2026-03-11",
        "warnings": [],
    }
    [(_, headers)] = bank.requests
    assert "authorization" not in headers
    newest = rows(extract(tmp_path / "newest", newest=True))
    # 45 days back: ten, and the 35 of reconciliation.
    assert min(day for _, day, *_ in newest) == "2026-01-24"


def test_a_host_with_a_path_is_the_files_address_and_the_file_may_be_a_zip(
    bank, tmp_path, monkeypatch
):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref-hist.csv", "\ufeff" + CSV.replace("\n", "\r\n"))
    url = bank.put("/some/where/rates", packed.getvalue())
    account = {"login": "key", "password": "a-secret"}
    connect(monkeypatch, "exchange_rates_api", url, **account)
    assert rows(extract(tmp_path / "rates")) == RATES
    [(_, headers)] = bank.requests
    credentials = b64encode(b"key:a-secret").decode()
    assert headers["authorization"] == f"Basic {credentials}"


LINES = """Date,USD,JPY

yesterday,1,2
2026-03-10,1
2026-03-09,1,2,3
2026-03-08,abc, 0
2020-01-01,too,many,but,old
2026-03-07,,
2026-03-06,"1,2
2026-03-05,1,2"""


def test_a_line_that_is_none_is_rejected_and_costs_no_other(bank, tmp_path):
    bank.put(exchange_rates.DEFAULT_PATH, LINES.encode())
    manifest = extract(tmp_path / "rates")
    # What is no number is left to the transform.
    assert rows(manifest) == [
        (6, "2026-03-08", "JPY", "0"),
        (6, "2026-03-08", "USD", "abc"),
        (10, "2026-03-05", "JPY", "2"),
        (10, "2026-03-05", "USD", "1"),
    ]
    lines = LINES.splitlines()
    expected = []
    for number, detail in (
        (3, "no date"),
        (4, "2 cells under a header of 3"),
        (5, "4 cells under a header of 3"),
        (9, "2 cells under a header of 3"),
    ):
        text = lines[number - 1].replace('"', "")
        expected.append((number, "malformed_line", detail, "rates", text))
    assert rows(manifest, "rejects") == expected
    assert manifest.rows == 8


def test_a_file_without_recent_rates_is_warned_of(bank, tmp_path):
    bank.put(exchange_rates.DEFAULT_PATH, b"Date,USD,\n2025-01-02,1.1,\n")
    manifest = extract(tmp_path / "rates")
    warnings = manifest.control_totals["warnings"]
    assert manifest.rows == 0
    assert rows(manifest) == []
    assert findings(warnings) == [
        "no exchange rate was published in the 10 days before 2026-03-10"
    ]
    assert unexplained(warnings) == []
