"""A day is judged by what is loaded of it, whichever run has read it: running it again changes nothing."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.errors import CheckFailed
from ecommerce.pages.views import quality as pages
from ecommerce.pages.views.quality import state, state_text
from ecommerce.sales.days.quality import RefusedFile
from ecommerce.warehouse.load_history import loaded_files
from tests.explained import findings
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at, delivered_file
from tests.source_names import PARTNER_FILES, SALES_DB, STOREFRONT

TUESDAY = MONDAY + timedelta(days=1)
NOON = at("2026-03-02 17:00")
AMOUNTS = ("source_orders", "orders_loaded", "source_amount", "amount_loaded")
FILE = "alpenmarkt_2026-03-02.csv"


def delivered(read, rejected, received, file=FILE, **facts):
    """A file that the extract has read, as the transform leaves it."""
    counts = {
        "rows_read": read,
        "rows_accepted": read - rejected,
        "rows_rejected": rejected,
    }
    zeros = dict.fromkeys(AMOUNTS, 0)
    row = delivered_file(
        file,
        received,
        **zeros | counts | facts,
    )
    broken = []
    for number in range(rejected):
        line = {
            "file": file,
            "row_number": number + 2,
            "order_id": f"P{number}",
        }
        broken.append(line | {"reason": "invalid_quantity"})
    folder = Folder(
        [],
        PARTNER_FILES,
        received,
        files=[row],
        rejected=broken,
    )
    folder.totals = {"rows_superseded": 0, **counts}
    return folder


def warnings(shop, run_id, day=MONDAY):
    """What the checks of a run warn of, without orders that its short read no longer returns; CheckFailed
    where they stop it."""
    texts = [str(each) for each in shop.failing(day=day, run_id=run_id)]
    return [text for text in texts if "no longer returns orders" not in text]


def shown(shop, source):
    """Rows read and rejected of Monday, as its report shows them."""
    [row] = [each for each in shop.quality().sources if each.source == source]
    return row.rows_read, row.rows_rejected


def test_a_file_with_too_many_broken_lines_stops_every_run_of_its_day_until_it_is_delivered_right(
    shop,
):
    command = "make repair DAY=2026-03-02 SOURCE=partner_files"
    what = f"partner_files: 120 of 200 records, {FILE}: 120; then {command}"
    shop.load_all(delivered(200, 120, "2026-03-03 08:00"))
    with pytest.raises(CheckFailed, match=what):
        warnings(shop, "run")
    # The hourly sync of the running day and the next day's run are about other sources and days.
    sync = Folder(source=STOREFRONT, read_at="2026-03-03 12:00")
    shop.load(
        sync,
        day=TUESDAY,
        run_id="sync",
        dag_id="sync",
    )
    assert warnings(shop, "sync", TUESDAY) == []
    shop.load_all(
        day=TUESDAY,
        run_id="next",
        read_at="2026-03-04 11:00",
    )
    assert warnings(shop, "next", TUESDAY) == []
    # A rerun, of the whole day or of one source, finds nothing new.
    shop.load_all(run_id="again", read_at="2026-03-04 12:00")
    with pytest.raises(CheckFailed, match=what):
        warnings(shop, "again")
    assert shown(shop, PARTNER_FILES) == (200, 120)
    # Another source's read of the day alone is not to blame.
    shop.load(
        Folder(read_at="2026-03-04 13:00"), run_id="reread", dag_id="reconciliation"
    )
    assert warnings(shop, "reread") == []

    shop.load_all(
        delivered(200, 0, "2026-03-05 08:00"),
        run_id="right",
        read_at="2026-03-05 09:00",
    )
    assert warnings(shop, "right") == []
    assert shown(shop, PARTNER_FILES) == (200, 0)


def test_a_file_counts_for_its_own_day_whichever_run_has_loaded_it(shop):
    """The run of a later day comes first, or the file is late."""
    monday = delivered(200, 120, "2026-03-03 08:00")
    tuesday = delivered(
        500,
        0,
        "2026-03-04 08:00",
        "alpenmarkt_2026-03-03.csv",
    )
    counts = {"rows_read": 706, "rows_accepted": 580, "rows_rejected": 126}
    files = [*monday.files, *tuesday.files]
    for number in (1, 2, 3):
        name = f"{number}_2026-03-03.csv"
        files += delivered(
            number,
            number,
            "2026-03-04 08:00",
            name,
        ).files
    counts["rows_superseded"] = 0
    both = replace(
        monday,
        files=files,
        totals=counts,
        read_at=tuesday.read_at,
    )
    shop.load_all(
        both,
        day=TUESDAY,
        run_id="2nd",
        read_at="2026-03-04 11:00",
    )
    worst = f"{FILE}: 120, 3_2026-03-03.csv: 3, 2_2026-03-03.csv: 2)"
    assert any(worst in each for each in warnings(shop, "2nd", TUESDAY))
    shop.load_all(run_id="1st", read_at="2026-03-04 12:00")
    with pytest.raises(
        CheckFailed, match=f"partner_files: 120 of 200 records, {FILE}: 120; then make"
    ):
        warnings(shop, "1st")
    assert shown(shop, PARTNER_FILES) == (200, 120)
    [listed] = shop.quality().rejects
    assert listed.rows == 120
    assert listed.samples[0].file == FILE


def test_what_is_rejected_of_a_live_source_stays_until_its_orders_are_read_again(shop):
    broken = [
        {"reason": "invalid_quantity", "order_id": f"B{number}"} for number in range(60)
    ]
    good = [Order(f"G{number}", NOON) for number in range(40)]
    shop.load_all(Folder(good, rejected=broken))
    with pytest.raises(
        CheckFailed, match="sales_db: 60 of 140 records; then make repair"
    ):
        warnings(shop, "run")
    # A run of the older day reads less, and none of the rejected orders.
    shop.load_all(Folder(good[:10], read_at="2026-03-04 11:00"), run_id="again")
    with pytest.raises(CheckFailed, match="sales_db: 60 of 140 records"):
        warnings(shop, "again")
    assert shown(shop, SALES_DB) == (80, 60)
    # The next day's run reads all but two of them, and they are right; one is gone, one is still broken.
    fixed = [Order(f"B{number}", NOON) for number in range(2, 60)]
    next_day = Folder(
        fixed, removed=["B0"], rejected=broken[1:2], read_at="2026-03-04 12:00"
    )
    shop.load_all(
        next_day,
        day=TUESDAY,
        run_id="next",
    )
    shop.load_all(Folder(good[:10], read_at="2026-03-04 13:00"), run_id="last")
    assert warnings(shop, "last") == []
    assert shown(shop, SALES_DB) == (21, 1)


def test_a_redelivery_that_cannot_be_used_marks_the_day_until_it_can(shop):
    unusable = {"reason": "file_unreadable", "detail": "it is HTML", "file": FILE}
    unusable["row_number"] = 0
    note = '{"kind": "note", "text": "it has columns"}'
    sound = ([], ["it has columns"], "agrees")
    shop.load(delivered(200, 0, "2026-03-03 08:00", warnings=[note]))
    assert marked(shop) == sound
    for run_id, hour in (("again", 12), ("third", 13)):
        refused = Folder(
            source=PARTNER_FILES,
            rejected=[unusable],
            read_at=f"2026-03-03 {hour}:00",
        )
        shop.load(refused, run_id=run_id)
        warning = f"a new version of {FILE} was not loaded: it is HTML"
        assert marked(shop) == (
            [RefusedFile(file=FILE, detail="it is HTML", is_loaded=True)],
            [warning, "it has columns"],
            f"invalid: {FILE}",
        )
        assert loaded_files(PARTNER_FILES, [FILE])[FILE].was_refused, (
            "the version that is loaded may be delivered once more"
        )

    # A usable one that the next day's run finds is the end of it.
    usable = delivered(200, 0, "2026-03-04 08:00", warnings=[note])
    shop.load(usable, day=TUESDAY, run_id="next")
    assert marked(shop) == sound
    assert not loaded_files(PARTNER_FILES, [FILE])[FILE].was_refused


def marked(shop):
    """The refused files and warnings of Monday's report, and how the page marks the partners' files."""
    quality = shop.quality()
    [row] = on_page(shop, PARTNER_FILES)
    text = state(row) if state(row) == "agrees" else state_text(row)
    return quality.refused_files, sorted(findings(quality.warnings)), text


def on_page(shop, source):
    """The rows of Monday's read of a source on the page *Data quality*."""
    totals = pages.load_totals(shop.warehouse, MONDAY, MONDAY)
    return [row for row in totals if row["source"] == source]


def test_control_totals_by_currency_name_a_loss_and_nothing_else(shop):
    """Yen and dollars, a file of which an order is superseded, rejected lines; then a lost order."""
    in_yen = Order(
        "Y",
        NOON,
        currency="JPY",
        lines=[("Toys", "1", "1500")],
    )
    database = Folder(
        [Order("1", NOON), in_yen],
        rejected=[{"reason": "invalid_quantity", "order_id": "1"}],
        currency_totals=[
            (None, "USD", "17.5", "10", "0", "7.5"),
            (None, "JPY", "1500.0002", "1500", "0", "0"),
        ],
    )
    of_partner = Order(
        "P",
        NOON,
        source=PARTNER_FILES,
        updated_at=NOON,
    )
    facts = {"rows_accepted": 1, "source_orders": 3, "orders_loaded": 1}
    files = replace(
        delivered(
            3,
            1,
            "2026-03-03 08:00",
            **facts,
        ),
        orders=[of_partner],
        currency_totals=[
            (FILE, "USD", "24", "10", "10", "4"),
            (FILE, "", "3", "0", "0", "3"),
        ],
    )
    shop.load_all(database, files)
    found = [text for text in warnings(shop, "run") if "in rejected records" in text]
    assert found == [
        "3 currencies of sources have amounts in rejected records: the figures lack these records; the table "
        "rejected_rows has the reasons (for example partner_files: 3.0000 without currency)"
    ]
    # A rerun finds the file delivered again, a repair nothing new in it, and both the database as it was.
    again = replace(database, read_at="2026-03-03 12:00")
    newer = delivered(
        3,
        1,
        "2026-03-03 09:00",
        **facts,
    )
    newer = replace(
        files,
        files=newer.files,
        read_at=newer.read_at,
    )
    for read in (
        [again, newer],
        [again],
    ):
        shop.load_all(
            *read,
            run_id="again",
            read_at="2026-03-03 12:00",
        )
    assert warnings(shop, "again"), "nothing is lost"
    totals = shop.quality().totals
    amounts = [(each.source, each.currency, each.source_amount) for each in totals]
    assert amounts == [
        (PARTNER_FILES, "", 3),
        (PARTNER_FILES, "USD", 24),
        (SALES_DB, "JPY", Decimal("1500.0002")),
        (SALES_DB, "USD", Decimal("17.5")),
    ]
    rounded = Decimal("0.0002")
    assert [each.unexplained_amount for each in totals] == [0, 0, rounded, 0]
    [row] = on_page(shop, SALES_DB)
    assert row["lost_amounts"] == []
    assert state(row) == "agrees"

    lost = replace(
        again,
        currency_totals=[(None, "USD", "37.5", "10", "0", "7.5")],
        read_at="2026-03-03 13:00",
    )
    lost = replace(lost, orders=[Order("1", NOON)])
    shop.load_all(lost, run_id="lost", read_at="2026-03-03 13:00")
    why = "sales_db has 37.5000 USD, 10.0000 were loaded, 0.0000 superseded, 7.5000 rejected: 20.0000 lost"
    with pytest.raises(CheckFailed, match=f"1 amount of a source is neither .*{why}"):
        warnings(shop, "lost")
    [row] = on_page(shop, SALES_DB)
    assert row["lost_amounts"] == [{"currency": "USD", "amount": 20}]
    assert state(row) == "differs"
