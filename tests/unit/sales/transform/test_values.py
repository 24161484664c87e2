"""How single values are read: what is accepted exactly, what is refused and why, what is masked."""

from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest

from ecommerce.core.email_masking import safe_id
from ecommerce.core.paths import read_sql
from ecommerce.storage.duckdb import define_values
from tests.rows import column_of
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


def evaluate(macros, call, values):
    """What a call makes of each value, which it names `value`."""
    sql = f"SELECT value, {call} FROM (SELECT unnest($1::VARCHAR[]) AS value)"
    return dict(macros.execute(sql, [list(values)]).fetchall())


def results_of(macros, table, arguments=""):
    """The cases of a table, each with the result of its macro."""
    cases = defaultdict(list)
    for case in cells(table):
        cases[case["macro"], case.get("type", "VARCHAR")].append(case)
    rows = []
    for (macro, kind), of_macro in cases.items():
        call = f"{macro}(value::{kind}{arguments})"
        results = evaluate(macros, call, column_of(of_macro, "value"))
        rows += [case | {"result": results[case["value"]]} for case in of_macro]
    return rows


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
as_amount    | 0.30000000000000004           | 0.3
as_amount    | 19.989999999999998            | 19.99
as_amount    | -7.105427357601002e-15        | 0
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
    check(results_of(macros, VALUES), VALUES)


FAULTS = """
macro          | type           | value                         | result                   | # why
amount_fault   | VARCHAR        | -0.0001                       | NULL                     |
amount_fault   | VARCHAR        | 1.50000000000000000000        | NULL                     |
amount_fault   | VARCHAR        | .5                            | NULL                     |
amount_fault   | VARCHAR        | 1e3                           | NULL                     |
amount_fault   | VARCHAR        | 99999999999.9999              | NULL                     |
amount_fault   | VARCHAR        | 0000000000000001              | NULL                     |
amount_fault   | VARCHAR        | NaN                           | invalid_number x         |
amount_fault   | VARCHAR        | Infinity                      | invalid_number x         |
amount_fault   | VARCHAR        |                               | invalid_number x         |
amount_fault   | VARCHAR        | 1,50                          | invalid_number x         |
amount_fault   | VARCHAR        | 1_000                         | invalid_number x         |
amount_fault   | VARCHAR        | 0x10                          | invalid_number x         |
amount_fault   | VARCHAR        | $5                            | invalid_number x         |
amount_fault   | VARCHAR        | 1.23456                       | too_many_digits x        |
amount_fault   | VARCHAR        | 0.00005                       | too_many_digits x        |
amount_fault   | VARCHAR        | 0.30000000000000004           | NULL                     | computed as float
amount_fault   | VARCHAR        | 1.5000000000000000000000001   | NULL                     |
amount_fault   | VARCHAR        | 19.989999999999998            | NULL                     | computed as float
amount_fault   | VARCHAR        | 12345678901.230001            | too_many_digits x        |
amount_fault   | VARCHAR        | -7.105427357601002e-15        | NULL                     | computed as float
amount_fault   | DOUBLE         | 0.30000000000000004           | NULL                     | computed as float
amount_fault   | VARCHAR        | 1.00000001                    | too_many_digits x        |
amount_fault   | VARCHAR        | 99999999999.99999999999       | too_many_digits x        |
amount_fault   | VARCHAR        | 1e-7                          | too_many_digits x        |
amount_fault   | VARCHAR        | 100000000000                  | too_many_digits x        |
amount_fault   | VARCHAR        | 1e11                          | too_many_digits x        |
amount_fault   | VARCHAR        | -100000000000                 | too_many_digits x        |
amount_fault   | VARCHAR        | 99999999999.99999             | too_many_digits x        |
amount_fault   | VARCHAR        | 1e30                          | too_many_digits x        |
amount_fault   | DECIMAL(14, 2) | 99999999999.99                | NULL                     |
amount_fault   | DECIMAL(14, 2) | 100000000000                  | too_many_digits x        |
amount_fault   | DECIMAL(38, 2) | 100000000000000000000         | too_many_digits x        |
amount_fault   | DECIMAL(38, 6) | 1.123456                      | too_many_digits x        |
amount_fault   | DOUBLE         | NaN                           | invalid_number x         |
price_fault    | VARCHAR        | 9999999999.9999               | NULL                     |
price_fault    | VARCHAR        | 10000000000                   | too_many_digits x        |
price_fault    | DECIMAL(38, 4) | -10000000000                  | too_many_digits x        |
price_fault    | VARCHAR        | 4006381333931                 | too_many_digits x        | a product number
quantity_fault | VARCHAR        | 9999999.9999                  | NULL                     |
quantity_fault | VARCHAR        | 10000000                      | too_many_digits x        |
quantity_fault | DECIMAL(38, 4) | -10000000                     | too_many_digits x        |
instant_fault  | VARCHAR        | 2026-11-19 15:00:00.000+00:00 | NULL                     |
instant_fault  | VARCHAR        | 2026-11-19T15:00+0530         | NULL                     |
instant_fault  | VARCHAR        | 2026-11-19t15:00:00z          | NULL                     |
instant_fault  | VARCHAR        | 2026-11-19T15:00:00           | invalid_timestamp x      | which 15:00?
instant_fault  | VARCHAR        | 2026-11-19                    | invalid_timestamp x      |
instant_fault  | VARCHAR        | 2026-02-30T15:00:00Z          | invalid_timestamp x      |
instant_fault  | VARCHAR        | 19.11.2026 15:00              | invalid_timestamp x      |
instant_fault  | VARCHAR        | 2026-11-19 15:00:00 UTC       | invalid_timestamp x      |
instant_fault  | VARCHAR        | infinity                      | invalid_timestamp x      |
instant_fault  | VARCHAR        | 20111-11-19T15:00:00Z         | timestamp_out_of_range x |
instant_fault  | VARCHAR        | 1999-12-31T23:59:59Z          | timestamp_out_of_range x |
instant_fault  | VARCHAR        | 2000-01-01T00:00:00Z          | NULL                     |
instant_fault  | VARCHAR        | 2026-11-21T11:00:00Z          | NULL                     | one day later
instant_fault  | VARCHAR        | 2026-11-21T11:00:01Z          | timestamp_out_of_range x |
instant_fault  | TIMESTAMPTZ    | infinity                      | timestamp_out_of_range x |
instant_fault  | TIMESTAMPTZ    | -infinity                     | timestamp_out_of_range x |
instant_fault  | TIMESTAMPTZ    | 20111-11-19 00:00:00+00       | timestamp_out_of_range x |
position_fault | VARCHAR        | 1.5                           | invalid_number x         |
position_fault | VARCHAR        | 1e2                           | invalid_number x         |
position_fault | VARCHAR        | -1                            | invalid_number x         |
position_fault | VARCHAR        | 0x1                           | invalid_number x         |
position_fault | VARCHAR        | first                         | invalid_number x         |
position_fault | VARCHAR        |                               | invalid_number x         |
position_fault | VARCHAR        | 99999999999999999999          | invalid_number x         |
position_fault | VARCHAR        | 007                           | NULL                     |
position_fault | VARCHAR        | 9007199254740993              | NULL                     |
position_fault | INTEGER        | -1                            | invalid_number x         |
currency_fault | VARCHAR        | eur                           | NULL                     |
currency_fault | VARCHAR        | EURO                          | invalid_currency x       |
"""


def test_values_that_would_be_changed_are_refused(macros):
    check(results_of(macros, FAULTS, ", 'x'"), FAULTS)


CONTROLS = {
    "A\0B": "AB",
    "\0": None,
    "\x07Mug\t\n blue\x85": "Mug\t\n blue",
    "Tea": "Tea",
    None: None,
}


def test_addresses_in_free_text_are_masked_and_control_characters_removed(macros):
    texts = dict(ADDRESSES) | {text: text for text in NO_ADDRESSES} | CONTROLS
    assert evaluate(macros, "mask_e_mails(value)", texts) == texts


LONG_IDS = [
    200 * "ä",
    201 * "ä",
    3_000 * "@",
    f"\0 {201 * 'x'}\u3000",
    f"\x07\u00a0{200 * 'x'}\u2003",
]


def test_ids_are_as_python_makes_them(macros):
    ids = [*dict(ADDRESSES), *NO_ADDRESSES, *LONG_IDS, *DIFFERENT_IDS, *SPELLINGS]
    safe = evaluate(macros, "safe_id(value)", ids)
    assert safe == {text: safe_id(text, KEY) for text in ids}
    assert max(map(len, safe.values())) <= 200


def test_an_id_that_people_do_not_see_is_missing(macros):
    unseen = ("", " ", "\u00a0", "\ufeff\ufeff", '=""')
    assert evaluate(macros, "clean_id(value)", unseen) == dict.fromkeys(unseen)


def test_what_is_cut_is_no_number_and_ends_before_an_address(macros):
    numbers = (f"{3_000 * '0'}5", f"1.5{3_000 * '0'}", f"{3_000 * ' '}5")
    faults = evaluate(macros, "amount_fault(bounded(value), 'x')", numbers)
    assert faults == dict.fromkeys(numbers, "invalid_number x")
    text = f"{1_995 * 'x'} ann@example.com"
    assert evaluate(macros, "bounded(value)", [text]) == {text: f"{1_995 * 'x'} …"}
    amounts = evaluate(macros, "bounded(value::DECIMAL(18, 4))", ["1.5"])
    assert amounts == {"1.5": Decimal("1.5")}
