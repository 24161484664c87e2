"""The company's former shop: an export of 18 months that joins the days since the move."""

import gzip
from dataclasses import replace
from datetime import date

from demo.ledger import Ledger
from demo.seeders import old_shop, partner_files

MOVED_ON = date(2026, 11, 9)
LEDGER = Ledger(MOVED_ON, 13, orders_per_day=6, old_months=18)


def test_the_export_has_a_file_per_quarter_that_is_always_the_same(tmp_path):
    old_shop.fill(tmp_path / "one", LEDGER)
    old_shop.fill(tmp_path / "two", replace(LEDGER, days=1))
    files = sorted((tmp_path / "one").glob(old_shop.PATTERN))
    names = [file.name for file in files]
    assert names[0] == "orders_2025-Q2.csv.gz"
    assert names[-1] == "orders_2026-Q4.csv.gz"
    assert len(names) == 7
    written = files[0].stat().st_mtime_ns
    for file in files:
        content = file.read_bytes()
        assert content == (tmp_path / "two" / file.name).read_bytes()
        header, *rows = gzip.decompress(content).decode().splitlines()
        assert header == ",".join(partner_files.HEADER)
        assert len(rows) > 30
    old_shop.fill(tmp_path / "one", LEDGER)
    assert files[0].stat().st_mtime_ns == written
