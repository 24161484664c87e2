"""What a report says of delivered files, also after runs that found nothing new."""

from datetime import date, timedelta
from decimal import Decimal

from ecommerce.sales.report.queries import read_figures
from ecommerce.warehouse.staging_tables import HISTORY
from tests.explained import findings
from tests.integration.warehouse.conftest import MONDAY, ORIGIN
from tests.integration.warehouse.loadable import Folder, Order, at

NOON = at("2026-03-02 17:00")


def delivery(file, rejected=0, **facts):
    counts = {"rows_read": 1 + rejected, "rows_accepted": 1, "rows_rejected": rejected}
    amounts = {"source_orders": 1, "orders_loaded": 1}
    amounts |= {"source_amount": Decimal(10), "amount_loaded": Decimal(10)}
    received = {
        "sha256": "5" * 64,
        "received_at": at("2026-03-03 08:00"),
        "order_ids": [],
    }
    return {"file": file, **received, **counts, **amounts} | facts


def quality(shop, run_id):
    return read_figures(
        shop.warehouse, MONDAY, ORIGIN.model_copy(update={"run_id": run_id})
    ).quality


def test_a_rerun_that_finds_nothing_new_tells_what_the_first_run_told(
    shop,
):
    broken = {"reason": "malformed_line", "file": "acme.csv", "row_number": 3}
    unusable = {"reason": "file_unreadable", "file": "bolt.csv", "row_number": 0}
    files = [
        delivery(
            "acme.csv",
            1,
            source_amount=Decimal(904),
            warnings=['{"kind": "note", "text": "acme.csv has columns"}'],
        ),
        delivery("cosy.csv"),
    ]
    orders = [Order(name, NOON, source="partner_files") for name in ("A1", "C1")]
    first = Folder(
        orders, source="partner_files", files=files, rejected=[broken, unusable]
    )
    shop.load(first)
    told = quality(shop, "run")
    (line,) = told.sources
    assert (line.rows_read, line.rows_rejected, line.source_amount) == (4, 2, 914)
    assert [(each.reason, each.rows) for each in told.rejects] == [
        ("file_unreadable", 1),
        ("malformed_line", 1),
    ]
    assert set(findings(told.warnings)) == {
        "acme.csv has columns",
        "bolt.csv was not loaded: file_unreadable",
    }

    shop.load(
        Folder(
            source="partner_files", rejected=[unusable], read_at=at("2026-03-03 13:00")
        ),
        run_id="again",
    )

    again = quality(shop, "again")
    window = {"read_at", "window_start", "window_end"}
    assert again.sources[0].model_dump(exclude=window) == line.model_dump(
        exclude=window
    )
    assert (again.rejects, again.warnings) == (told.rejects, told.warnings)


def test_an_export_is_named_by_the_reports_of_the_day_it_was_loaded_on_and_the_one_before(
    shop,
):
    old = Order("1", at("2024-05-06 15:00"), source="old_shop")
    rejected = [
        {"reason": "negative_price"},
        {"reason": "invalid_quantity"},
        {"reason": "invalid_quantity"},
    ]
    loaded = at("2026-03-03 07:00")  # in New York it is Tuesday
    export = Folder([old], source="old_shop", read_at=loaded, rejected=rejected)
    shop.load(
        export,
        day=date(2024, 5, 6),
        run_id="manual__export",
        dag_id="history",
        status=HISTORY,
    )

    def told(day):
        return findings(read_figures(shop.warehouse, day, ORIGIN).quality.warnings)

    sentence = (
        "old_shop: the run manual__export loaded an export of 1 order; 3 of its 5 rows were rejected "
        "(invalid_quantity 2, negative_price 1)"
    )
    assert [told(MONDAY + timedelta(days=days)) for days in (-1, 0, 1, 2)] == [
        [],
        [sentence],
        [sentence],
        [],
    ]
