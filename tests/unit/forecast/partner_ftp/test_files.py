"""Which rows of the partner's files count, and what is reported of the others."""

from datetime import date
from decimal import Decimal

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.forecast.partner_ftp.files import (
    MARKET_INDEX,
    PROMOTIONS,
    MarketWeek,
    Promotion,
    read_folder,
)

HEADER = "start_date,end_date,sku,discount_percent"
FRIDAY = date(2026, 11, 27)
MONDAY = date(2026, 11, 30)
GOOD = "2026-11-27,2026-11-30,*,100"


WEEKS = "week_start,index\n2026-11-09,100\n"


@pytest.fixture
def read(tmp_path):
    """Parse a pair of files; valid ones by default."""

    def read(promotions=f"{HEADER}\n{GOOD}\n", weeks=WEEKS):
        (tmp_path / PROMOTIONS).write_text(promotions)
        (tmp_path / MARKET_INDEX).write_text(weeks)
        return read_folder(tmp_path)

    return read


@pytest.fixture
def promotions(read):
    return lambda *rows, header=HEADER: read("\n".join([header, *rows]) + "\n")


@pytest.fixture
def market(read):
    return lambda *rows: read(weeks="\n".join(["week_start,index", *rows, ""]))


def rejected(parsed):
    return [(row["row_number"], row["reason"]) for row in parsed.rejected]


def test_a_promotion_has_its_days_its_product_and_its_discount(promotions):
    parsed = promotions(GOOD, '2026-12-01, 2026-12-01 ,"Café, 1",12.5')
    day = date(2026, 12, 1)
    assert not parsed.rejected
    assert not parsed.warnings
    whole_shop = Promotion(FRIDAY, MONDAY, None, Decimal(100))
    product = Promotion(day, day, "Café, 1", Decimal("12.5"))
    assert parsed.announced.promotions == (whole_shop, product)
    windows = promotions(
        f"{GOOD.replace('*', '')}\r",
        header=f"\ufeff{HEADER}\r",
    )
    assert windows.announced.promotions == (whole_shop,)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (
            "start_date,end_date,sku",
            "promotions.csv has the columns start_date, end_date, sku, and should have start_date",
        ),
        (HEADER.replace(",", ";"), "separated by commas"),
        ("\ufeff", "promotions.csv cannot be read: it is empty"),
    ],
)
def test_another_header_is_an_error(promotions, header, words):
    with pytest.raises(ContractError, match=words):
        promotions(GOOD, header=header)


WRONG = [
    ("2026-11-30,2026-11-27,*,20", "invalid_row"),
    (",2026-11-30,*,20", "invalid_start_date"),
    ("27.11.2026,2026-11-30,*,20", "invalid_start_date"),
    ("20261127,2026-11-30,*,20", "invalid_start_date"),
    ("2026-02-30,2026-11-30,*,20", "invalid_start_date"),
    ("2026-11-27,9999-12-31,*,20", "invalid_end_date"),
    (f"2026-11-27,2026-11-30,{'x' * 201},20", "invalid_sku"),
    ("2026-11-27,2026-11-30,a\0b,20", "invalid_sku"),
    ("2026-11-27,2026-11-30,*,20,5", "malformed_line"),
    ('2026-11-27,2026-11-30,"open,20', "malformed_line"),
]
for discount in ("", "0", "-5", "NaN", "100.01", "20%", '"12,5"'):
    row = f"2026-11-27,2026-11-30,*,{discount}"
    WRONG.append((row, "invalid_discount_percent"))


def test_a_bad_row_costs_that_row_and_is_kept_with_its_line_and_reason(promotions):
    rows = []
    expected = []
    for number, (row, reason) in enumerate(WRONG):
        rows += [row, *[GOOD] * 19]
        expected.append((20 * number + 2, reason))
    parsed = promotions(*rows)
    assert rejected(parsed) == expected
    assert len(parsed.announced.promotions) == 19 * len(WRONG)
    assert parsed.warnings == [
        f"promotions.csv: {len(WRONG)} of {len(rows)} rows cannot be used, the first of them "
        "line 2: it ends on 2026-11-27, before it starts on 2026-11-30"
    ]


def test_a_rejected_row_is_cut_and_masked(promotions):
    text = f"ann@example.com,{'x' * 200_000}"
    [row] = promotions(GOOD, text, GOOD).rejected
    assert row["file"] == "promotions.csv"
    assert row["raw"].startswith("<e-mail>,xxx")
    assert len(row["raw"]) == 1_000 + len("…")


BAD = "2026-11-27,2026-11-30,*,20%"


@pytest.mark.parametrize(("bad", "good"), [(1, 1), (2, 18)])
def test_one_bad_row_in_ten_is_left_out(promotions, bad, good):
    assert len(promotions(*[BAD] * bad, *[GOOD] * good).rejected) == bad


@pytest.mark.parametrize(("bad", "good"), [(1, 0), (2, 17)])
def test_more_than_one_bad_row_in_ten_is_another_file_than_agreed(
    promotions, bad, good
):
    detail = (
        rf"^promotions.csv: {bad} of {bad + good} rows? cannot be used, the first of them line 2: "
        "discount_percent '20%': Input should be a valid decimal; at most one row in 10 may be unusable$"
    )
    with pytest.raises(ContractError, match=detail):
        promotions(*[BAD] * bad, *[GOOD] * good)


def test_weeks_come_by_date_and_of_several_rows_for_one_the_last_counts(market):
    parsed = market("2026-11-16,102", "2026-11-09,101.25", "2026-11-16,99")
    assert parsed.announced.market_index == (
        MarketWeek(date(2026, 11, 9), Decimal("101.25")),
        MarketWeek(date(2026, 11, 16), Decimal(99)),
    )
    unusable = market("2026-11-15,1", "2026-11-16,0", *["2026-11-09,100"] * 18)
    assert rejected(unusable) == [(2, "invalid_week_start"), (3, "invalid_index")]
    with pytest.raises(
        ContractError,
        match="line 2: week_start '2026-11-08': it is a Sunday, and weeks begin on Mondays",
    ):
        market("2026-11-08,100", "2026-11-15,100")
