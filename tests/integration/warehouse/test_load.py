"""What a load leaves in the tables, on the emulator."""

from dataclasses import replace
from datetime import date

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sources import live_sources
from ecommerce.warehouse import load
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
    delivered_file,
)
from tests.settings import lower

TUESDAY = date(2026, 3, 3)
THURSDAY = date(2026, 3, 5)
ANN = Order("1", "2026-03-02 15:00", customer="ann")


def test_a_load_that_would_change_more_days_than_a_transaction_may_changes_none(
    shop, monkeypatch
):
    lower(monkeypatch, load, MOST_DAYS=2)
    days = ["2024-02-28 15:00", "2025-03-02 15:00", "2026-03-02 15:00"]
    orders = [Order(str(number), at(day)) for number, day in enumerate(days)]
    shop.load(Folder(orders[:1]), day=MONDAY)
    before = shop.state()
    with pytest.raises(ContractError, match="would change 3 days from 2024-02-28 to"):
        shop.load(
            Folder(orders),
            day=MONDAY,
            run_id="next",
        )
    assert shop.state() == before


def test_days_that_were_not_read_lack_a_source_only_while_it_is_on(shop):
    """An older day with a late order, which no run has read; and a day on which a source failed."""
    never_read = replace(
        ANN,
        order_id="old",
        ordered_at="2026-01-05 15:00",
    )
    failed = ["storefront"]
    off = sorted({*live_sources()} - {"sales_db", "storefront"})
    shop.load(
        Folder([ANN, never_read]),
        missing_sources=failed,
        off_sources=off,
    )

    def missing():
        of_days = shop.by("daily_summary", "business_date", "missing_sources")
        return [of_days[day] for day in (date(2026, 1, 5), MONDAY)]

    assert missing() == [["sales_db", "storefront"], ["storefront"]]

    later = Folder(read_at="2026-03-04 11:00")
    shop.load(
        later,
        day=TUESDAY,
        run_id="off",
        off_sources=failed + off,
    )
    assert missing() == [["sales_db"], []]

    later = Folder(read_at="2026-03-06 11:00")
    storefront = replace(later, source="storefront")
    shop.load(
        later,
        storefront,
        day=THURSDAY,
        run_id="on",
        off_sources=off,
    )
    assert missing() == [["sales_db", "storefront"], ["storefront"]]


def test_a_rerun_leaves_one_set_of_rejected_rows(shop):
    """Order 7 is read again and well now, 8 once more rejected; 9 changed before the second read began."""
    broken = [{"reason": "missing_value", "order_id": number} for number in "789"]
    shop.load(Folder([ANN], rejected=[*broken, {"reason": "unknown_order"}]))
    next_day = Folder(
        rejected=broken[1:2],
        read_at="2026-03-04 11:00",
    )
    shop.load(
        next_day,
        day=TUESDAY,
        run_id="next",
    )

    again = Folder([replace(ANN, order_id="7")], read_at="2026-03-03 12:00")
    again.rejected = broken[1:2]
    shop.load(again, run_id="again")

    assert shop.tuples(
        "rejected_rows",
        "business_date",
        "run_id",
        "order_id",
    ) == [
        (MONDAY, "again", "8"),
        (MONDAY, "run", "9"),
        (TUESDAY, "next", "8"),
    ]


def wrong(file, *numbers):
    """Rejected lines of a file."""
    rows = []
    for number in numbers:
        rows.append({"reason": "malformed_line", "file": file, "row_number": number})
    return rows


OF_FILE = ("file", "row_number", "run_id")


def test_what_is_wrong_with_a_file_stands_until_the_file_is_read_again(shop):
    def read(names, rows, received, **run):
        files = [delivered_file(name, received) for name in names]
        shop.load(Folder(source="partner_files", files=files, rejected=rows), **run)

    first = [*wrong("a.csv", 3), *wrong("b.csv", 4), *wrong("c.csv", 0)]
    read(["a.csv", "b.csv"], first, "2026-03-03 08:00")
    # A rerun finds nothing new but the file that still cannot be used.
    read(
        [],
        wrong("c.csv", 0),
        "2026-03-03 12:00",
        run_id="again",
    )
    assert shop.tuples("rejected_rows", *OF_FILE) == [
        ("a.csv", 3, "run"),
        ("b.csv", 4, "run"),
        ("c.csv", 0, "again"),
    ]
    # The next day one comes anew, with another fault, and the other can be used at last.
    next_day = {"day": TUESDAY, "run_id": "next"}
    read(
        ["a.csv", "c.csv"],
        wrong("a.csv", 9),
        "2026-03-04 08:00",
        **next_day,
    )
    assert shop.tuples("rejected_rows", *OF_FILE) == [
        ("a.csv", 9, "next"),
        ("b.csv", 4, "run"),
    ]


def test_an_export_that_is_loaded_again_leaves_one_set_of_rejected_rows(shop):
    """Its second part, loaded for the same days, keeps its own."""
    parts = {
        "first": wrong("a.csv", 3, 4),
        "other part": wrong("b.csv", 7),
        "second": wrong("a.csv", 3),
    }
    for run_id, rows in parts.items():
        export = Folder(source="old_shop", rejected=rows)
        shop.load(
            export,
            run_id=run_id,
            dag_id="history",
            status=HISTORY,
        )
    assert shop.tuples("rejected_rows", *OF_FILE) == [
        ("a.csv", 3, "second"),
        ("b.csv", 7, "other part"),
    ]
