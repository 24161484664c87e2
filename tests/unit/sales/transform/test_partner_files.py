"""Orders that partners deliver as CSV lines, again and again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ecommerce.core.email_masking import safe_id
from tests.explained import findings, unexplained
from tests.unit.sales.transform.raw_folders import DAY, KEY, READ_AT, RUN_ID, csv_line

MORNING = READ_AT - timedelta(hours=3)
NOON = READ_AT - timedelta(hours=1)


def file(name, *lines, received_at=MORNING):
    return {"name": name, "lines": list(lines), "received_at": received_at}


def test_header_comes_from_the_lowest_line_number(raw):
    lines = [
        csv_line(
            line_number="10",
            status="shipped",
            currency="usd",
            updated_at="2026-11-19T18:00:00Z",
        ),
        csv_line(
            line_number="9",
            status="Processing",
            customer_email="ANN@example.com",
            country_code="de",
        ),
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv", *lines))
    assert (
        done["P1"]["status"],
        done["P1"]["country_code"],
        done["P1"]["item_count"],
    ) == (
        "processing",
        "DE",
        2,
    )
    assert done["P1"]["updated_at"] == datetime(2026, 11, 19, 18, tzinfo=UTC), (
        "the latest of its lines"
    )
    assert done["P1"]["read_at"] == MORNING
    assert {(line["status"], line["updated_at"]) for line in done.order_lines} == {
        ("processing", done["P1"]["updated_at"])
    }
    (warning,) = done.totals["warnings"]
    (found,) = findings([warning])
    assert found.startswith(
        "acme_2026-11-19.csv: 1 order has lines that differ in status"
    )
    assert found.endswith("(for example order P1)")
    assert unexplained([warning]) == []


def test_lines_that_agree_are_not_warned_of(raw):
    lines = [
        csv_line(ordered_at="2026-11-19T15:00:00Z", status="completed"),
        csv_line(
            line_number="2", ordered_at="2026-11-19T16:00:00+01:00", status="Completed"
        ),
    ]
    assert (
        raw.partner_files(file("acme_2026-11-19.csv", *lines)).totals["warnings"] == []
    )


def test_unusable_header_columns_reject_their_line_only(raw):
    lines = [
        csv_line(line_number="1", ordered_at="2026-11-19T15:00:00"),
        csv_line(line_number="2", ordered_at=None),
        csv_line(line_number="3", updated_at="20111-11-19T15:00:00Z"),
        csv_line(line_number="4", currency="US$"),
        csv_line(line_number="5", currency=" "),
        csv_line(order_id=" ", line_number="6"),
        csv_line(line_number="7", ordered_at="yesterday, says ann@example.com"),
        csv_line(line_number="8", status=None),
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv", *lines))
    assert [row["line_number"] for row in done.order_lines] == [8]
    assert (done["P1"]["status"], done["P1"]["is_sale"]) == ("unknown", False)
    assert done.reasons == {
        ("invalid_timestamp", "ordered_at = 2026-11-19T15:00:00"): 1,
        ("missing_value", "ordered_at is empty"): 1,
        ("timestamp_out_of_range", "updated_at = 20111-11-19T15:00:00Z"): 1,
        ("invalid_currency", "currency = US$"): 1,
        ("missing_value", "currency is empty"): 1,
        ("missing_value", "order_id is empty"): 1,
        ("invalid_timestamp", "ordered_at = yesterday, says <e-mail>"): 1,
    }
    assert {(row["file"], row["row_number"]) for row in done.rejected_rows} == {
        ("acme_2026-11-19.csv", number) for number in range(2, 9)
    }
    assert "@example" not in repr(done)
    assert "customer_email" not in repr(done.rejected_rows)


def test_order_whose_lines_are_all_broken_does_not_exist(raw):
    done = raw.partner_files(
        file("acme_2026-11-19.csv", csv_line(quantity="0"), csv_line("P2"))
    )
    assert [row["order_id"] for row in done.orders] == ["P2"]
    assert [row["order_id"] for row in done.order_versions] == ["P2"]
    assert [row["order_ids"] for row in done.loaded_files] == [["P1", "P2"]], (
        "it is in the file all the same"
    )


def test_newest_version_wins_and_its_lines_are_all_there_is(raw):
    old = file(
        "acme_2026-11-18.csv",
        csv_line(updated_at="2026-11-19T10:00:00Z"),
        csv_line(line_number="2"),
    )
    old["lines"][1]["updated_at"] = "2026-11-19T10:00:00Z"
    new = file(
        "acme_2026-11-19.csv",
        csv_line(quantity="5"),
        received_at=MORNING - timedelta(days=1),
    )
    done = raw.partner_files(old, new)
    assert (done["P1"]["item_count"], done["P1"]["gross_amount"]) == (1, 50), (
        "updated_at is what counts"
    )
    assert [line["quantity"] for line in done.order_lines] == [5]
    assert [row["version_updated_at"] for row in done.order_versions] == [
        datetime(2026, 11, 19, 16, tzinfo=UTC)
    ]
    assert (done.totals["rows_accepted"], done.totals["rows_superseded"]) == (1, 2)


def test_of_equally_new_versions_the_one_received_last_wins(raw):
    early = file("acme_2026-11-19.csv", csv_line(quantity="1"), received_at=NOON)
    late = file(
        "acme_2026-11-18.csv",
        csv_line(quantity="3"),
        received_at=NOON + timedelta(seconds=1),
    )
    done = raw.partner_files(early, late)
    assert [line["quantity"] for line in done.order_lines] == [3]
    assert done["P1"]["read_at"] == NOON + timedelta(seconds=1)


def test_older_valid_version_wins_over_a_newer_one_that_is_broken_throughout(raw):
    good = file("acme_2026-11-18.csv", csv_line(updated_at="2026-11-19T10:00:00Z"))
    broken = file(
        "acme_2026-11-19.csv",
        csv_line(quantity="0"),
        csv_line(line_number="2", unit_price="NaN"),
    )
    done = raw.partner_files(good, broken)
    assert done["P1"]["gross_amount"] == 20
    assert done["P1"]["updated_at"] == datetime(2026, 11, 19, 10, tzinfo=UTC)
    half = file(
        "acme_2026-11-19.csv",
        csv_line(quantity="0"),
        csv_line(line_number="2", unit_price="7"),
    )
    done = raw.partner_files(good, half)
    assert done["P1"]["gross_amount"] == 14, (
        "the newer version is usable, without its broken line"
    )


def test_repeated_lines(raw):
    lines = [
        csv_line(line_number="1"),
        csv_line(line_number="01", quantity="2.0"),  # the same said again
        csv_line(line_number="2", quantity="4"),
        csv_line(line_number="2", quantity="6"),  # says something else
        csv_line(line_number="3", quantity="9", updated_at="2026-11-19T17:00:00Z"),
        csv_line(line_number="3", quantity="8"),  # an older state
        csv_line(
            line_number="66", quantity="1"
        ),  # no repetition of 2, though equal modulo 64
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv", *lines))
    quantities = {row["line_number"]: row["quantity"] for row in done.order_lines}
    assert quantities == {1: 2, 2: 6, 3: 9, 66: 1}
    assert (done["P1"]["item_count"], done["P1"]["gross_amount"]) == (4, 180)
    assert done.reasons == {("duplicate_line", "line_number = 2"): 1}
    assert done.rejected_rows[0]["row_number"] == 4
    assert done.totals["rows_superseded"] == 2


def test_order_ids_belong_to_the_partner_that_was_first(raw):
    theirs = file(
        "bolt_2026-11-19.csv", csv_line(quantity="7"), csv_line("B2"), received_at=NOON
    )
    ours = file(
        "acme_2026-11-19.csv", csv_line(quantity="1", updated_at="2026-11-19T10:00:00Z")
    )
    done = raw.partner_files(theirs, ours)
    assert done["P1"]["gross_amount"] == 10
    assert done.reasons == {("order_of_other_partner", "order_id = P1"): 1}
    files = {row["file"]: row["order_ids"] for row in done.loaded_files}
    assert files == {"acme_2026-11-19.csv": ["P1"], "bolt_2026-11-19.csv": ["B2"]}, (
        "bolt must not remove P1 later"
    )


def test_order_ids_belong_to_the_partner_whose_file_was_loaded_before(raw):
    known = [
        {
            "order_id": "P1",
            "partner": "acme",
            "file": "acme_2026-11-18.csv",
            "received_at": NOON,
        }
    ]
    done = raw.partner_files(
        file("bolt_2026-11-19.csv", csv_line(), csv_line("B2")), known=known
    )
    assert [row["order_id"] for row in done.orders] == ["B2"]
    assert done.reasons == {("order_of_other_partner", "order_id = P1"): 1}


def test_the_channel_of_an_order_is_its_partner(raw):
    ours, theirs = (
        file("acme_2026-11-19.csv", csv_line()),
        file("bolt_2026-11-19.csv", csv_line("B1")),
    )
    done = raw.partner_files(ours, theirs)
    found = {row["order_id"]: row["channel"] for row in done.orders}
    assert found == {"P1": "acme", "B1": "bolt"}
    assert {row["order_id"]: row["channel"] for row in done.order_lines} == found


def test_removed_orders_are_versions_without_order(raw):
    removed = [
        {"order_id": "P7", "file": "acme_2026-11-18.csv", "received_at": MORNING},
        {
            "order_id": "P1",
            "file": "acme_2026-11-18.csv",
            "received_at": MORNING,
        },  # moved to another file
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv", csv_line()), removed=removed)
    assert {
        row["order_id"]: (row["version_updated_at"], row["read_at"])
        for row in done.order_versions
    } == {
        "P1": (datetime(2026, 11, 19, 16, tzinfo=UTC), MORNING),
        "P7": (None, MORNING),
    }


def test_files_are_recorded_even_when_nothing_of_them_is_usable(raw):
    rejects = [
        {
            "row_number": 2,
            "reason": "malformed_line",
            "file": "acme_2026-11-19.csv",
            "raw": "x,ann@example.com",
        }
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv"), rejects=rejects)
    assert done.loaded_files == [
        {
            "file": "acme_2026-11-19.csv",
            "source": "partner_files",
            "sha256": "5" * 64,
            "business_date": DAY,
            "run_id": RUN_ID,
            "received_at": MORNING,
            "order_ids": [],
            **dict.fromkeys(("rows_accepted", "source_orders", "orders_loaded"), 0),
            **dict.fromkeys(("source_amount", "amount_loaded"), Decimal(0)),
            "rows_read": 0,
            "rows_rejected": 1,
            "warnings": [],
        }
    ]
    assert (done.totals["rows_read"], done.totals["rejected"]) == (
        1,
        {"malformed_line": 1},
    )


def test_files_are_recorded_with_what_became_of_them(raw):
    lines = [
        csv_line(quantity="2", unit_price="10"),
        csv_line(line_number="2", quantity="many"),
        csv_line("P2", currency="US"),
        csv_line("P3", country_code="US", unit_price="4", quantity="1"),
        csv_line(
            "P3", line_number="2", country_code="CA", unit_price="6", quantity="1"
        ),
    ]
    good = file("acme_2026-11-19.csv", *lines) | {
        "warnings": ['{"kind": "note", "text": "some columns"}']
    }
    done = raw.partner_files(good, file("bolt_2026-11-19.csv", csv_line("B1")))
    acme, bolt = sorted(done.loaded_files, key=lambda row: row["file"])
    counts = (
        "rows_read",
        "rows_accepted",
        "rows_rejected",
        "source_orders",
        "orders_loaded",
    )
    assert tuple(acme[name] for name in counts) == (5, 3, 2, 3, 2)
    assert acme["amount_loaded"] == 30
    assert findings(acme["warnings"]) == [
        "some columns",
        "acme_2026-11-19.csv: 1 order has lines that differ in status, currency, time, customer or country "
        "(for example order P3)",
    ]
    assert tuple(bolt[name] for name in counts) == (1, 1, 0, 1, 1)
    assert bolt["warnings"] == []


def test_texts_and_numbers_are_trimmed(raw):
    line = csv_line(
        " P1 ",
        " 1 ",
        sku=" MUG-01 ",
        category="",
        quantity=" 2.500 ",
        unit_price=" 4 ",
        tax_amount=None,
    )
    done = raw.partner_files(file("acme_2026-11-19.csv", line))
    (row,) = done.order_lines
    assert (row["order_id"], row["sku"], row["category"]) == (
        "P1",
        "MUG-01",
        "uncategorised",
    )
    assert (row["quantity"], row["gross_amount"], row["tax_amount"]) == (
        Decimal("2.5"),
        10,
        0,
    )


def test_addresses_that_slipped_into_other_columns_go_no_further(raw):
    lines = [
        csv_line(sku="ann@example.com", category="of ann@example.com"),
        csv_line(
            "P2", status="ann@example.com", country_code="ann@example.com", sku="MUG@2"
        ),
        csv_line("P3", currency="ann@example.com"),
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv", *lines))
    assert "@example" not in repr(done)
    assert {row["sku"] for row in done.order_lines} == {
        safe_id("ann@example.com", KEY),
        "MUG@2",
    }


def test_product_names_keep_their_line_breaks_and_not_their_addresses(raw):
    line = csv_line(product_name="Seed box\nfor ann@example.com")
    assert (
        raw.partner_files(file("a_2026-11-19.csv", line)).order_lines[0]["product_name"]
        == "Seed box\nfor <e-mail>"
    )


def test_product_numbers_as_quantities_cost_their_lines_and_no_other_file(raw):
    ean = "4006381333931"
    swapped = [
        csv_line(f"P{number}", quantity=ean, unit_price="99.50") for number in (1, 2, 3)
    ]
    fine = csv_line("P4", quantity="2", unit_price="5.00")
    done = raw.partner_files(
        file("acme_2026-11-19.csv", *swapped, fine),
        file("bolt_2026-11-19.csv", csv_line("B1")),
    )
    assert sorted(row["order_id"] for row in done.orders) == ["B1", "P4"]
    assert done.reasons == {("too_many_digits", f"quantity = {ean}"): 3}
    assert {(row["file"], row["row_number"]) for row in done.rejected_rows} == {
        ("acme_2026-11-19.csv", number) for number in (2, 3, 4)
    }
    acme, bolt = sorted(done.loaded_files, key=lambda row: row["file"])
    assert (acme["rows_accepted"], acme["rows_rejected"], acme["source_amount"]) == (
        1,
        3,
        10,
    )
    assert (bolt["rows_accepted"], bolt["rows_rejected"]) == (1, 0)


def test_a_sum_that_no_column_can_hold_is_unknown_and_stops_nothing(raw):
    lines = [
        csv_line(f"P{number}", quantity="10", unit_price="9999999999", tax_amount=None)
        for number in range(1001)
    ]
    done = raw.partner_files(file("acme_2026-11-19.csv", *lines))
    assert len(done.orders) == 1001
    (acme,) = done.loaded_files
    assert (acme["source_amount"], acme["amount_loaded"]) == (None, None)
