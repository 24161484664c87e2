"""Settlements of marketplaces: payments and payouts from files of partners."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.sales.transform import transform
from ecommerce.sources import PARTNER_FILES
from tests.integration.partner_files.drop import DAY, RECEIVED, found, rows
from tests.memory import Remembered
from tests.rows import column_by, column_of
from tests.unit.sales.tables import check
from tests.unit.sales.transform.raw_folders import read

LATER = datetime(2026, 3, 11, 9, tzinfo=UTC)
NAME = "acme_settlement_2026-03-10.csv"
LAYOUT = """
kind: settlement
delimiter: ";"
decimal_comma: true
date_format: ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
timezone: Europe/Berlin
columns:
  Abrechnung: settlement_id
  Zahlung: deposited_on
  Summe: deposit_amount
  Bestellung: order_id
  Betrag: amount
  Gebucht: posted_at
constants: {currency: EUR}
payments:
  - {is: refund, Art: Verkauf, Grund: [Retoure, Storno]}
  - {is: charge, Art: [Verkauf, Versand]}
  - {is: commission, Art: Provision}
"""
HEADER = "Abrechnung;Zahlung;Summe;Bestellung;Betrag;Gebucht;Art;Grund"
SALE = "77;10.03.2026;1.008,50;G1;1.010,00;08.03.2026 00:30;Verkauf;"
SHIPPING = "77;10.03.2026;1.008,50;G1;5,00;08.03.2026 00:30;versand;"
COMMISSION = "77;10.03.2026;1.008,50;G1;-1,50;08.03.2026 00:30;Provision;"
REFUND = "77;10.03.2026;1.008,50;G0;-5,00;09.03.2026 12:00;Verkauf;Storno"


@pytest.fixture
def acme(drop, layouts, monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("REPORTING_CURRENCY", "EUR")
    (layouts / "acme_settlement.yaml").write_text(LAYOUT)
    return drop


def deliver(drop, *lines, name=NAME, received=RECEIVED):
    drop.put(
        name,
        "\n".join((HEADER, *lines)) + "\n",
        received,
    )


def load(drop):
    """What a run loads."""
    return read(transform(drop.extract(), run_id="run"))


def test_each_row_is_a_payment_of_the_payout(acme):
    """A marketplace may state the same amount twice: two equal rows are two payments."""
    deliver(acme, SALE, SHIPPING, COMMISSION, COMMISSION, REFUND)
    done = load(acme)
    check(
        done.payments,
        """
payment_id | order_id | kind       | gateway | currency | amount | fee | net  | payout_id | processed_at
acme-77-2  | G1       | charge     | acme    | EUR      | 1010   | 0   | 1010 | acme-77   | 2026-03-07 23:30
acme-77-3  | G1       | charge     | acme    | EUR      | 5      | 0   | 5    | acme-77   | 2026-03-07 23:30
acme-77-4  | G1       | commission | acme    | EUR      | -1.5   | 0   | -1.5 | acme-77   | 2026-03-07 23:30
acme-77-5  | G1       | commission | acme    | EUR      | -1.5   | 0   | -1.5 | acme-77   | 2026-03-07 23:30
acme-77-6  | G0       | refund     | acme    | EUR      | -5     | 0   | -5   | acme-77   | 2026-03-09 11:00
""",
    )
    check(
        done.payouts,
        """
payout_id | issued_on  | status | currency | amount | external_reference | charges | fees | read_at
acme-77   | 2026-03-10 | paid   | EUR      | 1008.5 | 77                 | NULL    | NULL | 2026-03-11 04:30
""",
    )
    assert set(column_of(done.payments, "is_test")) == {False}
    assert set(column_of(done.payments, "read_at")) == {RECEIVED}
    # Five payments and the payout.
    assert done.counts == (6, 6, 0, 0)
    [file] = done.loaded_files
    assert file["order_ids"] == ["acme-77"]
    assert (file["rows_read"], file["rows_accepted"]) == (6, 6)
    assert done.orders == done.products == []


def test_two_dashes_are_no_value(acme):
    """As Etsy and eBay write them."""
    deliver(
        acme,
        "77;10.03.2026;14,00;--;--;--;--;--",
        "--;--;--;G1;15,00;08.03.2026 00:30;Verkauf;--",
        "--;--;--;--;-1,00;08.03.2026 00:30;Provision;--",
    )
    done = load(acme)
    assert column_of(done.payouts, "amount") == [14]
    assert column_of(done.payments, "amount") == [15, -1]
    assert column_of(done.payments, "order_id") == ["G1", None]


def test_the_row_of_the_deposit_may_stand_alone_before_or_after_the_others(acme):
    deliver(
        acme,
        "77;10.03.2026;15,00",
        ";;;G1;10,00;08.03.2026 00:30;Verkauf;",
        ";;;;5,00;08.03.2026;Bonus;",
        "78;11.03.2026;-2,00;;;;;",
        ";;;G2;-2,00;08.03.2026 00:30;Provision;",
        "79;;;G1;10,00;08.03.2026 00:30;Verkauf;",
        "79;10.03.2026;10,00",
        "80;;;G2;-2,00;08.03.2026 00:30;Provision;",
        "80;11.03.2026;-3,00;G2;-1,00;08.03.2026 00:30;Provision;",
    )
    done = load(acme)
    check(
        done.payments,
        """
payment_id | order_id | kind       | amount | payout_id | processed_at
acme-77-3  | G1       | charge     | 10     | acme-77   | 2026-03-07 23:30
acme-77-4  | NULL     | other      | 5      | acme-77   | 2026-03-07 23:00
acme-78-6  | G2       | commission | -2     | acme-78   | 2026-03-07 23:30
acme-79-7  | G1       | charge     | 10     | acme-79   | 2026-03-07 23:30
acme-80-9  | G2       | commission | -2     | acme-80   | 2026-03-07 23:30
acme-80-10 | G2       | commission | -1     | acme-80   | 2026-03-07 23:30
""",
    )
    check(
        done.payouts,
        """
payout_id | issued_on  | amount | currency
acme-77   | 2026-03-10 | 15     | EUR
acme-78   | 2026-03-11 | -2     | EUR
acme-79   | 2026-03-10 | 10     | EUR
acme-80   | 2026-03-11 | -3     | EUR
""",
    )
    assert done.counts == (10, 10, 0, 0)
    assert column_of(done.loaded_files, "rows_read") == [10]


def test_a_header_of_a_page_is_no_payment_and_amounts_are_in_the_currency_of_the_deposit(
    acme, layouts
):
    layout = LAYOUT.replace("constants: {currency: EUR}\n", "")
    layout = layout.replace("columns:", "columns:\n  Währung: currency")
    (layouts / "acme_settlement.yaml").write_text(layout)
    lines = [
        f"Währung;{HEADER}",
        "EUR;77;10.03.2026;15,00",
        ";;;;G1;10,00;08.03.2026 24:00;Verkauf;",
        f"Währung;{HEADER}",
        ";;;;G2;5,00;08.03.2026 00:30;Verkauf;",
        ";;;;G3;$5,00;08.03.2026 00:30;Verkauf;",
    ]
    acme.put(NAME, "\n".join(lines))
    done = load(acme)
    check(
        done.payments,
        """
payment_id | order_id | amount | currency | payout_id | processed_at
acme-77-3  | G1       | 10     | EUR      | acme-77   | 2026-03-08 23:00
acme-77-5  | G2       | 5      | EUR      | acme-77   | 2026-03-07 23:30
""",
    )
    [rejected] = done.rejected_rows
    assert rejected["detail"] == "Betrag (amount) = $5,00 (not in EUR)"


STANDARD = """\
settlement_id,deposited_on,deposit_amount,currency,order_id,kind,amount,posted_at
5,2026-03-10,10.50,EUR,A1,charge,14.00,2026-03-09T10:00:00Z
5,,,,A1,commission,-2.50,2026-03-09T10:00:00Z
5,,,,A0,chargeback_reversal,0.50,2026-03-09T23:30:00Z
5,,,,,Advertising,-1.50,2026-03-09T10:00:00+01:00
5,,,,A0,refund,-1.00,2026-03-09T10:00:00Z
5,,,,A0,Chargeback,-2.00,2026-03-09T10:00:00Z
5,,,,,adjustment,3.00,2026-03-09T10:00:00Z
"""


def test_a_settlement_in_the_standard_columns_needs_no_layout(acme):
    acme.put("bolt_settlement_2026-03-10.csv", STANDARD)
    done = load(acme)
    check(
        done.payments,
        """
payment_id | order_id | kind                | amount | gateway | processed_at
bolt-5-2   | A1       | charge              | 14     | bolt    | 2026-03-09 10:00
bolt-5-3   | A1       | commission          | -2.5   | bolt    | 2026-03-09 10:00
bolt-5-4   | A0       | chargeback_reversal | 0.5    | bolt    | 2026-03-09 23:30
bolt-5-5   | NULL     | other               | -1.5   | bolt    | 2026-03-09 09:00
bolt-5-6   | A0       | refund              | -1     | bolt    | 2026-03-09 10:00
bolt-5-7   | A0       | chargeback          | -2     | bolt    | 2026-03-09 10:00
bolt-5-8   | NULL     | adjustment          | 3      | bolt    | 2026-03-09 10:00
""",
    )
    [payout] = done.payouts
    assert payout["amount"] == sum(row["amount"] for row in done.payments)


def test_a_row_may_have_its_own_fee(acme, layouts):
    """PayPal states the fee as a negative amount."""
    layout = LAYOUT.replace("columns:", "columns:\n  Entgelt: fee_amount")
    (layouts / "acme_settlement.yaml").write_text(f"{layout}negated: fee_amount\n")
    lines = [
        f"{HEADER};Entgelt",
        f"{SALE};-1.000,25",
        f"{SHIPPING};0,00",
        f"{COMMISSION};",
        f"{REFUND};0,35",
        f"{SALE};one",
    ]
    acme.put(NAME, "\n".join(lines))
    done = load(acme)
    check(
        done.payments,
        """
payment_id | kind       | amount | fee     | net
acme-77-2  | charge     | 1010   | 1000.25 | 9.75
acme-77-3  | charge     | 5      | 0       | 5
acme-77-4  | commission | -1.5   | 0       | -1.5
acme-77-5  | refund     | -5     | -0.35   | -4.65
""",
    )
    [rejected] = done.rejected_rows
    assert rejected["reason"] == "invalid_number"
    assert rejected["detail"].startswith("Entgelt (fee_amount) = -one")


def test_a_column_of_fees_may_have_blank_cells(acme):
    head, charge, commission, *_ = STANDARD.splitlines()
    lines = [f"{head},fee_amount", f"{charge},0.75", f"{commission},"]
    acme.put("bolt_settlement_2026-03-10.csv", "\n".join(lines))
    check(
        load(acme).payments,
        """
payment_id | kind       | amount | fee
bolt-5-2   | charge     | 14     | 0.75
bolt-5-3   | commission | -2.5   | 0
""",
    )


def test_a_layout_without_rules_of_payments_makes_all_other(acme, layouts):
    layout, _, _ = LAYOUT.partition("payments:")
    (layouts / "acme_settlement.yaml").write_text(layout)
    deliver(acme, SALE, REFUND)
    assert column_of(load(acme).payments, "kind") == ["other", "other"]


def test_a_damaged_row_is_rejected_with_its_place_and_the_others_are_loaded(acme):
    """Blank rows of a spreadsheet are none."""
    deliver(
        acme,
        SALE.replace("77;", ";"),
        SALE,
        ";;;;;;;",
        SALE.replace("1.010,00", "12.50"),
        SALE.replace("08.03.2026 00:30", "gestern"),
        "77;10.03.2026;1.008,50;Jo Smith;1,0",
        "77;10.03.2026",
        ";" + SALE.partition(";")[2].replace("Verkauf", "jo@example.com"),
        ' ;;;"";;;;',
        "79;demnächst;9,00;G1;9,00;08.03.2026 00:30;Verkauf;",
        "80;10.03.2026;;G1;9,00;08.03.2026 00:30;Verkauf;",
        SALE.replace("G1", "#WERT!"),
        SALE.replace("G1", "#1001"),
    )
    done = load(acme)
    check(
        done.rejected_rows,
        f"""
file   | row_number | reason            | detail
{NAME} | 2          | missing_value     | payment_id is empty
{NAME} | 5          | invalid_number    | Betrag (amount) = 12.50 (not a number with a decimal comma)
{NAME} | 6          | invalid_timestamp | processed_at = gestern
{NAME} | 7          | malformed_line    | too few fields
{NAME} | 8          | missing_value     | processed_at is empty
{NAME} | 11         | invalid_timestamp | issued_on = demnächst
{NAME} | 12         | missing_value     | Betrag (amount) is empty
{NAME} | 13         | missing_value     | Bestellung (order_id) = #WERT!
""",
    )
    ids = set(column_of(done.payments, "payment_id"))
    assert ids == {"acme-77-3", "acme-77-9", "acme-77-14", "acme-79-11", "acme-80-12"}
    assert column_of(done.payouts, "payout_id") == ["acme-77"]
    for personal in ("example.com", "Smith"):
        assert personal not in repr(done.tables)
    read_rows, accepted, rejected, superseded = done.counts
    assert read_rows == accepted + rejected + superseded
    [file] = done.loaded_files
    assert file["rows_read"] == file["rows_accepted"] + file["rows_rejected"]


def test_a_new_delivery_is_read_again(acme):
    deliver(acme, SALE, COMMISSION)
    acme.extract_and_load()
    assert load(acme).payments == []
    deliver(acme, SALE, received=LATER)
    done = load(acme)
    assert column_of(done.payments, "payment_id") == ["acme-77-2"]
    assert column_of(done.payouts, "read_at") == [LATER]
    # As if it had been delivered before: no order was removed.
    assert done.order_versions == []
    assert done.totals["warnings"] == []


def test_a_settlement_under_another_id_takes_the_place_of_the_former(acme):
    deliver(acme, SALE, COMMISSION)
    acme.extract_and_load()
    deliver(acme, SALE.replace("77", "78"), received=LATER)
    done = load(acme)
    check(
        done.payouts,
        """
payout_id | issued_on  | status   | currency | amount | read_at
acme-77   | 2026-03-10 | canceled | EUR      | 0      | 2026-03-11 09:00
acme-78   | 2026-03-10 | paid     | EUR      | 1008.5 | 2026-03-11 09:00
""",
    )
    assert column_of(done.payments, "payment_id") == ["acme-78-2"]
    assert done.order_versions == []
    assert done.counts == (3, 3, 0, 0)
    [file] = done.loaded_files
    assert (file["rows_read"], file["order_ids"]) == (3, ["acme-78"])
    assert found_warnings(done) == [("payouts_removed", 1, 1)]


def test_a_payout_that_another_settlement_has_stays(acme):
    other = "acme_settlement_2026-03-09.csv"
    commission = COMMISSION.replace("77", "78")
    deliver(acme, SALE, name=other)
    deliver(acme, SALE, commission)
    acme.extract_and_load()
    deliver(acme, commission, received=LATER)
    assert column_of(load(acme).payouts, "payout_id") == ["acme-78"]


def found_warnings(done):
    """Kind, removed and former number of the warnings of files that lack what they had."""
    warnings = done.totals["warnings"]
    return [(each["kind"], each["removed"], each["former"]) for each in warnings]


def test_of_two_settlements_of_one_payout_the_later_counts(acme):
    """The name of a partner in capitals is the same partner."""
    earlier = SALE.replace("1.010,00", "9,00")
    deliver(acme, earlier, name="ACME_Settlement_2026-03-09.csv")
    deliver(acme, SALE, name="acme_settlement_2026-03-08.csv.gz", received=LATER)
    done = load(acme)
    assert column_of(done.payments, "amount") == [1010]
    assert len(done.payouts) == 1
    assert done.counts == (4, 2, 0, 2)
    assert column_of(done.loaded_files, "rows_read") == [2, 2]


def test_orders_are_read_as_without_a_settlement(acme):
    """The orders that it names are those of its partner's files, and of no other partner."""
    deliver(acme, SALE, REFUND)
    acme.deliver("acme_2026-03-09.csv", "G0")
    acme.deliver("bolt_2026-03-10.csv", "G1")
    done = load(acme)
    channels = column_by(done.orders, "order_id", "channel")
    assert channels == {"G0": "acme", "G1": "bolt"}
    files = column_by(done.loaded_files, "file", "order_ids")
    assert files == {
        "acme_2026-03-09.csv": ["G0"],
        NAME: ["acme-77"],
        "bolt_2026-03-10.csv": ["G1"],
    }
    assert done.rejected_rows == []
    assert done.totals["source_orders"] == 2


REFUSED = {
    "no layout": (None, "describe it in include/partners"),
    "a layout of orders": ("delimiter: ';'", "kind: settlement"),
    "a key of orders": (
        LAYOUT + "only: {Art: Verkauf}\n",
        "only is no key of the kind",
    ),
    "a column of orders": (
        LAYOUT.replace("constants: {", "constants: {sku: X, "),
        "sku must be one of settlement_id, ",
    ),
    "no such payment": (
        LAYOUT.replace("is: charge", "is: sale"),
        "is must be one of",
    ),
    "a column that the file lacks": (
        LAYOUT.replace("Betrag:", "Amount:"),
        "lacks Amount",
    ),
    "an amount whose debits would have no sign": (
        LAYOUT.replace("  Betrag: amount\n", "") + "joined: {amount: [Soll, Haben]}\n",
        "amount must be one column of the file",
    ),
    "a constant amount": (
        LAYOUT.replace("constants: {", "constants: {amount: 1, "),
        "amount must be a column of the file",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_without_a_valid_layout_is_refused(acme, layouts, case):
    text, problem = REFUSED[case]
    layout = layouts / "acme_settlement.yaml"
    layout.unlink()
    if text:
        layout.write_text(text)
    deliver(acme, SALE)
    acme.deliver("acme_2026-03-10.csv", "G1")
    raw = acme.extract()
    [(file, number, detail)] = rows(raw, "rejects", "file, row_number, detail")
    assert (file, number) == (NAME, 0)
    assert problem in detail
    assert rows(raw, "settlements") == []
    assert set(rows(raw, "lines", "partner")) == {("acme",)}


def test_a_refused_file_is_a_rejected_row_and_stops_no_other(acme, layouts):
    (layouts / "acme_settlement.yaml").unlink()
    deliver(acme, SALE)
    acme.deliver("acme_2026-03-10.csv", "G1")
    done = load(acme)
    [row] = done.rejected_rows
    assert (row["file"], row["row_number"]) == (NAME, 0)
    assert done.payments == []
    assert set(column_of(done.orders, "channel")) == {"acme"}


def test_a_layout_of_orders_has_nothing_of_a_settlement(drop, layouts):
    for text, problem in (
        (LAYOUT, "of no other"),
        (
            "columns: {Betrag: deposit_amount}",
            "line 1: columns: Betrag: deposit_amount must be one of order_id, ",
        ),
        ("payments: [{is: charge}]", "payments is no key of the kind orders"),
    ):
        (layouts / "bolt.yaml").write_text(text)
        drop.deliver("bolt_2026-03-10.csv", "B1")
        [warning] = drop.extract().control_totals["warnings"]
        assert problem in warning["detail"]


def test_settlements_are_due_only_where_the_setting_names_them(acme, monkeypatch):
    names = []
    for days in range(1, 29):
        day = DAY - timedelta(days=days)
        names += [f"acme_{day}.csv", f"acme_settlement_{day}.csv"]
    acme.earlier_reads = Remembered(
        loaded_files=acme.look_up, delivered_files=lambda *_: names
    )
    totals = acme.extract().control_totals
    assert totals["missing_deliveries"] == ["acme_2026-03-10"]
    monkeypatch.setenv("EXPECTED_PARTNERS", "acme_settlement:tue")
    totals = acme.extract().control_totals
    assert totals["missing_deliveries"] == ["acme_settlement_2026-03-10"]
    deliver(acme, SALE)
    assert acme.extract().control_totals["missing_deliveries"] == []


def test_amounts_are_negated_and_unread_columns_and_a_wrong_encoding_are_warnings(
    acme, layouts
):
    more = "negated: amount\nencoding: latin-1\n"
    (layouts / "acme_settlement.yaml").write_text(LAYOUT + more)
    acme.put(NAME, f"{HEADER};Käufer\n{SALE};Jörg\n{COMMISSION};\n".encode())
    raw = acme.extract()
    unread, wrong_encoding = found(raw)
    assert "Käufer" not in unread
    assert "is in UTF-8" in wrong_encoding
    payments = read(transform(raw, run_id="run")).payments
    assert sorted(column_of(payments, "amount")) == [-1010, 1.5]


def test_the_check_shows_the_sums_of_the_newest_file(acme, layouts):
    today = datetime.now(UTC).date()
    name = f"acme_settlement_{today - timedelta(days=1)}.csv"
    deliver(
        acme,
        SALE,
        SHIPPING,
        COMMISSION,
        SALE.replace("1.010,00", "x"),
        name=name,
    )
    _, *others = PARTNER_FILES.source().check()
    assert others == [
        (
            "ok",
            f"{name} settlement 77: 1008.5000 EUR, 2026-03-10, charge 1015.0000 (2), commission -1.5000 (1)",
        ),
        (
            "hint",
            f"{name} 1 of the lines read would be rejected, the first is line 5: invalid_number amount",
        ),
    ]
    (layouts / "acme_settlement.yaml").unlink()
    [_, (state, text)] = PARTNER_FILES.source().check()
    assert state == "hint"
    assert "describe it in include/partners" in text


def test_a_run_of_several_days_reads_the_settlements_of_all(acme):
    deliver(acme, SALE)
    deliver(acme, SALE.replace("77", "78"), name="acme_settlement_2026-03-12.csv")
    manifest = acme.extract(date(2026, 3, 9), last=date(2026, 3, 12))
    assert rows(manifest, "settlements", "settlement_id") == [("77",), ("78",)]
    assert manifest.rows == 2
