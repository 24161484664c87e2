"""How single values are read: what is accepted exactly, what is refused and why, what is masked."""

import hashlib
import hmac
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecommerce.core.business_day import day_window
from ecommerce.core.email_masking import safe_id, teach_addresses
from ecommerce.storage.transform import FOLDER, padded_keys
from tests.unit.core.test_email_masking import ADDRESSES, KEY, NO_ADDRESSES


@pytest.fixture(scope="module")
def macros():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "SET VARIABLE read_at = TIMESTAMPTZ '2026-11-20 11:00:00+00'"
        )
        connection.execute("SET VARIABLE shop_timezone = 'America/New_York'")
        teach_addresses(connection, KEY)
        connection.execute((FOLDER / "values.sql").read_text())
        yield connection


def evaluate(macros, call, value):
    return macros.execute(f"SELECT {call}", {"value": value}).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12"),
        (" 12.50 ", "12.5"),
        ("-0.0001", "-0.0001"),
        ("1.50000000000000000000", "1.5"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("99999999999.9999", "99999999999.9999"),
        ("0000000000000001", "1"),
    ],
)
def test_amounts_are_read_exactly(macros, text, amount):
    assert evaluate(macros, "amount_fault($value::VARCHAR, 'x')", text) is None
    assert evaluate(macros, "as_amount($value::VARCHAR)", text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("NaN", "invalid_number"),
        ("Infinity", "invalid_number"),
        ("", "invalid_number"),
        ("1,50", "invalid_number"),
        ("1_000", "invalid_number"),
        ("0x10", "invalid_number"),
        ("$5", "invalid_number"),
        ("1.23456", "too_many_digits"),
        ("0.00005", "too_many_digits"),
        ("1.5000000000000000000000001", "too_many_digits"),
        ("1e-7", "too_many_digits"),
        ("100000000000", "too_many_digits"),
        ("1e11", "too_many_digits"),
        ("-100000000000", "too_many_digits"),
        ("99999999999.99999", "too_many_digits"),
        ("1e30", "too_many_digits"),
    ],
)
def test_amounts_that_would_be_changed_are_refused(macros, text, fault):
    assert evaluate(macros, "amount_fault($value::VARCHAR, 'x')", text) == f"{fault} x"


def test_prices_and_quantities_have_limits_of_their_own(macros):
    fault = "too_many_digits x"
    for call, largest in (
        ("price_fault", "9999999999.9999"),
        ("quantity_fault", "9999999.9999"),
    ):
        assert evaluate(macros, f"{call}($value::VARCHAR, 'x')", largest) is None
        assert (
            evaluate(macros, f"{call}($value::VARCHAR, 'x')", "4006381333931")
            is not None
        )
        beyond = str(Decimal(largest) + Decimal("0.0001"))
        assert evaluate(macros, f"{call}($value::VARCHAR, 'x')", beyond) == fault
        assert (
            evaluate(macros, f"{call}($value::DECIMAL(38, 4), 'x')", -Decimal(beyond))
            == fault
        )


def test_typed_amounts_are_refused_when_they_do_not_fit(macros):
    assert (
        evaluate(macros, "amount_fault($value::DECIMAL(14,2), 'x')", Decimal(10) ** 11)
        == "too_many_digits x"
    )
    assert (
        evaluate(macros, "amount_fault($value::DECIMAL(38,2), 'x')", Decimal(10) ** 20)
        == "too_many_digits x"
    )
    assert (
        evaluate(macros, "amount_fault($value::DECIMAL(14,2), 'x')", Decimal("1.25"))
        is None
    )
    assert (
        evaluate(
            macros, "amount_fault($value::DECIMAL(38,6), 'x')", Decimal("1.123456")
        )
        == "too_many_digits x"
    )
    assert (
        evaluate(macros, "amount_fault($value::DOUBLE, 'x')", float("nan"))
        == "invalid_number x"
    )


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-19T15:00:00Z", 15),
        ("2026-11-19 15:00:00.000+00:00", 15),
        ("2026-11-19T15:00:00-05:00", 20),
        ("2026-11-19T15:00+0530", 9.5),
        ("2026-11-19t15:00:00z", 15),
    ],
)
def test_instants_with_any_offset_are_read_as_utc(macros, text, hour):
    instant = datetime(2026, 11, 19, int(hour), int(hour % 1 * 60), tzinfo=UTC)
    assert evaluate(macros, "as_instant($value::VARCHAR)", text) == instant
    assert evaluate(macros, "instant_fault($value::VARCHAR, 'x')", text) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2026-11-19T15:00:00", "invalid_timestamp"),  # which 15:00?
        ("2026-11-19", "invalid_timestamp"),
        ("2026-02-30T15:00:00Z", "invalid_timestamp"),
        ("19.11.2026 15:00", "invalid_timestamp"),
        ("2026-11-19 15:00:00 America/New_York", "invalid_timestamp"),
        ("infinity", "invalid_timestamp"),
        ("20111-11-19T15:00:00Z", "timestamp_out_of_range"),
        ("1999-12-31T23:59:59Z", "timestamp_out_of_range"),
        ("2026-11-21T11:00:01Z", "timestamp_out_of_range"),
    ],
)
def test_instants_that_are_none_are_refused(macros, text, fault):
    assert evaluate(macros, "instant_fault($value::VARCHAR, 'x')", text) == f"{fault} x"


@pytest.mark.parametrize(
    "instant", ["infinity", "-infinity", "20111-11-19 00:00:00+00"]
)
def test_typed_instants_no_calendar_has_are_refused(macros, instant):
    fault = evaluate(macros, "instant_fault($value::TIMESTAMPTZ, 'x')", instant)
    assert fault == "timestamp_out_of_range x"


@pytest.mark.parametrize(
    ("text", "position"),
    [("7", 7), ("007", 7), (" 7 ", 7), ("9007199254740993", 9007199254740993)],
)
def test_positions_keep_every_digit(macros, text, position):
    assert evaluate(macros, "as_position($value::VARCHAR)", text) == position
    assert evaluate(macros, "position_fault($value::VARCHAR, 'x')", text) is None


@pytest.mark.parametrize(
    "text", ["1.5", "1e2", "-1", "0x1", "first", "", "99999999999999999999"]
)
def test_positions_that_are_not_whole_are_refused(macros, text):
    assert (
        evaluate(macros, "position_fault($value::VARCHAR, 'x')", text)
        == "invalid_number x"
    )


@pytest.mark.parametrize(
    ("text", "masked"), [*ADDRESSES, *((text, text) for text in NO_ADDRESSES)]
)
def test_addresses_in_free_text_are_masked(macros, text, masked):
    assert evaluate(macros, "mask_e_mails($value::VARCHAR)", text) == masked


LONG_IDS = [
    200 * "ä",
    201 * "ä",
    3_000 * "@",
    f"\0 {201 * 'x'}\u3000",
    f"\x07\u00a0{200 * 'x'}\u2003",
]


@pytest.mark.parametrize(
    "text", [text for text, _ in ADDRESSES] + NO_ADDRESSES + LONG_IDS
)
def test_ids_are_as_python_makes_them(macros, text):
    safe = evaluate(macros, "safe_id($value::VARCHAR)", text)
    assert safe == safe_id(text, KEY)
    assert len(safe) <= 200


@pytest.mark.parametrize(
    "text", [f"{3_000 * '0'}5", f"1.5{3_000 * '0'}", f"{3_000 * ' '}5"]
)
def test_a_number_that_is_cut_is_invalid(macros, text):
    assert (
        evaluate(macros, "amount_fault(bounded($value::VARCHAR), 'x')", text)
        == "invalid_number x"
    )


def test_a_text_is_cut_before_an_address_that_does_not_fit(macros):
    cut = evaluate(macros, "bounded($value::VARCHAR)", f"{1_995 * 'x'} ann@example.com")
    assert cut == f"{1_995 * 'x'} …"
    assert evaluate(macros, "bounded($value::DECIMAL(18, 4))", "1.5") == Decimal("1.5")
    masked = evaluate(
        macros, "mask_e_mails($value::VARCHAR)", f"{1_995 * 'x'} ann@example.com"
    )
    assert masked == f"{1_995 * 'x'} <e-m"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A\0B", "AB"),
        ("\0", None),
        ("\x07Mug\t\n blue\x85", "Mug\t\n blue"),
        ("Tea", "Tea"),
        (None, None),
    ],
)
def test_control_characters_are_removed(macros, text, kept):
    assert evaluate(macros, "mask_e_mails($value::VARCHAR)", text) == kept


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-19 04:59:59.999999+00", "2026-11-18"),
        ("2026-11-19 05:00:00+00", "2026-11-19"),
        (
            "2026-03-08 04:59:59+00",
            "2026-03-07",
        ),  # the clocks go forward on the 8th: it has 23 hours,
        ("2026-03-08 05:00:00+00", "2026-03-08"),
        ("2026-03-09 03:59:59+00", "2026-03-08"),
        ("2026-03-09 04:00:00+00", "2026-03-09"),
        ("2026-11-01 04:00:00+00", "2026-11-01"),  # and back on 1 November: 25 hours
        ("2026-11-01 05:30:00+00", "2026-11-01"),
        ("2026-11-01 06:30:00+00", "2026-11-01"),
        ("2026-11-02 04:59:59+00", "2026-11-01"),
        ("2026-11-02 05:00:00+00", "2026-11-02"),
    ],
)
def test_business_date_is_the_shops_calendar_day(macros, instant, day):
    assert (
        str(evaluate(macros, "business_date_of($value::TIMESTAMPTZ)", instant)) == day
    )


@given(
    instant=st.integers(946_800_000, 2_145_000_000).map(
        lambda second: datetime.fromtimestamp(second, UTC)
    ),
    zone=st.sampled_from(
        [
            "America/New_York",
            "Europe/Berlin",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "UTC",
        ]
    ),
)
def test_business_date_is_the_day_whose_window_holds_the_instant(macros, instant, zone):
    day = macros.execute(
        "SELECT ($1::TIMESTAMPTZ AT TIME ZONE $2)::DATE", [instant, zone]
    ).fetchone()[0]
    window = day_window(day, zone)
    assert window.start <= instant < window.end


@given(
    key=st.binary(min_size=16, max_size=200),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80),
)
def test_customer_hash_is_hmac_sha256(macros, key, text):
    inner, outer = padded_keys(key)
    ours = macros.execute(
        "SELECT keyed_hash($1::VARCHAR, $2::BLOB, $3::BLOB)", [text, inner, outer]
    ).fetchone()[0]
    assert ours == hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
