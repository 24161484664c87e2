"""How single values are read: what is accepted exactly, what is refused and why, what is masked."""

from decimal import Decimal

import duckdb
import pytest

from ecommerce.core.email_masking import safe_id
from ecommerce.core.paths import read_sql
from ecommerce.storage.duckdb import define_values
from tests.unit.core.test_email_masking import (
    ADDRESSES,
    DIFFERENT_IDS,
    KEY,
    NO_ADDRESSES,
    SPELLINGS,
)
from tests.unit.sales.tables import cells, check


@pytest.fixture(scope="module")
def macros():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "SET VARIABLE read_at = TIMESTAMPTZ '2026-11-20 11:00:00+00'"
        )
        connection.execute("SET VARIABLE shop_timezone = 'America/New_York'")
        define_values(connection)
        connection.execute(read_sql("transform/orders/country_codes.sql"))
        yield connection


def evaluate(macros, call, value):
    return macros.execute(f"SELECT {call}", {"value": value}).fetchone()[0]


VALUES = """
macro        | value                         | result
as_amount    | 12                            | 12
as_amount    | 12.50                         | 12.5
as_amount    | -0.0001                       | -0.0001
as_amount    | 1.50000000000000000000        | 1.5
as_amount    | .5                            | 0.5
as_amount    | 1e3                           | 1000
as_amount    | 99999999999.9999              | 99999999999.9999
as_amount    | 0000000000000001              | 1
as_instant   | 2026-11-19T15:00:00Z          | 2026-11-19 15:00
as_instant   | 2026-11-19 15:00:00.000+00:00 | 2026-11-19 15:00
as_instant   | 2026-11-19T15:00:00.000Z      | 2026-11-19 15:00
as_instant   | 2026-11-19T15:00:00-05:00     | 2026-11-19 20:00
as_instant   | 2026-11-19T15:00+0530         | 2026-11-19 09:30
as_instant   | 2026-11-19t15:00:00z          | 2026-11-19 15:00
number_of_id | 1001                          | 1001
number_of_id | 1001.0                        | 1001
number_of_id | 1001,00                       | 1001
number_of_id | 01001                         | 1001
number_of_id | 1,001                         | 1001
number_of_id | 1.001                         | 1001
number_of_id | 1.001E+03                     | 1001
number_of_id | 1,001e3                       | 1001
number_of_id | 4006381333931.0               | 4006381333931
number_of_id | 978-3-16-148410-0             | 9783161484100
number_of_id | 10-01                         | NULL
number_of_id | A1001                         | NULL
number_of_id | 1001.5                        | NULL
number_of_id | 1.2.3                         | NULL
as_country   | DE                            | DE
as_country   | de                            | DE
as_country   | UK                            | GB
as_country   | uk                            | GB
as_country   | EL                            | GR
as_country   | DEU                           | DE
as_country   | gbr                           | GB
as_country   | USA                           | US
as_country   | ROU                           | RO
as_country   | Germany                       | NULL
as_country   | D                             | NULL
as_country   | ABC                           | NULL
as_country   | U.K.                          | NULL
"""


def test_values_are_read_exactly(macros):
    rows = []
    for case in cells(VALUES):
        result = evaluate(macros, f"{case['macro']}($value::VARCHAR)", case["value"])
        rows.append(case | {"result": result})
    check(rows, VALUES)


FAULTS = """
macro          | type           | value                         | fault                  | # why
amount_fault   | VARCHAR        | -0.0001                       | none                   |
amount_fault   | VARCHAR        | 1.50000000000000000000        | none                   |
amount_fault   | VARCHAR        | .5                            | none                   |
amount_fault   | VARCHAR        | 1e3                           | none                   |
amount_fault   | VARCHAR        | 99999999999.9999              | none                   |
amount_fault   | VARCHAR        | 0000000000000001              | none                   |
amount_fault   | VARCHAR        | NaN                           | invalid_number         |
amount_fault   | VARCHAR        | Infinity                      | invalid_number         |
amount_fault   | VARCHAR        |                               | invalid_number         |
amount_fault   | VARCHAR        | 1,50                          | invalid_number         |
amount_fault   | VARCHAR        | 1_000                         | invalid_number         |
amount_fault   | VARCHAR        | 0x10                          | invalid_number         |
amount_fault   | VARCHAR        | $5                            | invalid_number         |
amount_fault   | VARCHAR        | 1.23456                       | too_many_digits        |
amount_fault   | VARCHAR        | 0.00005                       | too_many_digits        |
amount_fault   | VARCHAR        | 1.5000000000000000000000001   | too_many_digits        |
amount_fault   | VARCHAR        | 1e-7                          | too_many_digits        |
amount_fault   | VARCHAR        | 100000000000                  | too_many_digits        |
amount_fault   | VARCHAR        | 1e11                          | too_many_digits        |
amount_fault   | VARCHAR        | -100000000000                 | too_many_digits        |
amount_fault   | VARCHAR        | 99999999999.99999             | too_many_digits        |
amount_fault   | VARCHAR        | 1e30                          | too_many_digits        |
amount_fault   | DECIMAL(14, 2) | 99999999999.99                | none                   |
amount_fault   | DECIMAL(14, 2) | 100000000000                  | too_many_digits        |
amount_fault   | DECIMAL(38, 2) | 100000000000000000000         | too_many_digits        |
amount_fault   | DECIMAL(38, 6) | 1.123456                      | too_many_digits        |
amount_fault   | DOUBLE         | NaN                           | invalid_number         |
price_fault    | VARCHAR        | 9999999999.9999               | none                   |
price_fault    | VARCHAR        | 10000000000                   | too_many_digits        |
price_fault    | DECIMAL(38, 4) | -10000000000                  | too_many_digits        |
price_fault    | VARCHAR        | 4006381333931                 | too_many_digits        | a product number
quantity_fault | VARCHAR        | 9999999.9999                  | none                   |
quantity_fault | VARCHAR        | 10000000                      | too_many_digits        |
quantity_fault | DECIMAL(38, 4) | -10000000                     | too_many_digits        |
instant_fault  | VARCHAR        | 2026-11-19 15:00:00.000+00:00 | none                   |
instant_fault  | VARCHAR        | 2026-11-19T15:00+0530         | none                   |
instant_fault  | VARCHAR        | 2026-11-19t15:00:00z          | none                   |
instant_fault  | VARCHAR        | 2026-11-19T15:00:00           | invalid_timestamp      | which 15:00?
instant_fault  | VARCHAR        | 2026-11-19                    | invalid_timestamp      |
instant_fault  | VARCHAR        | 2026-02-30T15:00:00Z          | invalid_timestamp      |
instant_fault  | VARCHAR        | 19.11.2026 15:00              | invalid_timestamp      |
instant_fault  | VARCHAR        | 2026-11-19 15:00:00 UTC       | invalid_timestamp      |
instant_fault  | VARCHAR        | infinity                      | invalid_timestamp      |
instant_fault  | VARCHAR        | 20111-11-19T15:00:00Z         | timestamp_out_of_range |
instant_fault  | VARCHAR        | 1999-12-31T23:59:59Z          | timestamp_out_of_range |
instant_fault  | VARCHAR        | 2000-01-01T00:00:00Z          | none                   |
instant_fault  | VARCHAR        | 2026-11-21T11:00:00Z          | none                   | one day later
instant_fault  | VARCHAR        | 2026-11-21T11:00:01Z          | timestamp_out_of_range |
instant_fault  | TIMESTAMPTZ    | infinity                      | timestamp_out_of_range |
instant_fault  | TIMESTAMPTZ    | -infinity                     | timestamp_out_of_range |
instant_fault  | TIMESTAMPTZ    | 20111-11-19 00:00:00+00       | timestamp_out_of_range |
position_fault | VARCHAR        | 1.5                           | invalid_number         |
position_fault | VARCHAR        | 1e2                           | invalid_number         |
position_fault | VARCHAR        | -1                            | invalid_number         |
position_fault | VARCHAR        | 0x1                           | invalid_number         |
position_fault | VARCHAR        | first                         | invalid_number         |
position_fault | VARCHAR        |                               | invalid_number         |
position_fault | VARCHAR        | 99999999999999999999          | invalid_number         |
position_fault | VARCHAR        | 007                           | none                   |
position_fault | VARCHAR        | 9007199254740993              | none                   |
position_fault | INTEGER        | -1                            | invalid_number         |
currency_fault | VARCHAR        | eur                           | none                   |
currency_fault | VARCHAR        | EURO                          | invalid_currency       |
"""


@pytest.mark.parametrize("case", cells(FAULTS), ids=lambda case: case["value"])
def test_values_that_would_be_changed_are_refused(macros, case):
    call = f"{case['macro']}($value::{case['type']}, 'x')"
    expected = None if case["fault"] == "none" else f"{case['fault']} x"
    assert evaluate(macros, call, case["value"]) == expected


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
    "text",
    [text for text, _ in ADDRESSES]
    + NO_ADDRESSES
    + LONG_IDS
    + DIFFERENT_IDS
    + SPELLINGS,
    ids=ascii,
)
def test_ids_are_as_python_makes_them(macros, text):
    safe = evaluate(macros, "safe_id($value::VARCHAR)", text)
    assert safe == safe_id(text, KEY)
    assert len(safe) <= 200


def test_an_id_that_people_do_not_see_is_missing(macros):
    for text in ("", " ", "\u00a0", "\ufeff\ufeff", '=""'):
        assert evaluate(macros, "clean_id($value::VARCHAR)", text) is None


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
